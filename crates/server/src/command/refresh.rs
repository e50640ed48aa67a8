//! `proffer refresh`

use anyhow::Result;
use programme::RefreshReport;

use super::evaluate::sampled;
use super::{open, say, say_json, watched};
use crate::cli::{Cli, Refresh};
use crate::language::Language;
use crate::text::count;

pub fn run(cli: &Cli, arguments: &Refresh) -> Result<()> {
    let (programme, language) = open(cli)?;
    let report = watched(language, |bar| programme.refresh(arguments.as_of, bar))?;
    if arguments.json { say_json(&report) } else { say(&text(&report, language)) }
}

pub fn text(report: &RefreshReport, language: Language) -> String {
    let (customers, offers) = (count(report.customers as u64), count(report.offers as u64));
    let (number, day) = (report.snapshot, report.as_of);
    let mut lines = vec![match language {
        Language::En => format!(
            "Snapshot {number} as of {day} is current: {customers} portraits, {offers} offers."
        ),
        Language::Ru => format!(
            "Снимок {number} на {day} стал текущим: портретов {customers}, предложений {offers}."
        ),
    }];
    let model = &report.model;
    if let (Some(of), Some(to_match)) = (model.ndcg_10, model.ndcg_10_to_match) {
        let name = &model.name;
        lines.push(match language {
            Language::En => format!("Offers are ranked by {name}: NDCG@10 {of:.4} on held-out baskets (the other model: {to_match:.4})."),
            Language::Ru => format!("Предложения упорядочены моделью {name}: NDCG@10 {of:.4} на отложенных чеках (у другой модели {to_match:.4})."),
        });
        lines.extend(sampled(&model.sampled, language));
    }
    for card in &report.shared_cards {
        let (id, receipts, day) =
            (&card.customer, count(card.receipts.into()), card.receipts_in_a_day);
        lines.push(match language {
            Language::En => format!("Left out as a card used for many people: {id} ({receipts} receipts, up to {day} a day)."),
            Language::Ru => format!("Исключена карта, по которой покупают многие: {id} (чеков {receipts}, до {day} в день)."),
        });
    }
    lines.extend(
        report
            .warning
            .iter()
            .map(|warning| format!("{} {warning}", language.pick("Note:", "Внимание:"))),
    );
    lines.join("\n")
}
