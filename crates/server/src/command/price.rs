//! `proffer price`: one basket, with the reason for every kopeck; needs neither programme nor server.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use programme::pricing::{Adjustment, Off, Quote, QuotedLine, Reason, Text, Trimmed, TrimmedBy};
use programme::{FieldProblem, Priced, RulesFrom, now, price_files};

use super::{say, say_json};
use crate::cli::{Cli, Price};
use crate::language::Language;
use crate::text::{money, table};

pub fn run(cli: &Cli, arguments: &Price) -> Result<()> {
    let language = cli.lang.unwrap_or(Language::En);
    let basket = text(&arguments.basket)?;
    let explain = arguments.explain.as_deref();
    let priced = match (&arguments.rules, &arguments.bundle) {
        (Some(rules), _) => price_files(RulesFrom::Rules(&text(rules)?), &basket, explain),
        (None, Some(bundle)) => {
            let bytes = fs::read(bundle).with_context(|| bundle.display().to_string())?;
            let keys = keys(arguments.key.as_deref().unwrap_or_default())?;
            let till = arguments.till.as_deref();
            let from = RulesFrom::Bundle { bytes: &bytes, keys: &keys, till, now: now() };
            price_files(from, &basket, explain)
        }
        (None, None) => bail!("name a file of rules with --rules, or a bundle with --bundle"),
    };
    let priced = priced.or_else(|problems| bail!("{}", said(&problems, arguments)))?;
    if arguments.json { say_json(&priced) } else { say(&receipt(&priced, language)) }
}

