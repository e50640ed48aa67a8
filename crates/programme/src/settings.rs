//! `proffer.toml`: the documentation of each key is the default that is loaded.

use anyhow::{Context, Result};
use serde::Deserialize;

/// What the retailer has set. Meanings and defaults stand in `settings.toml` beside this file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // said in settings.toml
pub struct Settings {
    pub language: Language,
    pub lake: LakeSettings,
    pub store: StoreSettings,
    pub vault: VaultSettings,
    pub access: AccessSettings,
    pub import: ImportSettings,
    pub receipts: ReceiptSettings,
    pub quotes: QuoteSettings,
    pub returns: ReturnSettings,
    pub shared_cards: SharedCardSettings,
    pub offers: OfferSetSettings,
    pub evaluation: EvaluationSettings,
    pub snapshots: SnapshotSettings,
    pub webhooks: WebhookSettings,
    pub backup: BackupSettings,
}

/// Language of sentences for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Language {
    En,
    Ru,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct LakeSettings {
    pub url: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct StoreSettings {
    pub url: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct VaultSettings {
    pub key_file: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct ImportSettings {
    pub bad_share_max: f64,
    pub runs_max: usize,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct ReceiptSettings {
    pub age_days_max: i64,
    pub ahead_minutes_max: i64,
    pub day_starts_minute: i64,
    pub take_points_without_original: bool,
    pub move_at_once_max: u32,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct QuoteSettings {
    pub seconds: i64,
    pub seconds_max: i64,
    pub kept_days: i64,
    pub refuse_unknown_products: bool,
    pub offers: usize,
}

/// [`pricing::ReturnPolicy`], and what becomes of points whose lot is over.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct ReturnSettings {
    pub thresholds: pricing::Thresholds,
    pub units: pricing::ReturnUnits,
    pub shipping: bool,
    pub uses: bool,
    pub expired_points_days: u32,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct SharedCardSettings {
    pub receipts_in_a_day_max: u32,
    pub receipts_in_28_days_max: u32,
    pub customers: Vec<String>,
    pub not_customers: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct OfferSetSettings {
    pub count: usize,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct EvaluationSettings {
    pub customers_max: usize,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct SnapshotSettings {
    pub keep: usize,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct WebhookSettings {
    pub allow_private: bool,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct BackupSettings {
    pub folder: String,
    pub every_hours: u32,
    pub keep: usize,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct AccessSettings {
    pub session_idle_minutes: u32,
    pub session_hours_max: u32,
    pub sessions_max: u32,
    pub password_characters_min: usize,
    pub failures_max: u32,
    pub lock_minutes_min: u32,
    pub lock_minutes_max: u32,
    pub link_hours: u32,
    pub passwords_at_once: u32,
}

impl ReturnSettings {
    /// What is paid back when goods come back.
    #[must_use]
    pub fn policy(&self) -> pricing::ReturnPolicy {
        let &Self { thresholds, units, shipping, uses, .. } = self;
        pricing::ReturnPolicy { thresholds, units, shipping, uses }
    }
}

impl Settings {
    /// The text that a new programme gets, and that speaks where a programme's own is silent.
    pub const DEFAULT: &'static str = include_str!("settings.toml");

    /// The text of a new programme that speaks a language.
    #[must_use]
    pub fn default_text(language: Language) -> String {
        match language {
            Language::En => Self::DEFAULT.to_owned(),
            Language::Ru => Self::DEFAULT.replacen("language = \"en\"", "language = \"ru\"", 1),
        }
    }

    /// Reads a programme's settings over the defaults.
    ///
    /// # Errors
    /// When the text is not TOML, names an unknown key or gives a wrong value.
    pub fn read(text: &str) -> Result<Self> {
        let mut all: toml::Table =
            Self::DEFAULT.parse().context("the default settings are wrong")?;
        let own: toml::Table = text.parse()?;
        for (key, value) in own {
            match (all.get_mut(&key), value) {
                (Some(toml::Value::Table(all)), toml::Value::Table(own)) => all.extend(own),
                (_, value) => {
                    all.insert(key, value);
                }
            }
        }
        Ok(all.try_into()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_overrides_what_it_names_and_nothing_else() {
        let defaults = Settings::read("").unwrap();
        let russian = Settings::read(&Settings::default_text(Language::Ru)).unwrap();
        assert_eq!((russian.language, &russian.offers), (Language::Ru, &defaults.offers));
        let own = Settings::read("language = \"ru\"\n[offers]\ncount = 3\n").unwrap();
        assert_eq!((own.language, own.offers.count), (Language::Ru, 3));
        assert_eq!(own.import, defaults.import);
        for wrong in ["langage = \"ru\"", "[offers]\ncounts = 3", "language = \"de\"", "[offers"] {
            assert!(Settings::read(wrong).is_err(), "{wrong}");
        }
    }
}
