//! The mapping: which files bring which feed, and where each of our fields stands in them. The file
//! format is described in `docs/IMPORT.md`.

mod field;
mod section;

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use retail::Day;
use toml::de::{DeTable, DeValue};

use crate::clock::Format;
use crate::rule::Rule;

pub(crate) use field::{Absent, Field, Shape, Source};
pub use field::{CARD_KINDS, CARD_STATES};
pub(crate) use section::nearest;
use section::{Result, Section, Wrong, wrong};

/// What a feed is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // the tables of the mapping file have these names
pub enum FeedKind {
    Receipts,
    Products,
    Shops,
    Customers,
    Campaigns,
    Invitations,
    Coupons,
    Redemptions,
    Costs,
    Prices,
    Assortment,
    Stock,
    Placements,
    Cards,
    Balances,
    Levels,
}

impl FeedKind {
    /// Every kind, in the order in which feeds are reported.
    pub const ALL: [Self; 16] = [
        Self::Receipts,
        Self::Products,
        Self::Shops,
        Self::Customers,
        Self::Campaigns,
        Self::Invitations,
        Self::Coupons,
        Self::Redemptions,
        Self::Costs,
        Self::Prices,
        Self::Assortment,
        Self::Stock,
        Self::Placements,
        Self::Cards,
        Self::Balances,
        Self::Levels,
    ];

    /// Its table in the mapping file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Receipts => "receipts",
            Self::Products => "products",
            Self::Shops => "shops",
            Self::Customers => "customers",
            Self::Campaigns => "campaigns",
            Self::Invitations => "invitations",
            Self::Coupons => "coupons",
            Self::Redemptions => "redemptions",
            Self::Costs => "costs",
            Self::Prices => "prices",
            Self::Assortment => "assortment",
            Self::Stock => "stock",
            Self::Placements => "placements",
            Self::Cards => "cards",
            Self::Balances => "balances",
            Self::Levels => "levels",
        }
    }

    /// Whether its rows describe people, so that a name or an address in it is personal.
    pub(crate) fn of_customers(self) -> bool {
        matches!(self, Self::Customers | Self::Invitations | Self::Redemptions) || self.is_opening()
    }

    /// Whether its rows are what a programme begins with: they go to the books, not to the lake.
    #[must_use]
    pub fn is_opening(self) -> bool {
        matches!(self, Self::Cards | Self::Balances | Self::Levels)
    }
}

impl fmt::Display for FeedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a file's bytes are arranged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// Rows of text with a header and a delimiter.
    Csv,
    /// Apache Parquet.
    Parquet,
    /// One JSON object a line.
    JsonLines,
}

impl FileFormat {
    /// The format that a file's extension promises.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" | "tsv" | "txt" => Some(Self::Csv),
            "parquet" | "pq" => Some(Self::Parquet),
            "jsonl" | "ndjson" | "json" => Some(Self::JsonLines),
            _ => None,
        }
    }
}

/// How text files encode letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Windows1251,
}

/// What 1 means in an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A rouble, a dollar; a piece, a kilogram.
    Major,
    /// A kopeck, a cent; a thousandth of a piece or kilogram.
    Minor,
}

impl Unit {
    fn parse(text: &str, path: &str, span: Range<usize>) -> Result<Self> {
        match text {
            "major" => Ok(Self::Major),
            "minor" => Ok(Self::Minor),
            _ => wrong(span, format!("{path} is \"major\" or \"minor\", not {text:?}")),
        }
    }
}

/// What a feed says of all its fields, unless a field says otherwise.
#[derive(Clone, Debug)]
pub(crate) struct Defaults {
    pub delimiter: Option<u8>,
    pub encoding: Encoding,
    pub decimal: u8,
    pub quote: Option<u8>,
    pub time_zone: TimeZone,
    pub day_starts_minute: i64,
    pub date_format: Option<Format>,
    pub time_format: Option<Format>,
    pub none: Vec<String>,
    pub unit: Unit,
}

