//! Which fields each feed has, and how one of them is found in a source.

use toml::Spanned;
use toml::de::DeValue;

use super::section::{Result, Section, unknown, wrong};
use super::{Defaults, FeedKind, Unit};
use crate::cell::{Cell, Row};
use crate::clock::Format;
use crate::personal;
use crate::rule::Rule;

/// What a field holds, and so which options its mapping may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Text,
    Money,
    Quantity,
    Moment,
    Date,
    Time,
    Week,
    Kind,
    /// A name out of these, or any where there are none; the retailer's own words may stand for them.
    Word(&'static [&'static str]),
    /// Something counted: whole numbers of its smallest part.
    Count,
    Flag,
    /// A table of texts under names of the retailer's own.
    Texts,
    /// A table of flags under names of the retailer's own.
    Flags,
}

/// A field of ours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FieldSpec {
    pub name: &'static str,
    pub shape: Shape,
    pub required: bool,
    /// Belongs to a customer: must not hold personal data.
    pub customer: bool,
}

const fn has(name: &'static str, shape: Shape) -> FieldSpec {
    FieldSpec { name, shape, required: false, customer: false }
}

const fn needs(name: &'static str, shape: Shape) -> FieldSpec {
    FieldSpec { name, shape, required: true, customer: false }
}

const fn of_customer(spec: FieldSpec) -> FieldSpec {
    FieldSpec { customer: true, ..spec }
}

use Shape::{
    Count, Date, Flag, Flags, Kind, Moment, Money, Quantity, Text, Texts, Time, Week, Word,
};

const RECEIPTS: &[FieldSpec] = &[
    needs("number", Text),
    needs("product", Text),
    has("at", Moment),
    has("date", Date),
    has("time", Time),
    needs("net", Money),
    has("quantity", Quantity),
    has("shop", Text),
    has("network", Text),
    has("till", Text),
    of_customer(has("customer", Text)),
    of_customer(has("card", Text)),
    has("discount", Money),
    has("retailer_coupon", Money),
    has("supplier_coupon", Money),
    has("channel", Text),
    has("original", Text),
    has("line", Text),
    has("fiscal_drive", Text),
    has("fiscal_document", Text),
    has("kind", Kind),
];
const PRODUCTS: &[FieldSpec] = &[
    needs("id", Text),
    has("name", Text),
    has("name_en", Text),
    has("brand", Text),
    has("supplier", Text),
    has("department", Text),
    has("category", Text),
    has("kind", Text),
    has("size", Text),
    has("private_label", Flag),
    has("merchandise", Flag),
    has("offerable", Flag),
    has("service", Flag),
    has("tags", Flags),
];
const SHOPS: &[FieldSpec] =
    &[needs("id", Text), has("name", Text), has("name_en", Text), has("region", Text)];
const CUSTOMERS: &[FieldSpec] = &[
    of_customer(needs("id", Text)),
    of_customer(has("household", Text)),
    of_customer(has("attributes", Texts)),
];
const CAMPAIGNS: &[FieldSpec] =
    &[needs("id", Text), has("kind", Text), needs("start", Date), needs("end", Date)];
const INVITATIONS: &[FieldSpec] = &[needs("campaign", Text), of_customer(needs("customer", Text))];
const COUPONS: &[FieldSpec] = &[needs("id", Text), needs("campaign", Text), needs("product", Text)];
const REDEMPTIONS: &[FieldSpec] = &[
    needs("coupon", Text),
    of_customer(needs("customer", Text)),
    needs("campaign", Text),
    needs("day", Date),
];
const COSTS: &[FieldSpec] = &[needs("product", Text), needs("from", Date), needs("cost", Money)];
const PRICES: &[FieldSpec] =
    &[needs("product", Text), has("shop", Text), needs("from", Date), needs("price", Money)];
const ASSORTMENT: &[FieldSpec] =
    &[needs("product", Text), needs("shop", Text), has("from", Date), has("to", Date)];
const STOCK: &[FieldSpec] =
    &[needs("product", Text), needs("shop", Text), needs("day", Date), needs("quantity", Quantity)];
