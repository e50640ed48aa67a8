//! `proffer portrait [CUSTOMER]`

use anyhow::{Result, bail};
use programme::{PortraitDay, PortraitFigures, PortraitRow, PortraitView};

use super::{open, say, say_json, watched};
use crate::cli::{Cli, Portrait};
use crate::language::Language;
use crate::text::{count, table};

pub fn run(cli: &Cli, arguments: &Portrait) -> Result<()> {
    let (programme, language) = open(cli)?;
    if let Some(customer) = &arguments.customer {
        let day = arguments.as_of.map_or(PortraitDay::Snapshot, PortraitDay::Of);
        let portrait = watched(language, |bar| programme.portrait(customer, day, bar))?;
        return match arguments.json {
            true => say_json(&server::http::portrait::Portrait::of(portrait, language)),
            false => say(&text(&portrait, language)),
        };
    }
    if arguments.out.is_none() && !arguments.json {
        bail!("name a customer, or a file for everybody's portraits with --out FILE");
    }
    let figures = watched(language, |bar| {
        programme.portraits(arguments.as_of, arguments.out.as_deref(), bar)
    })?;
    if arguments.json {
        say(&serde_json::to_string(&figures)?)
    } else {
        say(&figures_text(&figures, language))
    }
}

pub fn text(portrait: &PortraitView, language: Language) -> String {
    let title = match language {
        Language::En => format!("Customer {} as of {}", portrait.customer, portrait.as_of),
        Language::Ru => format!("Покупатель {} на {}", portrait.customer, portrait.as_of),
    };
    let mut lines = vec![title];
    for group in portrait.parameters.chunk_by(|a, b| a.parameter.group == b.parameter.group) {
        // A reason is longer than a row has place for, and several parameters share it.
        let mut reasons: Vec<&str> = Vec::new();
        let mut rows: Vec<Vec<String>> = Vec::new();
        for PortraitRow { parameter, value } in group {
            let value = match parameter.missing {
                Some(reason) if value.is_null() => note(language.say(reason), &mut reasons),
                _ => shown(value),
            };
            let (title, unit) = (language.say(parameter.title), language.say(parameter.unit_title));
            rows.push(vec![format!("  {}", parameter.name), title.into(), value, unit.into()]);
        }
        lines.push(String::new());
        lines.push(table(&[language.say(group[0].parameter.group_title), "", "", ""], &rows, &[2]));
        let numbered = reasons.iter().enumerate();
        lines.extend(numbered.map(|(place, reason)| format!("  [{}] {reason}", place + 1)));
    }
    lines.join("\n")
}

/// What stands in place of a value that nobody has: the number of its reason below the table.
fn note(reason: &'static str, reasons: &mut Vec<&'static str>) -> String {
    let known = reasons.iter().position(|known| *known == reason);
    let place = known.unwrap_or_else(|| {
        reasons.push(reason);
        reasons.len() - 1
    });
    format!("– [{}]", place + 1)
}

fn shown(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "–".to_owned(),
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Number(number) if number.is_f64() => {
            format!("{:.4}", number.as_f64().unwrap_or_default())
        }
        other => other.to_string(),
    }
}

fn figures_text(figures: &PortraitFigures, language: Language) -> String {
    let seconds = figures.read_s + figures.portraits_s;
    let (customers, parameters, lines) =
        (count(figures.customers as u64), figures.parameters, count(figures.lines as u64));
    let day = figures.as_of;
    match language {
        Language::En => format!(
            "{customers} portraits of {parameters} parameters as of {day}, from {lines} lines in {seconds:.2} s; written in {:.2} s.",
            figures.write_s
        ),
        Language::Ru => format!(
            "Портретов {customers} по {parameters} параметров на {day}, из {lines} строк за {seconds:.2} с; записаны за {:.2} с.",
            figures.write_s
        ),
    }
}