fn text(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// A public key, or a file of them.
fn keys(named: &str) -> Result<String> {
    match fs::read_to_string(named) {
        Ok(keys) => Ok(keys),
        // A key is no name of a file: 32 bytes as base64.
        Err(_) if named.len() == 44 && named.ends_with('=') => Ok(named.to_owned()),
        Err(error) => Err(error).with_context(|| named.to_owned()),
    }
}

/// Each problem with the file it is in and the place there; a pointer begins with what the file is.
fn said(problems: &[FieldProblem], arguments: &Price) -> String {
    let files = [
        ("rules", arguments.rules.as_ref()),
        ("bundle", arguments.bundle.as_ref()),
        ("basket", Some(&arguments.basket)),
    ];
    let place = |pointer: &str| {
        let named = files.iter().find_map(|(what, file)| {
            Some(format!("{}{}", file.as_ref()?.display(), spaced(pointer.strip_prefix(what)?)))
        });
        named.unwrap_or_else(|| pointer.to_owned())
    };
    let each = problems.iter().map(|problem| {
        format!("{} [{}]: {}", place(&problem.pointer), problem.code, problem.detail)
    });
    each.collect::<Vec<_>>().join("\n")
}

fn spaced(pointer: &str) -> String {
    if pointer.is_empty() { String::new() } else { format!(" at {pointer}") }
}

/// The quote as a receipt that can be read, with its proof below.
fn receipt(priced: &Priced, language: Language) -> String {
    let quote = &priced.quote;
    let mut parts = vec![lines(quote, language), totals(priced, language)];
    let proof = proof(priced, language);
    if !proof.is_empty() {
        parts.push(titled(language.pick("Why", "Почему"), proof));
    }
    let coupons = coupons(quote, language);
    if !coupons.is_empty() {
        parts.push(titled(language.pick("Coupons", "Купоны"), coupons));
    }
    let misses: Vec<String> = quote
        .misses
        .iter()
        .map(|miss| format!("{}: {}", miss.rule, sentence(&miss.reason, language)))
        .collect();
    if !misses.is_empty() {
        parts.push(titled(language.pick("Nearly", "Почти сработали"), misses));
    }
    let messages: Vec<String> =
        quote.messages.iter().map(|message| name(&message.text, language)).collect();
    if !messages.is_empty() {
        parts.push(titled(language.pick("Messages", "Сообщения"), messages));
    }
    if let Some(explained) = &priced.explained {
        let sentence = sentence(&explained.reason, language);
        parts.push(format!("{}: {sentence}", explained.rule));
    }
    parts.join("\n\n")
}

fn titled(title: &str, lines: Vec<String>) -> String {
    std::iter::once(title.to_owned()).chain(lines).collect::<Vec<_>>().join("\n  ")
}

fn lines(quote: &Quote, language: Language) -> String {
    let header = match language {
        Language::En => ["product", "quantity", "price", "discount", "total"],
        Language::Ru => ["товар", "количество", "цена", "скидка", "итого"],
    };
    let row = |line: &QuotedLine| {
        let discount = line.discount.0 + line.points_discount.0;
        vec![
            line.product.clone(),
            quantity(line.quantity.0),
            money(line.price.0),
            money(discount),
            money(line.total.0),
        ]
    };
    let mut rows: Vec<Vec<String>> = quote.lines.iter().map(row).collect();
    for delivery in &quote.shipping {
        rows.push(vec![
            delivery.id.clone(),
            String::new(),
            money(delivery.price.0),
            money(delivery.discount.0),
            money(delivery.total.0),
        ]);
    }
    table(&header, &rows, &[1, 2, 3, 4])
}

fn totals(priced: &Priced, language: Language) -> String {
    let (totals, currency) = (&priced.quote.totals, &priced.currency);
    let mut lines = Vec::new();
    let mut line = |en: &str, ru: &str, amount: i64, always: bool| {
        if always || amount != 0 {
            lines.push(format!("{}: {} {currency}", language.pick(en, ru), money(amount)));
        }
    };
    line("Goods", "Товары", totals.goods.0, true);
    line("Discount", "Скидка", totals.discount.0, false);
    line("Points as discount", "Скидка баллами", totals.points_discount.0, false);
    line("Delivery", "Доставка", totals.shipping.0 - totals.shipping_discount.0, false);
    line("Paid with points", "Оплачено баллами", totals.paid_with_points.0, false);
    line("To pay", "К оплате", totals.to_pay.0, true);
    line("of it VAT", "в том числе НДС", totals.vat.0, false);
    if totals.points.0 != 0 {
        let points = language.pick("Points", "Баллы");
        lines.push(format!("{points}: +{}", totals.points.0));
    }
    lines.join("\n")
}

/// What was taken off, by which rule, from what, and who pays.
fn proof(priced: &Priced, language: Language) -> Vec<String> {
    let quote = &priced.quote;
    quote
        .adjustments
        .iter()
        .map(|found| adjustment(found, quote, &priced.names, language))
        .collect()
}

fn adjustment(
    found: &Adjustment,
    quote: &Quote,
    names: &BTreeMap<String, Text>,
    language: Language,
) -> String {
    let off = match found.off {
        Off::Line(at) => quote.lines.get(at as usize).map(|line| line.product.as_str()),
        Off::Shipping(at) => quote.shipping.get(at as usize).map(|way| way.id.as_str()),
    };
    let rule = match names.get(&found.rule) {
        Some(named) => format!("{} ({})", name(named, language), found.rule),
        None => language.pick("points", "баллы").to_owned(),
    };
    let from = language.pick("of", "от");
    let mut text = format!(
        "-{} {}: {rule}, {from} {}",
        money(found.amount.0),
        off.unwrap_or_default(),
        money(found.base.0)
    );
    if let Some(Trimmed { by, amount }) = found.trimmed {
        let by = match by {
            TrimmedBy::Floor => language.pick("the floor", "нижней ценой"),
            TrimmedBy::Cap => language.pick("a cap", "ограничением"),
            TrimmedBy::Budget => language.pick("a budget", "бюджетом"),
        };
        let trimmed = language.pick("trimmed by", "урезано");
        text.push_str(&format!("; {} {trimmed} {by}", money(amount.0)));
    }
    if let Some(supplier) = found.supplier.as_ref().filter(|_| found.supplier_pays.0 > 0) {
        let pays = language.pick("paid by", "платит");
        text.push_str(&format!("; {} {pays} {supplier}", money(found.supplier_pays.0)));
    }
    text
}

fn coupons(quote: &Quote, language: Language) -> Vec<String> {
    let one = |coupon: &programme::pricing::CouponOutcome| match &coupon.reason {
        None => format!("{}: {}", coupon.code, coupon.rules.join(", ")),
        Some(reason) => format!("{}: {}", coupon.code, sentence(reason, language)),
    };
    quote.coupons.iter().map(one).collect()
}

fn sentence(reason: &Reason, language: Language) -> String {
    match reason {
        Reason::Withheld { why } if why == programme::pricing::bundle::OFFLINE => {
            let (en, ru) = ("cannot be looked up off-line", "без сети проверить нельзя");
            language.pick(en, ru).to_owned()
        }
        reason => reason.sentence(match language {
            Language::En => programme::pricing::Language::En,
            Language::Ru => programme::pricing::Language::Ru,
        }),
    }
}

/// A text in a language, or in the other where it has none.
fn name(text: &Text, language: Language) -> String {
    let (own, other) = match language {
        Language::En => (&text.en, &text.ru),
        Language::Ru => (&text.ru, &text.en),
    };
    if own.trim().is_empty() { other.clone() } else { own.clone() }
}

/// Thousandths of a unit.
fn quantity(thousandths: i64) -> String {
    let (whole, part) = (thousandths / 1000, thousandths % 1000);
    if part == 0 {
        return whole.to_string();
    }
    format!("{whole}.{part:03}").trim_end_matches('0').to_owned()
}