const PLACEMENTS: &[FieldSpec] = &[
    needs("product", Text),
    needs("shop", Text),
    needs("week", Week),
    has("display", Text),
    has("mailer", Text),
];
const CARDS: &[FieldSpec] = &[
    of_customer(needs("number", Text)),
    needs("network", Text),
    needs("state", Word(&CARD_STATES)),
    has("kind", Word(&CARD_KINDS)),
    of_customer(has("customer", Text)),
    of_customer(has("account", Text)),
    has("shop", Text),
    has("expires", Date),
    of_customer(has("replaced_by", Text)),
    of_customer(has("reason", Word(&[]))),
];
const BALANCES: &[FieldSpec] = &[
    of_customer(has("card", Text)),
    of_customer(has("account", Text)),
    has("unit", Text),
    needs("amount", Count),
    has("activates", Date),
    has("expires", Date),
];
const LEVELS: &[FieldSpec] = &[
    of_customer(has("card", Text)),
    of_customer(has("account", Text)),
    needs("level", Word(&[])),
    has("since", Date),
    has("granted_until", Date),
];

/// Where cards stand in their life, as `membership` names it.
pub const CARD_STATES: [&str; 9] = [
    "created",
    "prepared",
    "issued",
    "active",
    "suspended",
    "blocked",
    "replaced",
    "closed",
    "expired",
];
/// Kinds of cards, as `membership` names them.
pub const CARD_KINDS: [&str; 3] = ["plastic", "virtual", "phone"];

/// The fields of a feed.
pub(crate) fn specs(feed: FeedKind) -> &'static [FieldSpec] {
    match feed {
        FeedKind::Receipts => RECEIPTS,
        FeedKind::Products => PRODUCTS,
        FeedKind::Shops => SHOPS,
        FeedKind::Customers => CUSTOMERS,
        FeedKind::Campaigns => CAMPAIGNS,
        FeedKind::Invitations => INVITATIONS,
        FeedKind::Coupons => COUPONS,
        FeedKind::Redemptions => REDEMPTIONS,
        FeedKind::Costs => COSTS,
        FeedKind::Prices => PRICES,
        FeedKind::Assortment => ASSORTMENT,
        FeedKind::Stock => STOCK,
        FeedKind::Placements => PLACEMENTS,
        FeedKind::Cards => CARDS,
        FeedKind::Balances => BALANCES,
        FeedKind::Levels => LEVELS,
    }
}

/// Where a field's value comes from. Numbers are slots: places in the feed's list of columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Column(usize),
    Constant(String),
    Sum(Vec<usize>),
    Joined(Vec<usize>, String),
}

/// Values that mean there is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Absent(Vec<(String, Option<f64>)>);

impl Absent {
    /// Whether every value but an empty one is a value.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn of(texts: &[String]) -> Self {
        let texts = texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty());
        Self(texts.map(|text| (text.to_owned(), text.parse().ok())).collect())
    }

    /// One column's value in a row, trimmed; [`Cell::None`] where it is empty or means none.
    #[inline]
    pub fn cell<'c>(&self, row: &Row<'c>, slot: usize) -> Cell<'c> {
        match row.cell(slot) {
            Cell::Text(text) => {
                let text = trimmed(text);
                if text.is_empty() || self.0.iter().any(|(none, _)| none == text) {
                    return Cell::None;
                }
                Cell::Text(text)
            }
            // Many writers know no other way to say that a number is missing.
            Cell::Float(number) if number.is_nan() => Cell::None,
            cell if !self.0.is_empty() && self.has(cell) => Cell::None,
            cell => cell,
        }
    }

    fn has(&self, cell: Cell<'_>) -> bool {
        match cell {
            Cell::Float(number) => self.0.iter().any(|(_, none)| *none == Some(number)),
            Cell::Integer(number) => self.0.iter().any(|(_, none)| *none == Some(number as f64)),
            cell => {
                let text = cell.to_text();
                self.0.iter().any(|(none, _)| *none == text)
            }
        }
    }
}

