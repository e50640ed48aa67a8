//! Rules on their way to a till that has no network: a ruleset, what may be given of it off-line, until
//! when and where, signed by the programme.
//!
//! The file is JSON of four texts. What is signed are the very bytes of the content, which therefore
//! stand in it as base64: nobody has to agree on how JSON is written. A till believes a bundle that is
//! signed by a key it was given beforehand, is for its own shop, and is not over; whatever is given with
//! it beyond its grants would be given twice, so it is not given.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use retail::Instant;
use serde::{Deserialize, Serialize};

use crate::basket::{Basket, CustomerFacts, Facts, Withheld};
use crate::compile::Compiled;
use crate::problem::Problem;
use crate::ruleset::Ruleset;

/// What a bundle calls itself; a later form has another name, and an older till refuses it.
pub const FORMAT: &str = "proffer-bundle-1";
/// Bytes of a bundle, at most.
pub const BYTES_MAX: usize = 64 << 20;
/// What stands before the content when it is signed, so that a signature is good for nothing else.
const SIGNED_AS: &[u8] = b"proffer bundle 1\n";
/// Why something is not given off-line, as it stands in reasons.
pub const OFFLINE: &str = "offline";

/// What a bundle says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// Version of the ruleset.
    pub version: i64,
    /// From when on it counts, µs UTC.
    pub starts_at: Instant,
    /// Before when.
    pub expires_at: Instant,
    /// In which shop.
    pub shop: String,
    /// At which till; nothing is any of the shop.
    pub till: Option<String>,
    /// What may be given of rules that have a budget, in its unit. One that is not named gives nothing, nor
    /// does one that has a customer's limit alone.
    pub grants: BTreeMap<String, i64>,
    /// The rules.
    pub ruleset: Ruleset,
}

/// A bundle as it stands in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    format: String,
    /// The content's bytes: base64 of JSON.
    content: String,
    /// Who signed: base64 of his public key.
    key: String,
    /// Base64.
    signature: String,
}

/// Whom and what a till believes.
#[derive(Clone, Copy, Debug)]
pub struct Trust<'a> {
    /// Public keys of its programme: base64.
    pub keys: &'a [String],
    /// Its shop.
    pub shop: Option<&'a str>,
    /// Itself.
    pub till: Option<&'a str>,
    /// What the time is, µs UTC.
    pub now: Instant,
}

/// A bundle that is believed, ready to price with.
#[derive(Debug)]
pub struct Opened {
    /// What it says, but for the rules.
    pub version: i64,
    /// Before when it counts.
    pub expires_at: Instant,
    /// The rules.
    pub compiled: Compiled,
    grants: BTreeMap<String, i64>,
}

/// Signs a bundle with the seed of a key; gives the bytes of its file.
#[must_use]
pub fn seal(content: &Content, seed: &[u8; 32]) -> Vec<u8> {
    let key = SigningKey::from_bytes(seed);
    let bytes = serde_json::to_vec(content).unwrap_or_default();
    let signature = key.sign(&signed(&bytes));
    let sealed = Sealed {
        format: FORMAT.to_owned(),
        content: STANDARD.encode(&bytes),
        key: STANDARD.encode(key.verifying_key().as_bytes()),
        signature: STANDARD.encode(signature.to_bytes()),
    };
    serde_json::to_vec(&sealed).unwrap_or_default()
}

/// Opens the bytes of a bundle's file.
///
/// # Errors
/// Why it is not believed: `too_large`, `format` (no bundle, or of another form), `foreign_key` (signed
/// by somebody else), `forged` (altered, or not signed by whom it names), `foreign_shop`, `foreign_till`,
/// `not_yet`, `expired`; or `rules`, where its rules are none that can be priced with.
pub fn open(bytes: &[u8], trust: &Trust<'_>) -> Result<Opened, Problem> {
    let content = believed(bytes, trust)?;
    let compiled = Compiled::new(content.ruleset, content.version).map_err(|problems| {
        let first = problems.first().map_or_else(String::new, ToString::to_string);
        refused("/content/ruleset", "rules", format!("holds rules that cannot be used: {first}"))
    })?;
    let (version, expires_at) = (content.version, content.expires_at);
    Ok(Opened { version, expires_at, compiled, grants: content.grants })
}

