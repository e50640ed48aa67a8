//! What an import brought from the programme before this one, in words.

use programme::{OpeningReport, RowsOf, UnitBrought};

use crate::language::Language;
use crate::text::{count, table};

/// The paragraphs of a report, tables first.
pub fn lines(opening: &OpeningReport, language: Language) -> Vec<String> {
    let mut lines = Vec::new();
    if !opening.changed {
        let what = language.pick(
            "Cards, balances and levels of these feeds are in the books already: nothing to change.",
            "Карты, остатки и уровни из этих файлов уже учтены: менять нечего.",
        );
        lines.push(what.to_owned());
    }
    if !opening.cards.is_empty() {
        let header = match language {
            Language::En => ["cards by state", "new", "known already"],
            Language::Ru => ["карты по состояниям", "новых", "уже известно"],
        };
        let rows = opening.cards.iter().map(|(state, cards)| {
            vec![state_name(state, language), count(cards.new), count(cards.known)]
        });
        lines.extend([String::new(), table(&header, &rows.collect::<Vec<_>>(), &[1, 2])]);
        lines.push(wallets(opening, language));
    }
    if !opening.levels.is_empty() {
        let header = match language {
            Language::En => ["level", "new", "known already"],
            Language::Ru => ["уровень", "новых", "уже известно"],
        };
        let rows = opening
            .levels
            .iter()
            .map(|(level, levels)| vec![level.clone(), count(levels.new), count(levels.known)]);
        lines.extend([String::new(), table(&header, &rows.collect::<Vec<_>>(), &[1, 2])]);
    }
    for (unit, brought) in &opening.balances {
        lines.extend([String::new(), balances(unit, brought, language)]);
    }
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

fn wallets(opening: &OpeningReport, language: Language) -> String {
    let (wallets, repeated) = (count(opening.wallets_new), count(opening.cards_repeated));
    match language {
        Language::En => format!("Wallets opened: {wallets}; repeated rows of cards: {repeated}."),
        Language::Ru => format!("Открыто кошельков: {wallets}; повторных строк карт: {repeated}."),
    }
}

/// The reconciliation of one unit, line by line.
fn balances(unit: &str, brought: &UnitBrought, language: Language) -> String {
    let header = match language {
        Language::En => ["balances", "rows", "sum"],
        Language::Ru => ["остатки", "строк", "сумма"],
    };
    let of = |name: String, rows: &RowsOf| vec![name, count(rows.rows), signed(rows.amount)];
    let only = |name: &str, amount: i64| vec![name.to_owned(), String::new(), signed(amount)];
    let pick = |en: &'static str, ru: &'static str| language.pick(en, ru);
    let mut rows = vec![
        of(format!("{unit}: {}", pick("in the files", "в файлах")), &brought.in_file),
        of(pick("posted", "проведено").to_owned(), &brought.posted),
        of(pick("of it debts", "из них долги").to_owned(), &brought.debts),
        of(pick("posted before", "проведено раньше").to_owned(), &brought.known),
    ];
    for (reason, left_out) in &brought.left_out {
        let name =
            format!("{} {}", pick("left out:", "не взято:"), left_out_name(reason, language));
        rows.push(of(name, left_out));
    }
    rows.push(only(
        pick("difference, files − books", "расхождение, файлы − учёт"),
        brought.difference,
    ));
    rows.push(only(pick("account opening", "счёт opening"), brought.opening_balance));
    if brought.opening_unexplained != 0 {
        let name = pick("in it from no import", "на нём не из загрузок");
        rows.push(only(name, brought.opening_unexplained));
    }
    table(&header, &rows, &[1, 2])
}

fn signed(amount: i64) -> String {
    let sign = if amount < 0 { "−" } else { "" };
    format!("{sign}{}", count(amount.unsigned_abs()))
}

fn left_out_name(reason: &str, language: Language) -> String {
    let name = match reason {
        "expired" => language.pick("expired", "сгорело"),
        "zero" => language.pick("nothing in it", "нулевые"),
        code => code,
    };
    name.to_owned()
}

fn state_name(state: &str, language: Language) -> String {
    let name = match state {
        "created" => language.pick("created", "создана"),
        "prepared" => language.pick("prepared", "подготовлена"),
        "issued" => language.pick("issued", "выдана"),
        "active" => language.pick("active", "активна"),
        "suspended" => language.pick("suspended", "приостановлена"),
        "blocked" => language.pick("blocked", "заблокирована"),
        "replaced" => language.pick("replaced", "заменена"),
        "closed" => language.pick("closed", "закрыта"),
        "expired" => language.pick("expired", "истекла"),
        other => other,
    };
    name.to_owned()
}
