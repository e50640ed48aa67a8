//! `proffer rules export`, `proffer rules simulate`

use anyhow::{Context, Result};
use programme::{Act, BundleTo, SimulatedDays, SimulatedRules, bundle_key_file, now};
use serde_json::json;

use super::{open, say, say_json, watched};
use crate::cli::{Cli, RulesCommand, RulesExport, RulesSimulate};
use crate::language::Language;
use crate::text::{count, money, percent, table};

pub fn run(cli: &Cli, command: &RulesCommand) -> Result<()> {
    match command {
        RulesCommand::Export(arguments) => export(cli, arguments),
        RulesCommand::Simulate(arguments) => simulate(cli, arguments),
    }
}

fn export(cli: &Cli, arguments: &RulesExport) -> Result<()> {
    let (programme, language) = open(cli)?;
    let to = BundleTo {
        shop: arguments.shop.clone(),
        till: arguments.till.clone(),
        until: arguments.until,
        grants: arguments.grant.iter().cloned().collect(),
    };
    let bytes = programme.export_bundle(&Act::of_job("console", now()), &to)?;
    let out = &arguments.out;
    std::fs::write(out, &bytes).with_context(|| format!("cannot write {}", out.display()))?;
    let keys = cli.dir.join(bundle_key_file());
    if arguments.json {
        return say_json(&json!({ "out": out, "bytes": bytes.len(), "keys": keys }));
    }
    let (out, keys) = (out.display(), keys.display());
    say(&match language {
        Language::En => format!(
            "Wrote {out}. A till believes it by the public key in {keys}:\n\
             proffer price --bundle {out} --key {keys} --basket BASKET.json"
        ),
        Language::Ru => format!(
            "Записан {out}. Касса верит ему по открытому ключу из {keys}:\n\
             proffer price --bundle {out} --key {keys} --basket BASKET.json"
        ),
    })
}

fn simulate(cli: &Cli, arguments: &RulesSimulate) -> Result<()> {
    let (programme, language) = open(cli)?;
    let act = Act::of_job("console", now());
    let text = match &arguments.rules {
        Some(rules) => {
            let text = std::fs::read_to_string(rules);
            text.with_context(|| rules.display().to_string())?
        }
        None => String::new(),
    };
    let rules = match arguments.ruleset {
        Some(version) => SimulatedRules::Version(version),
        None => SimulatedRules::Text(&text),
    };
    let simulated = watched(language, |bar| programme.simulate(&act, rules, arguments.days, bar))?;
    if arguments.json { say_json(&simulated) } else { say(&simulated_text(&simulated, language)) }
}

fn simulated_text(simulated: &SimulatedDays, language: Language) -> String {
    let report = &simulated.report;
    let pick = |en, ru| language.pick(en, ru).to_owned();
    let rules: Vec<Vec<String>> = report
        .sums
        .rules
        .iter()
        .map(|(rule, tally)| {
            vec![
                rule.clone(),
                count(tally.receipts),
                money(tally.discount.0),
                money(tally.supplier_pays.0),
                count(tally.missed),
            ]
        })
        .collect();
    let header = match language {
        Language::En => ["rule", "receipts", "discount", "supplier pays", "missed"],
        Language::Ru => ["правило", "чеков", "скидка", "платит поставщик", "не сработало"],
    };
    let (from, until) = (simulated.from, simulated.until);
    let title = format!("{} {from} – {until}", pick("Receipts of", "Чеки за"));
    let figures =
        table(&[&pick("figure", "показатель"), ""], &simulated_figures(simulated, language), &[1]);
    let mut parts = vec![title, figures, table(&header, &rules, &[1, 2, 3, 4])];
    if !report.never.is_empty() {
        let never = report.never.join(", ");
        parts.push(format!("{}: {never}", pick("Never counted", "Ни разу не сработали")));
    }
    let fight = |((winner, loser), receipts): (&(String, String), &u64)| {
        format!("{winner} > {loser}: {}", count(*receipts))
    };
    let fights: Vec<String> = report.sums.fights.iter().map(fight).collect();
    if !fights.is_empty() {
        parts.push(format!(
            "{}: {}",
            pick("Rules that fight", "Правила спорят"),
            fights.join(", ")
        ));
    }
    if simulated.without_segments {
        parts.push(pick(
            "There is no snapshot: nobody is in any segment. Run `proffer refresh` first.",
            "Снимка нет: никто не входит ни в один сегмент. Сначала выполните `proffer refresh`.",
        ));
    }
    parts.join("\n\n")
}

/// Rows of figures: what it is, and how much.
fn simulated_figures(simulated: &SimulatedDays, language: Language) -> Vec<Vec<String>> {
    let report = &simulated.report;
    let sums = &report.sums;
    let share = |bps: i64| percent(bps as f64 / 10_000.0);
    let mut figures = vec![
        ("receipts priced", "рассчитано чеков", count(sums.receipts)),
        ("left out", "пропущено", count(simulated.left_out)),
        ("that get anything", "из них со скидкой или баллами", count(sums.receipts_given)),
        ("goods at the shelf", "товаров по ценам полки", money(sums.goods.0)),
        ("discounts then", "скидок было", money(sums.discount_then.0)),
        ("discounts by these rules", "скидок по этим правилам", money(sums.discount.0)),
        ("of the goods", "от суммы товаров", share(report.discount_bps)),
        ("suppliers pay", "платят поставщики", money(sums.supplier_pays.0)),
        ("points", "баллов", count(sums.points.unsigned_abs())),
        ("kept by floors", "удержано нижними ценами", money(sums.kept_by_floor.0)),
        ("receipts below cost", "чеков ниже себестоимости", count(sums.receipts_below_cost)),
        ("customers who gain", "покупателей с выгодой", count(report.customers_gaining)),
        ("of customers", "из покупателей", count(report.customers)),
        ("half gain at most", "половина получает не более", money(report.gain_median.0)),
    ];
    if let Some(margin) = report.margin_bps {
        let (en, ru) = ("margin of goods with a cost", "маржа товаров с себестоимостью");
        figures.push((en, ru, share(margin)));
    }
    let row = |(en, ru, figure)| vec![language.pick(en, ru).to_owned(), figure];
    figures.into_iter().map(row).collect()
}
