//! A receipt as it is sent, and whether its fields are good by themselves.

use jiff::Timestamp;
use membership::{CardNumber, Scheme};
use retail::{CardId, Instant, ShopId, TillId};
use serde::{Deserialize, Serialize};

use crate::settings::ReceiptSettings;
use crate::{Act, FieldProblem, Refused, sha256_hex};

/// A receipt as a till, site or partner sends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptIn {
    /// Its own number at the till.
    pub number: String,
    /// When, as RFC 3339 with an offset: `2026-01-31T18:05:00+03:00`.
    pub at: String,
    /// Where; nothing for the sender's own shop.
    #[serde(default)]
    pub shop: Option<String>,
    /// At which till; nothing for the sender's own.
    #[serde(default)]
    pub till: Option<String>,
    /// The card that was shown.
    #[serde(default)]
    pub card: Option<String>,
    /// `online` or another channel.
    #[serde(default)]
    pub channel: Option<String>,
    /// Of a return, the receipt whose goods came back.
    #[serde(default)]
    pub original: Option<OriginalIn>,
    /// Its fiscal document: a second name of the same receipt.
    #[serde(default)]
    pub fiscal: Option<FiscalIn>,
    /// 1 to 1000 lines: all of them sold goods, or all of them goods that came back.
    pub lines: Vec<LineIn>,
}

/// By what a return names the receipt whose goods came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OriginalIn {
    /// Its number.
    pub number: String,
    /// Its shop; nothing for that of the return.
    #[serde(default)]
    pub shop: Option<String>,
    /// Its till; nothing for that of the return.
    #[serde(default)]
    pub till: Option<String>,
}

/// A fiscal document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FiscalIn {
    /// Number of the fiscal drive.
    pub drive: String,
    /// Number of the document on it.
    pub document: String,
}

/// A line of a receipt. Of a return, quantity and amounts are negative.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineIn {
    /// What: the SKU's code.
    pub product: String,
    /// Its category, by which rules of accrual are written.
    #[serde(default)]
    pub category: Option<String>,
    /// How much, in thousandths of a unit; never 0.
    pub quantity: i64,
    /// What the retailer received, minor units.
    pub net: i64,
    /// Discount paid by the retailer, its coupon included, minor units.
    #[serde(default)]
    pub discount: i64,
    /// The part of it that a retailer's coupon gave.
    #[serde(default)]
    pub retailer_coupon: i64,
    /// A supplier's coupon, minor units: the customer paid net less this.
    #[serde(default)]
    pub supplier_coupon: i64,
    /// Whether it earns points at all: tobacco must not.
    #[serde(default = "allowed")]
    pub points_allowed: bool,
}

fn allowed() -> bool {
    true
}

/// Lines of a receipt, at most.
pub(crate) const LINES_MAX: usize = 1_000;
/// Characters of a text, at most.
const TEXT_MAX: usize = 128;
/// Thousandths of a unit, and minor units of an amount, at most: a thousand lines stay far from 2^63.
const QUANTITY_MAX: i64 = 1_000_000_000_000;
const AMOUNT_MAX: i64 = 1_000_000_000_000;

const DAY_MICROS: i64 = 86_400_000_000;
const MINUTE_MICROS: i64 = 60_000_000;

/// A receipt whose fields are good by themselves.
#[derive(Clone, Debug)]
pub(crate) struct Good {
    pub shop: ShopId,
    pub till: TillId,
    pub number: String,
    pub at: Instant,
    pub card: Option<CardId>,
    pub channel: Option<String>,
    pub original: Option<OriginalIn>,
    /// Drive and document.
    pub fiscal: Option<(String, String)>,
    pub lines: Vec<LineIn>,
    pub is_return: bool,
    pub net: i64,
    /// Where an import brought it, the customer it names: the lake has it from there, and it is no news to
    /// anybody.
    pub imported: Option<Option<String>>,
    /// Where it was a quote, what discount rules say of its points.
    pub quoted: Option<QuotedPoints>,
    /// Hash of what it says, whatever the sequence of its lines and the name it came under.
    pub content_sha256: String,
}

/// By what a receipt is known within its network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReceiptName<'a> {
    pub shop: &'a ShopId,
    pub till: &'a TillId,
    pub number: &'a str,
    /// Drive and document.
    pub fiscal: Option<(&'a str, &'a str)>,
}

/// What discount rules say of the points of a receipt.
#[derive(Clone, Debug, Default)]
pub(crate) struct QuotedPoints {
    /// Their version.
    pub version: i64,
    /// Line by line: how many times the base accrual counts, in hundredths of a per cent, and what comes beside.
    pub lines: Vec<(i64, i64)>,
}

