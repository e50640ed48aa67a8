//! `proffer segment EXPR`

use anyhow::Result;
use clap::error::ErrorKind;
use programme::SegmentView;
use programme::segment::{Segment as Statement, SegmentError, caret};

use super::{open, say, say_json};
use crate::cli::{Cli, Segment};
use crate::language::Language;
use crate::text::count;

pub fn run(cli: &Cli, arguments: &Segment) -> Result<()> {
    let (programme, language) = open(cli)?;
    let parsed = arguments.expression.parse::<Statement>();
    let segment = parsed.map_err(|error| wrong_use(&arguments.expression, &error, language))?;
    let view = match &arguments.out {
        Some(out) => programme.write_segment(&segment, arguments.limit, out)?,
        None => {
            let ids_max = arguments.list.then_some(arguments.limit.unwrap_or(usize::MAX));
            programme.segment(&segment, ids_max)?
        }
    };
    for without in &view.without_values {
        let has_none = language.pick("has no values yet", "ещё не имеет значений");
        eprintln!("{} {has_none}: {}", without.parameter, language.say(without.why));
    }
    match &view.ids {
        _ if arguments.json => say_json(&with_reasons(&view, language)?),
        // One a line, for whatever comes after.
        Some(ids) if ids.is_empty() => Ok(()),
        Some(ids) => say(&ids.join("\n")),
        None => say(&text(&view, language)),
    }
}

/// What is wrong with the statement, with a caret below its place.
fn wrong_use(text: &str, error: &SegmentError, language: Language) -> clap::Error {
    let message = format!("{}\n\n{}\n", language.wrong_segment(error), caret(text, error.at));
    clap::Error::raw(ErrorKind::ValueValidation, message)
}

/// The segment as JSON, with why each parameter without values has none.
fn with_reasons(view: &SegmentView, language: Language) -> Result<serde_json::Value> {
    let mut value = serde_json::to_value(view)?;
    let rows = value.get_mut("without_values").and_then(|rows| rows.as_array_mut());
    for (row, without) in rows.into_iter().flatten().zip(&view.without_values) {
        row["why"] = language.say(without.why).into();
    }
    Ok(value)
}

fn text(view: &SegmentView, language: Language) -> String {
    let (customers, of, day) = (count(view.customers as u64), count(view.of as u64), view.as_of);
    match language {
        Language::En => format!("{customers} of {of} customers as of {day}: {}", view.expression),
        Language::Ru => format!("{customers} из {of} покупателей на {day}: {}", view.expression),
    }
}