impl Defaults {
    fn format(&self, shape: Shape) -> Format {
        let of = |format: &Option<Format>| format.clone().unwrap_or(Format::Usual);
        match (shape, &self.date_format, &self.time_format) {
            (Shape::Time, _, time) => of(time),
            (Shape::Moment, Some(Format::Pattern(date)), Some(Format::Pattern(time))) => {
                Format::Pattern(format!("{date} {time}"))
            }
            (_, date, _) => of(date),
        }
    }
}

/// One table of the mapping: files of one feed and how to read them.
#[derive(Clone, Debug)]
pub struct FeedMapping {
    /// What it is about.
    pub kind: FeedKind,
    /// Files, folders and patterns, with variables replaced, absolute or relative to the process;
    /// places of an object store (`s3://…`), which whoever reads brings here first.
    pub files: Vec<PathBuf>,
    /// How the files are arranged; nothing where their extensions say it.
    pub format: Option<FileFormat>,
    /// Whether a till that repeats a line means it: identical lines of a receipt are all kept.
    pub keep_identical_lines: bool,
    /// Receipts of this business day and later earn points, as those do that come on-line.
    pub accrue_from: Option<Day>,
    pub(crate) defaults: Defaults,
    /// Source columns; fields name them by their places here.
    pub(crate) columns: Vec<String>,
    pub(crate) fields: Vec<Field>,
    pub(crate) rules: Vec<(String, Rule)>,
}

impl FeedMapping {
    /// How a field of ours is found, if it is mapped.
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// A mapping file, understood.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// Where it stands.
    pub path: PathBuf,
    /// Its feeds, kind by kind.
    pub feeds: Vec<FeedMapping>,
}

/// What is wrong with a mapping file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}: {message}", path.display())]
pub struct MappingError {
    /// The mapping file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

const DEFAULTS: [&str; 10] = [
    "delimiter",
    "encoding",
    "decimal",
    "quote",
    "time_zone",
    "day_starts",
    "date_format",
    "time_format",
    "none",
    "unit",
];

impl Mapping {
    /// The business day from which on its receipts earn points, if they do.
    #[must_use]
    pub fn accrue_from(&self) -> Option<Day> {
        self.feeds.iter().find_map(|feed| feed.accrue_from)
    }