/// What makes the content of a receipt.
#[derive(Serialize)]
struct Content<'a> {
    at: i64,
    card: Option<&'a str>,
    channel: Option<&'a str>,
    original: Option<&'a OriginalIn>,
    fiscal: Option<&'a (String, String)>,
    lines: Vec<String>,
}

impl Good {
    /// Looks a receipt over.
    pub(crate) fn of(
        receipt: ReceiptIn,
        act: &Act,
        settings: &ReceiptSettings,
    ) -> Result<Self, Refused> {
        let mut problems = Problems::default();
        let at = problems.moment(&receipt.at, act.at, settings);
        let (shop, till) = problems.place(&receipt.shop, &receipt.till, act);
        problems.texts(&receipt);
        let card = receipt.card.as_deref().and_then(|card| problems.card(card));
        problems.lines(&receipt.lines);
        let is_return = receipt.lines.first().is_some_and(|line| line.quantity < 0);
        if receipt.original.is_some() && !is_return && !receipt.lines.is_empty() {
            problems.add("/original", "sign", "only a return names an original");
        }
        let fiscal = receipt.fiscal.map(|fiscal| (fiscal.drive, fiscal.document));
        let (Some(at), Some(shop), Some(till), true) = (at, shop, till, problems.0.is_empty())
        else {
            return Err(Refused::Invalid { problems: problems.0 });
        };
        let mut good = Self {
            shop: ShopId(shop),
            till: TillId(till),
            number: receipt.number,
            at,
            card,
            channel: receipt.channel,
            original: receipt.original,
            fiscal,
            is_return,
            net: receipt.lines.iter().map(|line| line.net).sum(),
            lines: receipt.lines,
            imported: None,
            quoted: None,
            content_sha256: String::new(),
        };
        good.content_sha256 = good.content()?;
        Ok(good)
    }

    /// By what it is known.
    pub(crate) fn name(&self) -> ReceiptName<'_> {
        let fiscal = self.fiscal.as_ref();
        ReceiptName {
            shop: &self.shop,
            till: &self.till,
            number: &self.number,
            fiscal: fiscal.map(|(drive, document)| (drive.as_str(), document.as_str())),
        }
    }

    /// The same return, with the place of the receipt whose goods came back.
    pub(super) fn with_original(mut self, original: OriginalIn) -> Result<Self, Refused> {
        self.original = Some(original);
        self.content_sha256 = self.content()?;
        Ok(self)
    }

    /// The same receipt, with the card of whoever bought.
    pub(super) fn with_card(mut self, card: CardId) -> Result<Self, Refused> {
        self.card = Some(card);
        self.content_sha256 = self.content()?;
        Ok(self)
    }

    fn content(&self) -> Result<String, Refused> {
        let broken = |error: serde_json::Error| Refused::Broken { why: error.to_string() };
        let lines = self.lines.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>();
        let mut lines = lines.map_err(broken)?;
        lines.sort_unstable();
        let content = Content {
            at: self.at.0,
            card: self.card.as_ref().map(|card| card.0.as_str()),
            channel: self.channel.as_deref(),
            original: self.original.as_ref(),
            fiscal: self.fiscal.as_ref(),
            lines,
        };
        Ok(sha256_hex(&serde_json::to_vec(&content).map_err(broken)?))
    }
}

/// What is wrong with a receipt, or with what becomes one.
#[derive(Default)]
pub(crate) struct Problems(pub Vec<FieldProblem>);

impl Problems {
    pub(crate) fn add(&mut self, pointer: &str, code: &'static str, detail: impl Into<String>) {
        let (pointer, detail) = (pointer.to_owned(), detail.into());
        self.0.push(FieldProblem { pointer, code, detail });
    }

    pub(crate) fn moment(
        &mut self,
        text: &str,
        now: Instant,
        settings: &ReceiptSettings,
    ) -> Option<Instant> {
        let Ok(at) = text.parse::<Timestamp>() else {
            self.add("/at", "time", "must be a time with an offset: 2026-01-31T18:05:00+03:00");
            return None;
        };
        let at = Instant(at.as_microsecond());
        if at.0 > now.0 + settings.ahead_minutes_max * MINUTE_MICROS {
            let most = settings.ahead_minutes_max;
            self.add("/at", "future", format!("lies more than {most} minutes ahead"));
        } else if at.0 < now.0 - settings.age_days_max * DAY_MICROS {
            let most = settings.age_days_max;
            self.add("/at", "too_old", format!("lies more than {most} days back: import it"));
        }
        Some(at)
    }