/// A field of ours as one mapping finds it.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// Our name; attributes have `attributes.` before theirs.
    pub name: String,
    pub source: Source,
    pub none: Absent,
    pub unit: Unit,
    pub format: Format,
    /// Values of a kind that make a line a return.
    pub returns: Vec<String>,
    /// The retailer's own words, each with the name that it stands for.
    pub words: Vec<(String, String)>,
    /// The day on which week 1 begins, where weeks are counted.
    pub first: Option<i32>,
    pub customer: bool,
}

impl Field {
    /// The value in a row, trimmed; [`Cell::None`] where it is empty or one of those that mean none.
    #[inline]
    pub fn cell<'c>(&'c self, row: &Row<'c>, joined: &'c mut String) -> Cell<'c> {
        match &self.source {
            Source::Column(slot) => self.none.cell(row, *slot),
            Source::Constant(text) => Cell::Text(text),
            Source::Sum(_) => Cell::None,
            Source::Joined(slots, join) => {
                for (i, slot) in slots.iter().enumerate() {
                    match self.none.cell(row, *slot) {
                        Cell::None => return Cell::None,
                        cell @ (Cell::NotText | Cell::Nested) => return cell,
                        cell => {
                            joined.push_str(if i > 0 { join } else { "" });
                            cell.write(joined);
                        }
                    }
                }
                Cell::Text(joined)
            }
        }
    }
}

#[inline]
fn trimmed(text: &str) -> &str {
    let plain = |b: Option<&u8>| b.is_some_and(|&b| b > b' ' && b < 0x80);
    let bytes = text.as_bytes();
    if plain(bytes.first()) && plain(bytes.last()) { text } else { text.trim() }
}

/// The list of source columns that a feed uses; fields name them by their places in it.
#[derive(Debug, Default)]
pub(super) struct Slots {
    pub columns: Vec<String>,
    /// Columns that bring a customer's fields are watched for personal names.
    pub feed_of_customers: bool,
}

impl Slots {
    pub fn slot(&mut self, column: &str) -> usize {
        let column = column.trim();
        self.columns.iter().position(|known| known == column).unwrap_or_else(|| {
            self.columns.push(column.to_owned());
            self.columns.len() - 1
        })
    }

    fn named(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        path: &str,
        of_customer: bool,
    ) -> Result<usize> {
        let Some(column) = value.get_ref().as_str() else {
            let found = value.get_ref().type_str();
            return wrong(value.span(), format!("{path} names a column in quotes, not {found}"));
        };
        match personal::named(column, of_customer || self.feed_of_customers) {
            Some(what) => {
                wrong(value.span(), format!("{path} = {column:?}: {}", personal::refusal(what)))
            }
            None => Ok(self.slot(column)),
        }
    }

    fn list(&mut self, section: &Section<'_>, key: &str, of_customer: bool) -> Result<Vec<usize>> {
        let path = section.path(key);
        let value = section.get(key).expect("the caller has seen the key");
        let Some(array) = value.get_ref().as_array().filter(|array| !array.is_empty()) else {
            return wrong(value.span(), format!("{path} is a list of columns"));
        };
        array.iter().map(|item| self.named(item, &path, of_customer)).collect()
    }
}

/// Reads one field of `[feed.fields]`.
pub(super) fn parse(
    path: &str,
    name: String,
    spec: FieldSpec,
    value: &Spanned<DeValue<'_>>,
    defaults: &Defaults,
    slots: &mut Slots,
) -> Result<Field> {
    let mut field = Field {
        name,
        source: Source::Constant(String::new()),
        none: Absent::of(&defaults.none),
        unit: match spec.shape {
            Quantity => Unit::Major,
            // Points are counted whole, unless the field says otherwise.
            Count => Unit::Minor,
            _ => defaults.unit,
        },
        format: defaults.format(spec.shape),
        returns: Vec::new(),
        words: Vec::new(),
        first: None,
        customer: spec.customer,
    };
    if value.get_ref().is_str() {
        field.source = Source::Column(slots.named(value, path, spec.customer)?);
    } else if value.get_ref().is_table() {
        let section = Section::of(path.to_owned(), value)?;
        options(&section, spec, &mut field, slots)?;
    } else {
        let found = value.get_ref().type_str();
        let wanted = "a column in quotes, or a table such as { column = \"…\" }";
        return wrong(value.span(), format!("{path} is {wanted}, not {found}"));
    }
    if spec.shape == Kind && field.returns.is_empty() {
        let message = "needs the values that mean a return: { column = \"…\", returns = [\"…\"] }";
        return wrong(value.span(), format!("{path} {message}"));
    }
    Ok(field)
}

