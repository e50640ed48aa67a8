//! Which goods a rule means, in the form in which a basket is searched: texts become numbers.

use rustc_hash::FxHashMap;

use crate::basket::{BasketLine, CustomerFacts};
use crate::ruleset::{Goods, Range};

/// No text of the rules.
pub(crate) const NONE: u32 = u32::MAX;

/// Texts that rules name, each with its number.
#[derive(Debug, Default)]
pub(crate) struct Symbols(FxHashMap<Box<str>, u32>);

impl Symbols {
    pub fn add(&mut self, text: &str) -> u32 {
        if let Some(&known) = self.0.get(text) {
            return known;
        }
        let next = self.0.len() as u32;
        self.0.insert(text.into(), next);
        next
    }

    pub fn of(&self, text: &str) -> u32 {
        self.0.get(text).copied().unwrap_or(NONE)
    }
}

/// Goods as rules mean them.
#[derive(Debug)]
pub(crate) struct Meant {
    pub all: bool,
    pub products: Box<[u32]>,
    pub categories: Box<[u32]>,
    pub brands: Box<[u32]>,
    pub suppliers: Box<[u32]>,
    marks: Box<[u32]>,
    favourite: bool,
    above_competitor: bool,
    marked_down: Option<bool>,
    price: Range,
    except: Option<Box<Meant>>,
    /// As reasons name them: `category dairy`.
    pub label: Box<str>,
}

/// A line as rules see it.
#[derive(Debug)]
pub(crate) struct Seen {
    pub product: u32,
    pub brand: u32,
    pub supplier: u32,
    /// Categories, then marks, of this line in [`Sight::symbols`].
    categories: (u32, u32),
    marks: (u32, u32),
    favourite: bool,
    above_competitor: bool,
    marked_down: bool,
    price: i64,
}

/// All lines of a basket as rules see them.
#[derive(Debug, Default)]
pub(crate) struct Sight {
    pub lines: Vec<Seen>,
    symbols: Vec<u32>,
}

impl Meant {
    pub fn new(goods: &Goods, symbols: &mut Symbols) -> Self {
        let mut numbers = |texts: &[String]| {
            let mut numbers: Vec<u32> = texts.iter().map(|text| symbols.add(text)).collect();
            numbers.sort_unstable();
            numbers.dedup();
            numbers.into_boxed_slice()
        };
        Self {
            all: goods.is_all(),
            products: numbers(&goods.products),
            categories: numbers(&goods.categories),
            brands: numbers(&goods.brands),
            suppliers: numbers(&goods.suppliers),
            marks: numbers(&goods.marks),
            favourite: goods.favourite,
            above_competitor: goods.above_competitor,
            marked_down: goods.marked_down,
            price: goods.price,
            except: goods.except.as_deref().map(|except| Box::new(Self::new(except, symbols))),
            label: label(goods).into(),
        }
    }

    /// Whether a line is meant.
    pub fn has(&self, line: &Seen, sight: &Sight) -> bool {
        if self.all {
            return true;
        }
        let named =
            |list: &[u32], symbol: u32| list.is_empty() || list.binary_search(&symbol).is_ok();
        let any = |list: &[u32], (from, to): (u32, u32)| {
            list.is_empty()
                || sight.symbols[from as usize..to as usize]
                    .iter()
                    .any(|symbol| list.binary_search(symbol).is_ok())
        };
        named(&self.products, line.product)
            && any(&self.categories, line.categories)
            && named(&self.brands, line.brand)
            && named(&self.suppliers, line.supplier)
            && any(&self.marks, line.marks)
            && (!self.favourite || line.favourite)
            && (!self.above_competitor || line.above_competitor)
            && self.marked_down.is_none_or(|marked| marked == line.marked_down)
            && self.price.contains(line.price)
            && self.except.as_ref().is_none_or(|except| !except.has(line, sight))
    }
}

impl Sight {
    pub fn of(lines: &[&BasketLine], customer: Option<&CustomerFacts>, symbols: &Symbols) -> Self {
        let mut sight = Self::default();
        sight.lines.reserve(lines.len());
        for line in lines {
            let seen = sight.see(line, customer, symbols);
            sight.lines.push(seen);
        }
        sight
    }

    fn see(
        &mut self,
        line: &BasketLine,
        customer: Option<&CustomerFacts>,
        symbols: &Symbols,
    ) -> Seen {
        let mut numbers = |texts: &[String]| {
            let from = self.symbols.len() as u32;
            let known = texts.iter().map(|text| symbols.of(text)).filter(|&symbol| symbol != NONE);
            self.symbols.extend(known);
            (from, self.symbols.len() as u32)
        };
        let of = |text: Option<&String>| text.map_or(NONE, |text| symbols.of(text));
        let favourites = customer.map(|customer| &customer.favourites);
        Seen {
            categories: numbers(&line.categories),
            marks: numbers(&line.marks),
            product: symbols.of(&line.product),
            brand: of(line.brand.as_ref()),
            supplier: of(line.supplier.as_ref()),
            favourite: favourites
                .is_some_and(|chosen| line.categories.iter().any(|own| chosen.contains(own))),
            above_competitor: line.competitor_price.is_some_and(|other| line.price > other),
            marked_down: line.regular_price.is_some_and(|regular| regular > line.price),
            price: line.price.0,
        }
    }

    /// Categories of a line that any rule names.
    pub fn categories(&self, line: &Seen) -> &[u32] {
        &self.symbols[line.categories.0 as usize..line.categories.1 as usize]
    }
}

/// Goods as a person names them.
fn label(goods: &Goods) -> String {
    let mut parts = Vec::new();
    for (kind, names) in [
        ("product", &goods.products),
        ("category", &goods.categories),
        ("brand", &goods.brands),
        ("supplier", &goods.suppliers),
        ("mark", &goods.marks),
    ] {
        match names.as_slice() {
            [] => {}
            [first] => parts.push(format!("{kind} {first}")),
            [first, rest @ ..] => parts.push(format!("{kind} {first} or {} others", rest.len())),
        }
    }
    if goods.favourite {
        parts.push("favourite categories".to_owned());
    }
    parts.join(", ")
}
