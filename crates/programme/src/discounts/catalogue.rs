//! Rules held against the catalogue: what they name must be there, a gift must be allowed, a bundle must
//! be such that somebody can put it together and pays less.

use std::collections::{HashMap, HashSet};

use pricing::{Bundle, Effect, Goods, GoodsPart, NamedGoods, Problem, Ruleset, regulated};
use retail::{Day, Price, Product};

use super::looked_over::Found;

/// Faults of one ruleset that are told, at most: a catalogue that is not there is wrong everywhere.
const PROBLEMS_MAX: usize = 1_000;

/// The catalogue, found by what rules name.
pub(super) struct Catalogue<'a> {
    products: &'a [Product],
    by_id: HashMap<&'a str, usize>,
    by_category: HashMap<&'a str, Vec<usize>>,
    by_brand: HashMap<&'a str, Vec<usize>>,
    by_supplier: HashMap<&'a str, Vec<usize>>,
    by_mark: HashMap<&'a str, Vec<usize>>,
    /// The dearest of a product's last shelf prices, minor units.
    price: HashMap<&'a str, i64>,
}

impl<'a> Catalogue<'a> {
    pub fn new(products: &'a [Product], prices: &'a [Price]) -> Self {
        let mut catalogue = Self {
            products,
            by_id: HashMap::new(),
            by_category: HashMap::new(),
            by_brand: HashMap::new(),
            by_supplier: HashMap::new(),
            by_mark: HashMap::new(),
            price: dearest(prices),
        };
        for (at, product) in products.iter().enumerate() {
            catalogue.by_id.insert(&product.id.0, at);
            for node in nodes(product) {
                catalogue.by_category.entry(node).or_default().push(at);
            }
            if let Some(brand) = &product.brand {
                catalogue.by_brand.entry(brand).or_default().push(at);
            }
            if let Some(supplier) = &product.supplier {
                catalogue.by_supplier.entry(supplier).or_default().push(at);
            }
            for mark in &product.tags {
                catalogue.by_mark.entry(mark).or_default().push(at);
            }
        }
        catalogue
    }

    /// Tells whatever of the rules does not go with the catalogue.
    pub fn hold_against(&self, ruleset: &Ruleset, found: &mut Found) {
        let rows = regulated(&ruleset.regulated);
        let marks: HashSet<&str> = rows.iter().map(|row| row.mark.as_str()).collect();
        let before = found.problems.len();
        for named in ruleset.named_goods() {
            if found.problems.len() - before > PROBLEMS_MAX {
                return;
            }
            let whole = self.names(&named, &marks, found);
            if whole && named.part != GoodsPart::Excepted && !self.any(named.goods) {
                let detail = "no product of the catalogue is all of that at once".to_owned();
                let problem = Problem { pointer: named.pointer, code: "no_product_fits", detail };
                match named.part {
                    GoodsPart::Bundle => found.problems.push(problem),
                    _ => found.warnings.push(problem),
                }
            }
        }
        for (at, rule) in ruleset.rules.iter().enumerate() {
            if let Some(supplier) = &rule.payer.supplier
                && !self.by_supplier.contains_key(supplier.as_str())
            {
                let pointer = format!("/rules/{at}/payer/supplier");
                found.problems.push(self.unknown("supplier", pointer, supplier));
            }
            for (number, effect) in rule.then.iter().enumerate() {
                let place = format!("/rules/{at}/then/{number}/{}", effect.kind());
                match effect {
                    Effect::Gift(gift) => match self.by_id.get(gift.product.as_str()) {
                        None => {
                            let pointer = format!("{place}/product");
                            found.problems.push(self.unknown("product", pointer, &gift.product));
                        }
                        Some(&product) => {
                            let tags = &self.products[product].tags;
                            let barred =
                                rows.iter().find(|row| !row.gift && tags.contains(&row.mark));
                            if let Some(row) = barred {
                                let detail =
                                    format!("is {}: the law does not let it be a gift", row.mark);
                                let pointer = format!("{place}/product");
                                let code = "regulated_gift";
                                found.problems.push(Problem { pointer, code, detail });
                            }
                        }
                    },
                    Effect::Bundle(bundle) => self.bundle(&place, bundle, found),
                    _ => {}
                }
            }
        }
    }

    /// Tells names that the catalogue does not know; whether it knows all.
    fn names(&self, named: &NamedGoods<'_>, marks: &HashSet<&str>, found: &mut Found) -> bool {
        let before = found.problems.len();
        let goods = named.goods;
        let lists: [(&str, &str, &[String]); 5] = [
            ("product", "products", &goods.products),
            ("category", "categories", &goods.categories),
            ("brand", "brands", &goods.brands),
            ("supplier", "suppliers", &goods.suppliers),
            ("mark", "marks", &goods.marks),
        ];
        for (kind, field, names) in lists {
            for (at, name) in names.iter().enumerate() {
                let name = name.as_str();
                let known = match kind {
                    "product" => self.by_id.contains_key(name),
                    "category" => self.by_category.contains_key(name),
                    "brand" => self.by_brand.contains_key(name),
                    "supplier" => self.by_supplier.contains_key(name),
                    _ => self.by_mark.contains_key(name) || marks.contains(name),
                };
                if !known {
                    let pointer = format!("{}/{field}/{at}", named.pointer);
                    found.problems.push(self.unknown(kind, pointer, name));
                }
            }
        }
        found.problems.len() == before
    }

