//! The list of parameters, and its page of documentation.

use std::fmt::Write;
use std::sync::LazyLock;

use crate::facts::Facts;
use crate::family::FAMILIES;
use crate::value::{Kind, Value};
use crate::wording::Wording;

/// A parameter of the portrait. Formulas are in the notation at the top of `docs/PORTRAIT.md`.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Unique name; also the name of the column.
    pub name: &'static str,
    /// What people read in place of the name: short, and no other parameter's.
    pub title: Wording,
    /// The family it belongs to: the name of its file.
    pub group: &'static str,
    /// What people read in place of the family's name.
    pub group_title: Wording,
    /// What its values are.
    pub kind: Kind,
    /// Unit, or range.
    pub unit: &'static str,
    /// The unit as people read it.
    pub unit_title: Wording,
    /// How it is computed.
    pub formula: &'static str,
    /// When it is null, or what it is over nothing.
    pub null_rule: &'static str,
    /// Tells of age, health, family, income or home: never shown to suppliers.
    pub sensitive: bool,
    /// The words its values are, where it has its own; a segment may ask for no other.
    pub words: &'static [&'static str],
    /// Why it is null for everybody today; nothing where its input exists.
    pub missing: Option<Wording>,
    value: fn(&Facts<'_>) -> Value,
}

/// An entry of a family: its title is in English and Russian; `value` computes it from facts.
pub(crate) const fn parameter(
    name: &'static str,
    title: [&'static str; 2],
    kind: Kind,
    unit: &'static str,
    formula: &'static str,
    null_rule: &'static str,
    value: fn(&Facts<'_>) -> Value,
) -> Parameter {
    Parameter {
        name,
        title: Wording::of(title),
        // Groups and units are put into words once, by the registry.
        group: "",
        group_title: Wording::of(["", ""]),
        kind,
        unit,
        unit_title: Wording::of(["", ""]),
        formula,
        null_rule,
        sensitive: false,
        words: &[],
        missing: None,
        value,
    }
}

impl Parameter {
    /// Marks it as never for suppliers.
    pub(crate) const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// Lists the words its values are.
    pub(crate) const fn words(mut self, words: &'static [&'static str]) -> Self {
        self.words = words;
        self
    }

    /// States why it has no values so far, in English and Russian.
    pub(crate) const fn missing(mut self, reason: [&'static str; 2]) -> Self {
        self.missing = Some(Wording::of(reason));
        self
    }

    pub(crate) fn value(&self, facts: &Facts<'_>) -> Value {
        (self.value)(facts)
    }
}

static REGISTRY: LazyLock<Vec<Parameter>> = LazyLock::new(|| {
    let mut all = Vec::new();
    for &(group, title, parameters) in FAMILIES {
        all.extend(parameters.iter().map(|&parameter| Parameter {
            group,
            group_title: Wording::of(title),
            unit_title: Wording::of_unit(parameter.unit),
            ..parameter
        }));
    }
    all
});

/// Every parameter, in the sequence of a portrait's values.
#[must_use]
pub fn registry() -> &'static [Parameter] {
    &REGISTRY
}

/// The place of a parameter in the registry and in every portrait; nothing for an unknown name.
#[must_use]
pub fn index(name: &str) -> Option<usize> {
    registry().iter().position(|parameter| parameter.name == name)
}

const NOTATION: &str = "\
# The portrait

One customer in numbers, as of a day. Every parameter has a name, by which files, segments and rules know it, and a
title in English and in Russian (*по-русски*), by which people do. This page is written by the registry of the crate
`portrait`: change it there and run `UPDATE_EXPECT=1 cargo test -p portrait`.

## Notation

- **D** is the day of the portrait, by the calendar of the shop, and counts as passed. The **age** of
  a date is D minus it. `(W)` is a window of ages 0 to W − 1; `(a,b)` of ages b to a − 1;
  no window means everything up to D.
- Lines that the source left with quantity 0 and net 0 do not exist. A **return** has a negative
  quantity or a negative net. **S** are the others, the sale lines. **M** are the lines of S whose
  product is merchandise and has a category.
- **net** is what the retailer received for a line, **disc** the discount he paid, **shelf** = net +
  disc, **rcoup** the part of disc that his own coupon gave, **scoup** what a supplier's coupon gave
  (the customer paid net − scoup). A **promo line** has disc > 0.
- **receipts**, **days**, **lines**, **products**, **categories**, **brands**, **shops** of a set are
  counted without repetition. **gaps** are the differences, in days, between neighbours of a sorted
  set of days.
- **week k** holds ages 7k to 7k + 6.
- **q(p)** is a quantile with linear interpolation at place (n − 1)·p, **median** is q(½), **sd** the
  deviation of a sample (n − 1), **H** the entropy −Σ p·ln p.
- Money is summed and compared in whole minor units and divided once, at the end; it is shown in
  major units. A ratio over zero is null; a count or a sum over nothing is 0.
- Ties are decided by id: integers by value, other texts by their bytes. \"First by a, b\" means
  largest a, then largest b, then smallest id.
- **Population** is all customers with sale lines, as of the same D. One who was left out of it (a
  card many people use) is compared as if he were added. Products, categories and customers it does
  not know are left out of means over it.

Parameters marked *sensitive* are never shown to suppliers. Parameters marked *later* are null for
everybody until there is input that portraits read.
";

/// The registry as the text of `docs/PORTRAIT.md`.
#[must_use]
pub fn markdown() -> String {
    let mut text = NOTATION.to_owned();
    let write = |text: &mut String, line: std::fmt::Arguments<'_>| {
        text.write_fmt(line).expect("writing to a string cannot fail");
    };
    for family in registry().chunk_by(|a, b| a.group == b.group) {
        let Parameter { group, group_title: Wording { en, ru }, .. } = family[0];
        write(&mut text, format_args!("\n## {group}\n\n{en} · {ru}\n\n"));
        text.push_str("| parameter | title | по-русски | unit | formula | null |\n");
        text.push_str("|---|---|---|---|---|---|\n");
        for Parameter { name, title, unit, formula, null_rule, sensitive, missing, .. } in family {
            let Wording { en, ru } = title;
            let formula = formula.replace('|', "\\|");
            let sensitive = if *sensitive { " *(sensitive)*" } else { "" };
            let later =
                missing.map(|reason| format!(" *Later: {}.*", reason.en)).unwrap_or_default();
            write(
                &mut text,
                format_args!(
                    "| `{name}`{sensitive} | {en} | {ru} | {unit} | {formula}{later} | {null_rule} |\n"
                ),
            );
        }
    }
    text
}