fn options(
    section: &Section<'_>,
    spec: FieldSpec,
    field: &mut Field,
    slots: &mut Slots,
) -> Result<()> {
    let known: &[&str] = match spec.shape {
        Money => &["column", "constant", "sum", "none", "unit"],
        Quantity | Count => &["column", "constant", "none", "unit"],
        Word(_) => &["column", "constant", "none", "words"],
        Moment | Date | Time => &["column", "columns", "join", "constant", "none", "format"],
        Week => &["column", "none", "format", "first"],
        Kind => &["column", "none", "returns"],
        _ => &["column", "columns", "join", "constant", "none"],
    };
    section.refuse_unknown(known)?;
    let path = &section.name;
    let given: Vec<&str> = ["column", "constant", "sum", "columns"]
        .into_iter()
        .filter(|key| section.get(key).is_some())
        .collect();
    field.source = match given[..] {
        ["column"] => {
            let value = section.get("column").expect("it is given");
            Source::Column(slots.named(value, &section.path("column"), spec.customer)?)
        }
        ["constant"] => {
            let text = section.scalar("constant")?.unwrap_or_default();
            constant(section, spec, &text)?;
            Source::Constant(text)
        }
        ["sum"] => Source::Sum(slots.list(section, "sum", spec.customer)?),
        ["columns"] => {
            let join = section.text("join")?.unwrap_or(" ").to_owned();
            Source::Joined(slots.list(section, "columns", spec.customer)?, join)
        }
        [] => return wrong(section.span.clone(), format!("{path} names no column")),
        [..] => {
            return wrong(
                section.span.clone(),
                format!("{path} has {}: one of them", given.join(" and ")),
            );
        }
    };
    if let Some(none) = section.scalars("none")? {
        field.none = Absent::of(&none);
    }
    if let Some(unit) = section.text("unit")? {
        let span = section.get("unit").map_or(section.span.clone(), Spanned::span);
        field.unit = Unit::parse(unit, &section.path("unit"), span)?;
    }
    if let Some(format) = section.text("format")? {
        let span = section.get("format").map_or(section.span.clone(), Spanned::span);
        field.format = super::format(format, &section.path("format"), span)?;
    }
    if let Some(text) = section.text("first")? {
        let Ok(day) = text.parse::<retail::Day>() else {
            let span = section.get("first").map_or(section.span.clone(), Spanned::span);
            let message = "is the day on which week 1 begins, such as \"2016-12-26\"";
            return wrong(span, format!("{} {message}", section.path("first")));
        };
        field.first = Some(day.0);
    }
    field.returns = section.scalars("returns")?.unwrap_or_default();
    if let Word(known) = spec.shape {
        words(section, known, field)?;
    }
    Ok(())
}

/// Which of the retailer's words stand for which names of ours.
fn words(section: &Section<'_>, known: &[&str], field: &mut Field) -> Result<()> {
    let fits = |name: &str| known.is_empty() || known.contains(&name);
    if let Source::Constant(name) = &field.source
        && !fits(name)
    {
        let span = section.get("constant").map_or(section.span.clone(), Spanned::span);
        return wrong(span, unknown(&format!("{} {name:?}", section.name), name, known));
    }
    let Some(value) = section.get("words") else { return Ok(()) };
    let table = Section::of(section.path("words"), value)?;
    for (word, span, _) in table.entries() {
        let name = table.text(word)?.unwrap_or_default();
        if !fits(name) {
            return wrong(span, unknown(&format!("{} = {name:?}", table.path(word)), name, known));
        }
        field.words.push((word.trim().to_owned(), name.to_owned()));
    }
    Ok(())
}