fn believed(bytes: &[u8], trust: &Trust<'_>) -> Result<Content, Problem> {
    if bytes.len() > BYTES_MAX {
        return Err(refused("", "too_large", format!("has more than {BYTES_MAX} bytes")));
    }
    let sealed: Sealed = serde_json::from_slice(bytes)
        .map_err(|error| refused("", "format", format!("is no bundle: {error}")))?;
    if sealed.format != FORMAT {
        let detail = format!("is {:?}; this program knows {FORMAT:?}", sealed.format);
        return Err(refused("/format", "format", detail));
    }
    if !trust.keys.contains(&sealed.key) {
        let detail = "is signed by a key that is not the programme's";
        return Err(refused("/key", "foreign_key", detail));
    }
    let forged = || refused("/signature", "forged", "is not what the programme has signed");
    let content = STANDARD.decode(&sealed.content).map_err(|_| forged())?;
    let key = bytes_of(&sealed.key).and_then(|key| VerifyingKey::from_bytes(&key).ok());
    let signature = bytes_of(&sealed.signature).map(|bytes| Signature::from_bytes(&bytes));
    let (key, signature) = key.zip(signature).ok_or_else(forged)?;
    key.verify_strict(&signed(&content), &signature).map_err(|_| forged())?;
    let content: Content = serde_json::from_slice(&content)
        .map_err(|error| refused("/content", "format", format!("cannot be read: {error}")))?;
    is_for(&content, trust)?;
    Ok(content)
}

/// Whether a bundle that the programme has signed is for here and now.
fn is_for(content: &Content, trust: &Trust<'_>) -> Result<(), Problem> {
    if trust.shop.is_none_or(|shop| shop != content.shop) {
        let detail = format!("is for the shop {:?}", content.shop);
        return Err(refused("/content/shop", "foreign_shop", detail));
    }
    if let Some(till) = &content.till
        && trust.till.is_none_or(|own| own != till)
    {
        let detail = format!("is for the till {till:?}");
        return Err(refused("/content/till", "foreign_till", detail));
    }
    if trust.now < content.starts_at {
        return Err(refused("/content/starts_at", "not_yet", "counts later"));
    }
    if trust.now >= content.expires_at {
        return Err(refused("/content/expires_at", "expired", "is over: fetch a new one"));
    }
    Ok(())
}

impl Opened {
    /// What is known of a basket where nobody can be asked: what the ledger would have to hold is withheld
    /// but for what was granted; nothing is taken from a wallet.
    #[must_use]
    pub fn facts(&self, basket: &Basket, known: Facts) -> Facts {
        let mut facts = without_lookups(basket, known);
        let why = || OFFLINE.to_owned();
        for rule in &self.compiled.ruleset().rules {
            let limits = &rule.limits;
            if limits.budget.is_none() && limits.customer.is_none() {
                continue;
            }
            // What one customer has had nobody knows here, whatever was granted.
            let grant = self.grants.get(&rule.id).filter(|_| limits.budget.is_some());
            match grant {
                // Whoever knows more than the grant has asked the ledger: here nobody has.
                Some(&grant) => {
                    let left = facts.budgets.entry(rule.id.clone()).or_insert(grant);
                    *left = grant.min(*left);
                }
                None => {
                    let rule = rule.id.clone();
                    facts.withheld.push(Withheld::Rule { rule, why: why() });
                }
            }
        }
        if basket.points > 0 {
            facts.points_available = 0;
            facts.withheld.push(Withheld::Points { why: why() });
        }
        // A use that cannot be held could be made twice.
        for coupon in &facts.coupons {
            if coupon.claimed_as.is_some() || coupon.uses.customer_max.is_some() {
                let code = coupon.code.clone();
                facts.withheld.push(Withheld::Coupon { code, why: why() });
            }
        }
        if let Some(CustomerFacts { prices, .. }) = &mut facts.customer {
            prices.retain(|price| price.coupon.is_none());
        }
        facts
    }
}

/// What is known of a basket when coupons cannot be looked up: those of which nothing is known are
/// withheld, so that the quote says why, and does not call them unknown.
#[must_use]
pub fn without_lookups(basket: &Basket, known: Facts) -> Facts {
    let mut facts = known;
    for code in &basket.coupons {
        if !facts.coupons.iter().any(|coupon| coupon.code == *code) {
            let why = OFFLINE.to_owned();
            facts.withheld.push(Withheld::Coupon { code: code.clone(), why });
        }
    }
    facts
}