    /// Shop and till: the sender's own, unless he names others.
    pub(crate) fn place(
        &mut self,
        shop: &Option<String>,
        till: &Option<String>,
        act: &Act,
    ) -> (Option<String>, Option<String>) {
        let own = |named: &Option<String>, own: Option<&String>| named.clone().or(own.cloned());
        let shop = own(shop, act.shop.as_ref().map(|shop| &shop.0));
        // A till's name means nothing in another shop.
        let same = shop.as_deref() == act.shop.as_ref().map(|shop| shop.0.as_str());
        let own_till = act.till.as_ref().map(|till| &till.0).filter(|_| same);
        let till = own(till, own_till);
        for (pointer, part) in [("/shop", &shop), ("/till", &till)] {
            match part {
                Some(text) => self.text(pointer, text),
                None => self.add(pointer, "required", "must be named: the sender has none"),
            }
        }
        (shop, till)
    }

    fn texts(&mut self, receipt: &ReceiptIn) {
        self.text("/number", &receipt.number);
        if let Some(channel) = &receipt.channel {
            self.text("/channel", channel);
        }
        if let Some(original) = &receipt.original {
            self.original(original);
        }
        if let Some(fiscal) = &receipt.fiscal {
            self.text("/fiscal/drive", &fiscal.drive);
            self.text("/fiscal/document", &fiscal.document);
        }
    }

    pub(crate) fn original(&mut self, original: &OriginalIn) {
        self.text("/original/number", &original.number);
        for (pointer, part) in
            [("/original/shop", &original.shop), ("/original/till", &original.till)]
        {
            if let Some(text) = part {
                self.text(pointer, text);
            }
        }
    }

    pub(crate) fn text(&mut self, pointer: &str, text: &str) {
        if text.trim().is_empty() {
            self.add(pointer, "empty", "must not be empty");
        } else if text.chars().count() > TEXT_MAX {
            self.add(pointer, "too_long", format!("has more than {TEXT_MAX} characters"));
        } else if text.chars().any(char::is_control) {
            self.add(pointer, "control_character", "holds a control character");
        }
    }

    pub(crate) fn card(&mut self, text: &str) -> Option<CardId> {
        // Whether its control digit is right depends on the network that made it: an unknown number is
        // answered as such, and the receipt is kept.
        match CardNumber::parse(text, Scheme::Plain) {
            Ok(number) => Some(CardId(number.as_str().to_owned())),
            Err(problem) => {
                self.add("/card", "card_number", problem.to_string());
                None
            }
        }
    }

    fn lines(&mut self, lines: &[LineIn]) {
        if lines.is_empty() {
            return self.add("/lines", "empty", "must have a line");
        }
        if lines.len() > LINES_MAX {
            return self.add("/lines", "too_many", format!("has more than {LINES_MAX} lines"));
        }
        let back = lines[0].quantity < 0;
        for (at, line) in lines.iter().enumerate() {
            self.line(&format!("/lines/{at}"), line, back);
        }
    }

    fn line(&mut self, pointer: &str, line: &LineIn, back: bool) {
        let place = |field: &str| format!("{pointer}/{field}");
        self.text(&place("product"), &line.product);
        if let Some(category) = &line.category {
            self.text(&place("category"), category);
        }
        if line.quantity == 0 {
            self.add(&place("quantity"), "zero", "must not be 0");
        }
        let amounts = [
            ("net", line.net),
            ("discount", line.discount),
            ("retailer_coupon", line.retailer_coupon),
            ("supplier_coupon", line.supplier_coupon),
        ];
        let all = std::iter::once(("quantity", line.quantity)).chain(amounts);
        for (field, value) in all {
            let most = if field == "quantity" { QUANTITY_MAX } else { AMOUNT_MAX };
            if !(-most..=most).contains(&value) {
                self.add(&place(field), "out_of_range", format!("is beyond {most}"));
            } else if value != 0 && (value < 0) != back {
                let detail = "a receipt sells goods or takes them back; all its signs say which";
                self.add(&place(field), "sign", detail);
            }
        }
        if line.retailer_coupon.unsigned_abs() > line.discount.unsigned_abs() {
            self.add(&place("retailer_coupon"), "too_much", "is a part of the discount");
        }
        if line.supplier_coupon.unsigned_abs() > line.net.unsigned_abs() {
            self.add(&place("supplier_coupon"), "too_much", "is a part of what was received");
        }
    }
}