/// A constant amount is wrong in every row or in none, so it is said at once.
fn constant(section: &Section<'_>, spec: FieldSpec, text: &str) -> Result<()> {
    let number = matches!(spec.shape, Money | Quantity | Count);
    if number && crate::number::parse(text, b'.', 3).is_err() {
        let span = section.get("constant").map_or(section.span.clone(), Spanned::span);
        return wrong(span, format!("{} is not a number", section.path("constant")));
    }
    Ok(())
}

/// Reads a rule over source columns: a flag of a product.
pub(super) fn rule(path: &str, value: &Spanned<DeValue<'_>>, slots: &mut Slots) -> Result<Rule> {
    if let Some(flag) = value.get_ref().as_bool() {
        return Ok(Rule::Constant(flag));
    }
    if !value.get_ref().is_table() {
        let message = "is true, false or a rule such as { column = \"…\", is = [\"…\"] }";
        return wrong(value.span(), format!("{path} {message}"));
    }
    let section = Section::of(path.to_owned(), value)?;
    if let Some(inner) = section.get("not") {
        section.refuse_unknown(&["not"])?;
        return Ok(Rule::Not(Box::new(rule(&section.path("not"), inner, slots)?)));
    }
    for key in ["any", "all"] {
        let Some(inner) = section.get(key) else { continue };
        section.refuse_unknown(&[key])?;
        let path = section.path(key);
        let Some(array) = inner.get_ref().as_array() else {
            return wrong(inner.span(), format!("{path} is a list of rules"));
        };
        let rules: Result<Vec<Rule>> = array.iter().map(|item| rule(&path, item, slots)).collect();
        return Ok(if key == "any" { Rule::Any(rules?) } else { Rule::All(rules?) });
    }
    conditions(&section, slots)
}

fn conditions(section: &Section<'_>, slots: &mut Slots) -> Result<Rule> {
    section.refuse_unknown(&[
        "column",
        "is",
        "is_not",
        "starts_with",
        "present",
        "any",
        "all",
        "not",
    ])?;
    let Some(column) = section.get("column") else {
        return wrong(section.span.clone(), format!("{} names no column", section.name));
    };
    let slot = slots.named(column, &section.path("column"), false)?;
    let mut rules = Vec::new();
    if let Some(values) = section.scalars("is")? {
        rules.push(Rule::Is(slot, values));
    }
    if let Some(values) = section.scalars("is_not")? {
        rules.push(Rule::Not(Box::new(Rule::Is(slot, values))));
    }
    if let Some(values) = section.scalars("starts_with")? {
        rules.push(Rule::StartsWith(slot, values));
    }
    match section.flag("present")? {
        Some(true) => rules.push(Rule::Present(slot)),
        Some(false) => rules.push(Rule::Not(Box::new(Rule::Present(slot)))),
        None => {}
    }
    if rules.is_empty() {
        let message = "says nothing of its column: is, is_not, starts_with or present";
        return wrong(section.span.clone(), format!("{} {message}", section.name));
    }
    Ok(if rules.len() == 1 { rules.swap_remove(0) } else { Rule::All(rules) })
}

/// Refuses a field that the feed does not have; one that would bring personal data with its reason.
pub(super) fn refuse_unknown(section: &Section<'_>, feed: FeedKind) -> Result<()> {
    let known: Vec<&str> = specs(feed).iter().map(|spec| spec.name).collect();
    for (key, span, _) in section.entries() {
        if known.contains(&key) {
            continue;
        }
        let path = section.path(key);
        return match personal::named(key, feed.of_customers()) {
            Some(what) => wrong(span, format!("{path}: {}", personal::refusal(what))),
            None => wrong(span, unknown(&path, key, &known)),
        };
    }
    Ok(())
}