fn signed(content: &[u8]) -> Vec<u8> {
    [SIGNED_AS, content].concat()
}

fn bytes_of<const N: usize>(text: &str) -> Option<[u8; N]> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

fn refused(pointer: &str, code: &'static str, detail: impl Into<String>) -> Problem {
    Problem { pointer: pointer.to_owned(), code, detail: detail.into() }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const SEED: [u8; 32] = [7; 32];

    fn key(seed: &[u8; 32]) -> String {
        STANDARD.encode(SigningKey::from_bytes(seed).verifying_key().as_bytes())
    }

    fn content(changes: &Value) -> Content {
        let mut content = json!({
            "version": 3, "starts_at": 100, "expires_at": 200, "shop": "s1", "till": null,
            "grants": { "budgeted": 500, "limited": 1 },
            "ruleset": {
                "currency": "RUB", "regulated": { "profile": "none", "confirmed": true },
                "redemption": { "points_per_minor": 1, "receipt_bps_max": 5000, "shown": "discount" },
                "rules": [
                    { "id": "budgeted", "name": { "en": "a" },
                      "then": [{ "fixed": { "amount": 900, "per": "receipt" } }],
                      "limits": { "budget": { "campaign": "c", "counts": "discount", "amount": 9000 } } },
                    { "id": "limited", "name": { "en": "b" },
                      "then": [{ "percent": { "discount_bps": 5000 } }],
                      "limits": { "customer": { "window": "day", "uses": 1 } } },
                    { "id": "couponed", "name": { "en": "c" }, "when": { "coupon": "summer" },
                      "then": [{ "percent": { "discount_bps": 5000 } }] },
                ],
            },
        });
        for (name, value) in changes.as_object().unwrap() {
            content[name] = value.clone();
        }
        serde_json::from_value(content).unwrap()
    }

    fn told(opened: Result<Opened, Problem>) -> String {
        match opened {
            Ok(opened) => format!("version {}", opened.version),
            Err(problem) => format!("{} {}", problem.pointer, problem.code),
        }
    }

    /// (what the content says, shop, till, now, what is told).
    type Place = (&'static str, Option<&'static str>, Option<&'static str>, i64, &'static str);
    #[rustfmt::skip]
    const PLACES: &[Place] = &[
        ("{}",                Some("s1"), None,      100, "version 3"),
        ("{}",                Some("s1"), Some("2"), 199, "version 3"),
        ("{}",                Some("s1"), None,       99, "/content/starts_at not_yet"),
        ("{}",                Some("s1"), None,      200, "/content/expires_at expired"),
        ("{}",                Some("s2"), None,      150, "/content/shop foreign_shop"),
        ("{}",                None,       None,      150, "/content/shop foreign_shop"),
        (r#"{"till":"1"}"#,   Some("s1"), Some("1"), 150, "version 3"),
        (r#"{"till":"1"}"#,   Some("s1"), Some("2"), 150, "/content/till foreign_till"),
        (r#"{"till":"1"}"#,   Some("s1"), None,      150, "/content/till foreign_till"),
        (r#"{"ruleset":{"currency":"R","regulated":{"profile":"ru","confirmed":true},"rules":[]}}"#,
                              Some("s1"), None,      150, "/content/ruleset rules"),
    ];

    #[test]
    fn a_bundle_is_for_one_place_and_time() {
        let keys = [key(&SEED)];
        for (changes, shop, till, now, expected) in PLACES {
            let content = content(&serde_json::from_str(changes).unwrap());
            let bytes = seal(&content, &SEED);
            let trust = Trust { keys: &keys, shop: *shop, till: *till, now: Instant(*now) };
            assert_eq!(told(open(&bytes, &trust)), *expected, "{changes} {shop:?} {till:?} {now}");
        }
    }

    #[test]
    fn a_forged_altered_or_foreign_bundle_is_refused() {
        let keys = [key(&[9; 32]), key(&SEED)];
        let trust = Trust { keys: &keys, shop: Some("s1"), till: None, now: Instant(150) };
        let good = seal(&content(&json!({})), &SEED);
        let other = seal(&content(&json!({ "version": 4 })), &SEED);
        assert_eq!(told(open(&good, &trust)), "version 3");
        let with = |field: &str, value: Value| {
            let mut sealed: Value = serde_json::from_slice(&good).unwrap();
            sealed[field] = value;
            sealed.to_string().into_bytes()
        };
        let of = |field: &str| serde_json::from_slice::<Value>(&other).unwrap()[field].clone();
        let mut longer = STANDARD.decode(of("content").as_str().unwrap()).unwrap();
        longer.push(b' ');
        for (bytes, expected) in [
            (seal(&content(&json!({})), &[8; 32]), "/key foreign_key"),
            (with("key", json!(key(&[8; 32]))), "/key foreign_key"),
            (with("key", json!(key(&[9; 32]))), "/signature forged"),
            (with("content", of("content")), "/signature forged"),
            (with("content", json!(STANDARD.encode(&longer))), "/signature forged"),
            (with("content", json!("%")), "/signature forged"),
            (with("signature", of("signature")), "/signature forged"),
            (with("signature", json!("")), "/signature forged"),
            (with("signature", json!(STANDARD.encode([0_u8; 64]))), "/signature forged"),
            (with("format", json!("proffer-bundle-2")), "/format format"),
            (with("colour", json!("red")), " format"),
            (good[..good.len() - 1].to_vec(), " format"),
            (Vec::new(), " format"),
        ] {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            assert_eq!(told(open(&bytes, &trust)), expected, "{text}");
        }
        // Every byte of the content counts.
        let sealed: Value = serde_json::from_slice(&good).unwrap();
        let bytes = STANDARD.decode(sealed["content"].as_str().unwrap()).unwrap();
        for place in (0..bytes.len()).step_by(16) {
            let mut altered = bytes.clone();
            altered[place] ^= 1;
            let altered = with("content", json!(STANDARD.encode(&altered)));
            assert_eq!(told(open(&altered, &trust)), "/signature forged", "byte {place}");
        }
    }

    /// (facts, what the basket asks for, what is paid of 10 000, why the rest was not given).
    #[rustfmt::skip]
    const OFF_LINE: &[(&str, &str, i64, &str)] = &[
        (r#"{}"#, r#"{}"#, 9_500, ""),
        (r#"{"budgets":{"budgeted":200}}"#, r#"{}"#, 9_800, ""),
        (r#"{"budgets":{"budgeted":9000}}"#, r#"{}"#, 9_500, ""),
        (r#"{"customer":{"id":"anna"}}"#, r#"{}"#, 9_500, ""),
        (r#"{"points_available":1000,"wallet":"w"}"#, r#"{"points":1000}"#, 9_500, ""),
        (r#"{}"#, r#"{"coupons":["X"]}"#, 9_500, "offline"),
        (r#"{"coupons":[{"code":"X","series":"summer","standing":"good"}]}"#, r#"{"coupons":["X"]}"#, 4_750, ""),
        (r#"{"coupons":[{"code":"X","series":"summer","standing":"good","claimed_as":"c1"}]}"#, r#"{"coupons":["X"]}"#, 9_500, "offline"),
    ];

    #[test]
    fn what_would_have_to_be_held_is_not_given_beyond_the_grant() {
        let keys = [key(&SEED)];
        let trust = Trust { keys: &keys, shop: Some("s1"), till: None, now: Instant(150) };
        let opened = open(&seal(&content(&json!({})), &SEED), &trust).unwrap();
        for (facts, asks, expected, why) in OFF_LINE {
            let mut basket = json!({
                "currency": "RUB", "at": "2026-01-01T12:00:00",
                "lines": [{ "id": "1", "product": "milk", "quantity": 1000, "price": 10_000 }],
            });
            let asks: Value = serde_json::from_str(asks).unwrap();
            for (name, value) in asks.as_object().unwrap() {
                basket[name] = value.clone();
            }
            let basket: Basket = serde_json::from_value(basket).unwrap();
            let facts = opened.facts(&basket, serde_json::from_str(facts).unwrap());
            let quote = opened.compiled.price(&basket, &facts).unwrap();
            assert_eq!(quote.totals.to_pay.0, *expected, "{facts:?} {asks}");
            let reason = quote.coupons.first().and_then(|coupon| coupon.reason.clone());
            let told = match reason {
                Some(crate::Reason::Withheld { why }) => why,
                Some(other) => format!("{other:?}"),
                None => String::new(),
            };
            assert_eq!(told, *why, "{asks}");
        }
    }
}