    /// Reads the text of a mapping file that stands at `path`; `variables` gives the values of
    /// `${NAME}` in file names.
    ///
    /// # Errors
    /// With the line, where the text is not TOML, a key is unknown, a value has the wrong type, a
    /// needed field or a variable is missing, or a field would bring personal data.
    pub fn read(
        path: &Path,
        text: &str,
        variables: impl Fn(&str) -> Option<String>,
    ) -> std::result::Result<Self, MappingError> {
        let parse = || {
            let root = DeTable::parse(text).map_err(|error| Wrong {
                offset: error.span().map_or(0, |span| span.start),
                message: error.message().to_owned(),
            })?;
            feeds(path, &Section::root(&root), &variables)
        };
        match parse() {
            Ok(feeds) => Ok(Self { path: path.to_owned(), feeds }),
            Err(Wrong { offset, message }) => {
                let before = &text.as_bytes()[..offset.min(text.len())];
                let line = 1 + before.iter().filter(|&&b| b == b'\n').count();
                Err(MappingError { path: path.to_owned(), line, message })
            }
        }
    }
}

fn feeds(
    path: &Path,
    root: &Section<'_>,
    variables: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<FeedMapping>> {
    let names: Vec<&str> = FeedKind::ALL.iter().map(|kind| kind.name()).collect();
    root.refuse_unknown(&[&["defaults"][..], &names].concat())?;
    let mut defaults = Defaults {
        delimiter: None,
        encoding: Encoding::Utf8,
        decimal: b'.',
        quote: Some(b'"'),
        time_zone: TimeZone::UTC,
        day_starts_minute: 0,
        date_format: None,
        time_format: None,
        none: Vec::new(),
        unit: Unit::Major,
    };
    if let Some(value) = root.get("defaults") {
        let section = Section::of("defaults".to_owned(), value)?;
        section.refuse_unknown(&DEFAULTS)?;
        defaults = overlaid(&section, defaults)?;
    }
    let mut feeds = Vec::new();
    for kind in FeedKind::ALL {
        let Some(value) = root.get(kind.name()) else { continue };
        let one = std::slice::from_ref(value);
        let tables = match value.get_ref() {
            DeValue::Array(array) => &array[..],
            _ => one,
        };
        for table in tables {
            let section = Section::of(kind.name().to_owned(), table)?;
            feeds.push(feed(kind, path, &section, defaults.clone(), variables)?);
        }
    }
    same_days(root, &feeds)?;
    if feeds.is_empty() {
        return wrong(0..0, format!("there is no feed; feeds are {}", names.join(", ")));
    }
    Ok(feeds)
}

/// Receipts may have lines in several tables: all of these earn from the same day, or none does.
fn same_days(root: &Section<'_>, feeds: &[FeedMapping]) -> Result<()> {
    let mut days = feeds.iter().filter(|feed| feed.kind == FeedKind::Receipts);
    let first = days.next().and_then(|feed| feed.accrue_from);
    if days.all(|feed| feed.accrue_from == first) {
        return Ok(());
    }
    let span = root.get(FeedKind::Receipts.name()).map_or(0..0, toml::Spanned::span);
    let message = "receipts.accrue_from is the same in every table of receipts, or stands in none: \
                   import what earns by a mapping of its own";
    wrong(span, message)
}

/// The defaults with what a table says of them.
fn overlaid(section: &Section<'_>, mut defaults: Defaults) -> Result<Defaults> {
    let span = |key: &str| section.get(key).map_or(0..0, toml::Spanned::span);
    if let Some(text) = section.text("delimiter")? {
        defaults.delimiter = match text.as_bytes() {
            [b'"' | b'\n' | b'\r'] => None,
            [byte] if byte.is_ascii() => Some(*byte),
            _ if text == "tab" => Some(b'\t'),
            _ => None,
        };
        if defaults.delimiter.is_none() {
            let message =
                format!("{} is one ASCII character or \"tab\"", section.path("delimiter"));
            return wrong(span("delimiter"), message);
        }
    }
    if let Some(text) = section.text("encoding")? {
        defaults.encoding = match text.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" => Encoding::Utf8,
            "windows-1251" | "cp1251" | "win1251" => Encoding::Windows1251,
            _ => {
                let message = "is \"utf-8\" or \"windows-1251\"";
                return wrong(span("encoding"), format!("{} {message}", section.path("encoding")));
            }
        };
    }
    if let Some(text) = section.text("decimal")? {
        defaults.decimal = match text {
            "," => b',',
            "." => b'.',
            _ => {
                return wrong(
                    span("decimal"),
                    format!("{} is \",\" or \".\"", section.path("decimal")),
                );
            }
        };
    }
    if let Some(text) = section.text("quote")? {
        defaults.quote = match text.as_bytes() {
            [] => None,
            [byte] if byte.is_ascii_punctuation() => Some(*byte),
            _ => {
                let message = "is one ASCII sign, or empty where fields are never quoted";
                return wrong(span("quote"), format!("{} {message}", section.path("quote")));
            }
        };
    }
    times(section, &mut defaults)?;
    if let Some(none) = section.scalars("none")? {
        defaults.none = none;
    }
    if let Some(text) = section.text("unit")? {
        defaults.unit = Unit::parse(text, &section.path("unit"), span("unit"))?;
    }
    Ok(defaults)
}

fn times(section: &Section<'_>, defaults: &mut Defaults) -> Result<()> {
    let span = |key: &str| section.get(key).map_or(0..0, toml::Spanned::span);
    if let Some(text) = section.text("time_zone")? {
        defaults.time_zone = match TimeZone::get(text) {
            Ok(zone) => zone,
            Err(_) => {
                let message = format!("{text:?} is not a time zone; one is \"Europe/Moscow\"");
                return wrong(span("time_zone"), message);
            }
        };
    }
    if let Some(text) = section.text("day_starts")? {
        let minute = text.split_once(':').and_then(|(hour, minute)| {
            let (hour, minute): (i64, i64) = (hour.parse().ok()?, minute.parse().ok()?);
            ((0..24).contains(&hour) && (0..60).contains(&minute)).then_some(hour * 60 + minute)
        });
        let Some(minute) = minute else {
            return wrong(span("day_starts"), "day_starts is a time such as \"04:00\"");
        };
        defaults.day_starts_minute = minute;
    }
    for (key, slot) in
        [("date_format", &mut defaults.date_format), ("time_format", &mut defaults.time_format)]
    {
        if let Some(text) = section.text(key)? {
            *slot = Some(format(text, &section.path(key), span(key))?);
        }
    }
    Ok(())
}

/// Understands a date or time format.
fn format(text: &str, path: &str, span: Range<usize>) -> Result<Format> {
    Ok(match text {
        "unix" => Format::Unix(1_000_000),
        "unix-ms" => Format::Unix(1000),
        "unix-us" => Format::Unix(1),
        pattern if pattern.contains('%') => {
            // A pattern that cannot be written cannot be read either.
            let epoch = jiff::Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
            if let Err(error) = jiff::fmt::strtime::format(pattern, &epoch) {
                return wrong(span, format!("{path}: {error}"));
            }
            Format::Pattern(pattern.to_owned())
        }
        _ => {
            let message = "is a pattern such as \"%d.%m.%Y %H:%M:%S\", or unix, unix-ms, unix-us";
            return wrong(span, format!("{path} {message}"));
        }
    })
}

fn feed(
    kind: FeedKind,
    path: &Path,
    section: &Section<'_>,
    defaults: Defaults,
    variables: &dyn Fn(&str) -> Option<String>,
) -> Result<FeedMapping> {
    let mut known = vec!["files", "format", "fields"];
    known.extend(DEFAULTS);
    if kind == FeedKind::Receipts {
        known.extend(["identical_lines", "accrue_from"]);
    }
    section.refuse_unknown(&known)?;
    let defaults = overlaid(section, defaults)?;
    let span = |key: &str| section.get(key).map_or(section.span.clone(), toml::Spanned::span);
    let format = match section.text("format")? {
        None => None,
        Some("csv") => Some(FileFormat::Csv),
        Some("parquet") => Some(FileFormat::Parquet),
        Some("jsonl") => Some(FileFormat::JsonLines),
        Some(_) => {
            let message = "is \"csv\", \"parquet\" or \"jsonl\"";
            return wrong(span("format"), format!("{} {message}", section.path("format")));
        }
    };
    let keep_identical_lines = match section.text("identical_lines")? {
        None | Some("refuse") => false,
        Some("keep") => true,
        Some(_) => {
            let message = "identical_lines is \"refuse\" or \"keep\"";
            return wrong(span("identical_lines"), message);
        }
    };
    let Some(names) = section.scalars("files")?.filter(|names| !names.is_empty()) else {
        return wrong(section.span.clone(), format!("{} needs files", section.name));
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    let files: Result<Vec<PathBuf>> = names
        .iter()
        .map(|name| {
            let name = expanded(name, variables, span("files"))?;
            // A place in an object store stands for itself.
            Ok(if name.contains("://") { PathBuf::from(name) } else { folder.join(name) })
        })
        .collect();
    let (columns, fields, rules) = fields(kind, section, &defaults)?;
    let accrue_from = accrue_from(section, &fields)?;
    Ok(FeedMapping {
        kind,
        files: files?,
        format,
        keep_identical_lines,
        accrue_from,
        defaults,
        columns,
        fields,
        rules,
    })
}

/// From which business day receipts earn. They must then have all by which they are known on-line.
fn accrue_from(section: &Section<'_>, fields: &[Field]) -> Result<Option<Day>> {
    let Some(text) = section.text("accrue_from")? else { return Ok(None) };
    let path = section.path("accrue_from");
    let span = section.get("accrue_from").map_or(section.span.clone(), toml::Spanned::span);
    let Ok(day) = text.parse::<Day>() else {
        return wrong(span, format!("{path} is a day such as \"2026-01-01\", not {text:?}"));
    };
    let has = |name: &str| fields.iter().any(|field| field.name == name);
    if let Some(name) = ["network", "shop", "till"].into_iter().find(|name| !has(name)) {
        let why = "a receipt that came on-line as well is known by it";
        return wrong(span, format!("{path} needs the field {name}: {why}"));
    }
    if !has("card") && !has("customer") {
        return wrong(span, format!("{path} needs the field card or customer: who earns?"));
    }
    Ok(Some(day))
}

type Fields = (Vec<String>, Vec<Field>, Vec<(String, Rule)>);

fn fields(kind: FeedKind, section: &Section<'_>, defaults: &Defaults) -> Result<Fields> {
    let Some(value) = section.get("fields") else {
        return wrong(section.span.clone(), format!("{} needs fields", section.name));
    };
    let section = Section::of(section.path("fields"), value)?;
    field::refuse_unknown(&section, kind)?;
    let mut slots = field::Slots { columns: Vec::new(), feed_of_customers: kind.of_customers() };
    let mut fields = Vec::new();
    let mut rules = Vec::new();
    for spec in field::specs(kind) {
        let Some(value) = section.get(spec.name) else { continue };
        let path = section.path(spec.name);
        match spec.shape {
            Shape::Flag => {
                rules.push((spec.name.to_owned(), field::rule(&path, value, &mut slots)?));
            }
            Shape::Flags => {
                for (name, _, value) in Section::of(path.clone(), value)?.entries() {
                    let rule = field::rule(&format!("{path}.{name}"), value, &mut slots)?;
                    rules.push((format!("{}.{name}", spec.name), rule));
                }
            }
            Shape::Texts => {
                for (name, span, value) in Section::of(path.clone(), value)?.entries() {
                    let path = format!("{path}.{name}");
                    if let Some(what) = crate::personal::named(name, true) {
                        let refusal = crate::personal::refusal(what);
                        return wrong(span, format!("{path}: {refusal}"));
                    }
                    let name = format!("{}.{name}", spec.name);
                    fields.push(field::parse(&path, name, *spec, value, defaults, &mut slots)?);
                }
            }
            _ => {
                let name = spec.name.to_owned();
                fields.push(field::parse(&path, name, *spec, value, defaults, &mut slots)?);
            }
        }
    }
    needed(kind, &section, &fields)?;
    Ok((slots.columns, fields, rules))
}

fn needed(kind: FeedKind, section: &Section<'_>, fields: &[Field]) -> Result<()> {
    let has = |name: &str| fields.iter().any(|field| field.name == name);
    if let Some(spec) = field::specs(kind).iter().find(|spec| spec.required && !has(spec.name)) {
        return wrong(section.span.clone(), format!("{} is needed", section.path(spec.name)));
    }
    if matches!(kind, FeedKind::Balances | FeedKind::Levels) && has("card") == has("account") {
        return wrong(section.span.clone(), format!("{} needs card or account", section.name));
    }
    if kind != FeedKind::Receipts {
        return Ok(());
    }
    let message = match (has("at"), has("date"), has("time")) {
        (false, false, _) => "needs at, or date and time",
        (true, true, _) | (true, _, true) => "has at, so date and time are too much",
        _ if has("fiscal_drive") != has("fiscal_document") => {
            "needs fiscal_drive and fiscal_document together"
        }
        _ => return Ok(()),
    };
    wrong(section.span.clone(), format!("{} {message}", section.name))
}

/// Replaces each `${NAME}` by its variable.
fn expanded(
    name: &str,
    variables: &dyn Fn(&str) -> Option<String>,
    span: Range<usize>,
) -> Result<String> {
    let mut rest = name;
    let mut out = String::new();
    while let Some((before, after)) = rest.split_once("${") {
        let Some((variable, after)) = after.split_once('}') else {
            return wrong(span, format!("{name:?}: a variable is written ${{NAME}}"));
        };
        let Some(value) = variables(variable).filter(|value| !value.is_empty()) else {
            let message = format!(
                "{name:?} needs the variable {variable}: set it, for example with `export {variable}=FOLDER`"
            );
            return wrong(span, message);
        };
        out.push_str(before);
        out.push_str(&value);
        rest = after;
    }
    Ok(out + rest)
}