    fn unknown(&self, kind: &str, pointer: String, name: &str) -> Problem {
        let code = match kind {
            "product" => "unknown_product",
            "category" => "unknown_category",
            "brand" => "unknown_brand",
            "supplier" => "unknown_supplier",
            _ => "unknown_mark",
        };
        let mut detail = format!("the catalogue has no {kind} {name:?}");
        if self.products.is_empty() {
            detail.push_str("; it is empty: import one first");
        }
        Problem { pointer, code, detail }
    }

    /// A bundle that costs at least what its parts cost is never bought.
    fn bundle(&self, place: &str, bundle: &Bundle, found: &mut Found) {
        let mut parts = 0_i64;
        for part in &bundle.parts {
            // Whoever buys the dearest would gain most: if even he does not, nobody does.
            let Some(dearest) = self.dearest_of(&part.goods) else { return };
            parts = parts.saturating_add(dearest.saturating_mul(i64::from(part.units)));
        }
        if !bundle.parts.is_empty() && bundle.price.0 >= parts {
            let detail = format!(
                "is {}, and its parts cost {} together at most: it never makes anything cheaper",
                bundle.price.0, parts
            );
            let (pointer, code) = (format!("{place}/price"), "bundle_never_cheaper");
            found.problems.push(Problem { pointer, code, detail });
        }
    }

    /// What the dearest of some goods costs; nothing where the price of one is not known.
    fn dearest_of(&self, goods: &Goods) -> Option<i64> {
        if let Some(max) = goods.price.max {
            return Some(max);
        }
        let mut dearest = None;
        for at in self.candidates(goods) {
            let product = &self.products[at];
            if is_meant(goods, product) {
                dearest = dearest.max(Some(*self.price.get(product.id.0.as_str())?));
            }
        }
        dearest
    }

    /// Whether any product is meant.
    fn any(&self, goods: &Goods) -> bool {
        self.candidates(goods).any(|at| is_meant(goods, &self.products[at]))
    }

    /// Products among which those that are meant are.
    fn candidates<'b>(&'b self, goods: &'b Goods) -> Box<dyn Iterator<Item = usize> + 'b> {
        type Index<'i> = HashMap<&'i str, Vec<usize>>;
        let of = |index: &'b Index<'a>, names: &'b [String]| {
            names.iter().filter_map(|name| index.get(name.as_str())).flatten().copied()
        };
        if !goods.products.is_empty() {
            let known = goods.products.iter().filter_map(|name| self.by_id.get(name.as_str()));
            Box::new(known.copied())
        } else if !goods.brands.is_empty() {
            Box::new(of(&self.by_brand, &goods.brands))
        } else if !goods.categories.is_empty() {
            Box::new(of(&self.by_category, &goods.categories))
        } else if !goods.suppliers.is_empty() {
            Box::new(of(&self.by_supplier, &goods.suppliers))
        } else if !goods.marks.is_empty() {
            Box::new(of(&self.by_mark, &goods.marks))
        } else {
            Box::new(0..self.products.len())
        }
    }
}

/// Nodes of the category tree that a product is in.
fn nodes(product: &Product) -> impl Iterator<Item = &str> {
    [&product.department, &product.category, &product.kind]
        .into_iter()
        .flatten()
        .map(String::as_str)
}

/// Whether goods mean a product, as far as the catalogue can tell: what a day's shelf or a customer
/// decides may be so.
fn is_meant(goods: &Goods, product: &Product) -> bool {
    let one = |list: &[String], own: Option<&String>| {
        list.is_empty() || own.is_some_and(|own| list.contains(own))
    };
    one(&goods.products, Some(&product.id.0))
        && (goods.categories.is_empty()
            || nodes(product).any(|node| goods.categories.iter().any(|named| named == node)))
        && one(&goods.brands, product.brand.as_ref())
        && one(&goods.suppliers, product.supplier.as_ref())
        && (goods.marks.is_empty() || goods.marks.iter().any(|mark| product.tags.contains(mark)))
        && goods.except.as_ref().is_none_or(|except| {
            let may_differ = except.favourite
                || except.above_competitor
                || except.marked_down.is_some()
                || !except.price.is_any();
            may_differ || !is_meant(except, product)
        })
}

/// The dearest of each product's last prices: of every shop the newest counts.
fn dearest(prices: &[Price]) -> HashMap<&str, i64> {
    let mut newest: HashMap<(&str, Option<&str>), (Day, i64)> = HashMap::new();
    for price in prices {
        let shop = price.shop.as_ref().map(|shop| shop.0.as_str());
        let row = newest.entry((&price.product.0, shop)).or_insert((price.from, price.price.0));
        if price.from >= row.0 {
            *row = (price.from, price.price.0);
        }
    }
    let mut dearest: HashMap<&str, i64> = HashMap::new();
    for ((product, _), (_, price)) in newest {
        let most = dearest.entry(product).or_insert(price);
        *most = (*most).max(price);
    }
    dearest
}
