//! `proffer offers [CUSTOMER]`

use anyhow::Result;
use programme::{OfferRow, OfferSet};

use super::{open, say, say_json};
use crate::cli::{Cli, Offers};
use crate::language::Language;
use crate::text::{count, table};

pub fn run(cli: &Cli, arguments: &Offers) -> Result<()> {
    let (programme, language) = open(cli)?;
    let customer = arguments.customer.as_deref();
    if let Some(out) = &arguments.out {
        let written = count(programme.write_offers(customer, out)? as u64);
        let what = language.pick("offers written to", "предложений записано в");
        return say(&format!("{written} {what} {}", out.display()));
    }
    let set = programme.offers(customer)?;
    if arguments.json {
        say_json(&with_sentences(&set, language)?)
    } else {
        say(&text(&set, language))
    }
}

/// The offers as JSON, each with its reason as a sentence beside the code and its parameters.
fn with_sentences(set: &OfferSet, language: Language) -> Result<serde_json::Value> {
    let mut value = serde_json::to_value(set)?;
    let rows = value["offers"].as_array_mut().into_iter().flatten();
    for (row, offer) in rows.zip(&set.offers) {
        row["why"] = language.reason(&offer.reason).into();
    }
    Ok(value)
}

pub fn text(set: &OfferSet, language: Language) -> String {
    let header = match language {
        Language::En => ["customer", "#", "product", "name", "why"],
        Language::Ru => ["покупатель", "№", "товар", "название", "почему"],
    };
    let rows: Vec<Vec<String>> = set
        .offers
        .iter()
        .map(|offer| {
            vec![
                offer.customer.clone(),
                offer.rank.to_string(),
                offer.product.clone(),
                name(offer, language).unwrap_or_default().to_owned(),
                language.reason(&offer.reason),
            ]
        })
        .collect();
    let title = language.pick("Offers as of", "Предложения на");
    format!("{title} {}\n\n{}", set.as_of, table(&header, &rows, &[1]))
}

fn name(offer: &OfferRow, language: Language) -> Option<&str> {
    let first = match language {
        Language::En => offer.name_en.as_deref(),
        Language::Ru => offer.name.as_deref(),
    };
    first.or(offer.name.as_deref())
}
