//! Goods that the law keeps from discounts, as rows that come with the program.

use crate::ruleset::{Regulated, RegulatedRow};

/// Profiles that come with the program.
pub const PROFILES: [&str; 2] = ["none", "ru"];

/// The rows of a profile. `ru`, as the laws stood in 2026 to our knowledge, for the retailer's lawyer to
/// confirm: tobacco and nicotine take no discount, points or gift (federal law 15-FZ, articles 13 and 16),
/// alcohol is never sold below its lowest price by decree of the ministry of finance (171-FZ, article 11).
#[must_use]
pub fn profile_rows(profile: &str) -> Vec<RegulatedRow> {
    let none = |mark: &str| RegulatedRow {
        mark: mark.to_owned(),
        discount: false,
        points: false,
        gift: false,
        minimum_price: false,
    };
    match profile {
        "ru" => vec![
            none("tobacco"),
            none("nicotine"),
            RegulatedRow {
                discount: true,
                points: true,
                gift: false,
                minimum_price: true,
                ..none("alcohol")
            },
        ],
        _ => Vec::new(),
    }
}

/// The rows that count: those of the profile, but for marks that the ruleset has rows of its own for.
#[must_use]
pub fn regulated(regulated: &Regulated) -> Vec<RegulatedRow> {
    let own = |row: &RegulatedRow| regulated.rows.iter().any(|other| other.mark == row.mark);
    let mut rows = profile_rows(&regulated.profile);
    rows.retain(|row| !own(row));
    rows.extend(regulated.rows.iter().cloned());
    rows
}
