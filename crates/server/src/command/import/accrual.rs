//! What the receipts of an import earned, in words.

use programme::{AccrualReport, WhyNoPoints};

use crate::language::Language;
use crate::text::{count, table};

/// The paragraphs of a report.
pub fn lines(accrual: &AccrualReport, language: Language) -> Vec<String> {
    let pick = |en: &'static str, ru: &'static str| language.pick(en, ru);
    let from = pick("receipts that earn, from", "чеки с начислением, с");
    let header = [&format!("{from} {}", accrual.from), pick("receipts", "чеков")];
    let row = |name: &str, receipts: u64| vec![name.to_owned(), count(receipts)];
    let mut rows = vec![
        row(pick("moved points", "баллы начислены или сняты"), accrual.earned),
        row(pick("of them corrected", "из них исправлено"), accrual.replaced),
        row(pick("known already", "уже учтены"), accrual.known),
    ];
    for (&why, &receipts) in &accrual.nothing_because {
        rows.push(row(
            &format!("{} {}", pick("nothing:", "ничего:"), reason(why, language)),
            receipts,
        ));
    }
    rows.push(row(pick("together", "всего"), accrual.receipts));
    let mut lines = vec![String::new(), table(&header, &rows, &[1])];
    let (more, less) = (accrual.points_accrued, accrual.points_taken_back);
    lines.push(format!(
        "{} {}; {} {}.",
        pick("Points accrued:", "Баллов начислено:"),
        count(more.unsigned_abs()),
        pick("taken back:", "снято:"),
        count(less.unsigned_abs())
    ));
    if let Some(first) = &accrual.unfit_first {
        lines.push(format!("{} {first}", pick("The first unfit:", "Первый непригодный:")));
    }
    lines.push(String::new());
    lines
}

fn reason(why: WhyNoPoints, language: Language) -> &'static str {
    let (en, ru) = match why {
        WhyNoPoints::NoCard => ("no card was shown", "без карты"),
        WhyNoPoints::CardUnknown => ("card or customer unknown", "карта или покупатель неизвестны"),
        WhyNoPoints::SeveralWallets => {
            ("the customer has several wallets", "у покупателя несколько кошельков")
        }
        WhyNoPoints::CardCannotEarn => {
            ("the card earns nothing: blocked, closed …", "карта не копит: заблокирована, закрыта…")
        }
        WhyNoPoints::TillUnknown => ("shop or till unknown", "магазин или касса неизвестны"),
        WhyNoPoints::NoRules => ("no rules are published", "правила начисления не опубликованы"),
        WhyNoPoints::RulesGiveNothing => ("the rules give no point", "по правилам не положено"),
        WhyNoPoints::Expired => ("expired by now", "уже сгорели бы"),
        WhyNoPoints::OriginalUnknown => {
            ("returned receipt unknown", "чек возвращённой покупки неизвестен")
        }
        WhyNoPoints::OriginalIsReturn => {
            ("the returned receipt is itself a return", "возврат ссылается на возврат")
        }
        WhyNoPoints::OriginalEarnedNothing => {
            ("the returned goods had earned nothing", "за возвращённое баллов не было")
        }
        WhyNoPoints::Held => ("held by a limit", "удержано лимитом"),
        WhyNoPoints::Unfit => ("cannot be a receipt on-line", "не может быть чеком онлайн"),
    };
    language.pick(en, ru)
}
