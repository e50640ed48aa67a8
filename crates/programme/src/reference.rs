//! The catalogue as portraits and models want it: dense columns by the lake's codes.

use std::collections::HashMap;

use anyhow::Result;
use lake::{Lake, Row};
use models::{Items, Level};
use portrait::{Catalogue, Item, Marks, Site};
use retail::{NONE, Product, Texts, compare_ids};

/// Products and shops by code, and the texts behind the codes of categories and brands.
#[derive(Debug)]
pub(crate) struct Reference {
    /// What the portrait knows.
    pub catalogue: Catalogue,
    /// The product of each code; one the catalogue lacks has its id only.
    pub products: Vec<Product>,
    /// Products of the catalogue that nobody has bought yet, and that have no code therefore, by their ids.
    unsold: HashMap<String, Product>,
    /// Categories in source order: a category's code is its place.
    pub categories: Vec<String>,
    /// Brands in source order.
    pub brands: Vec<String>,
    /// Texts behind the codes of profiles and of shops' regions.
    pub texts: Texts,
    ranks: Vec<u32>,
}

impl Reference {
    /// The tables that [`Reference::read`] reads.
    pub(crate) const TABLES: [&str; 3] = [Product::TABLE, retail::Shop::TABLE, retail::Cost::TABLE];

    /// Reads the tables of the lake. Regions of shops get codes behind those of profiles.
    pub(crate) fn read(lake: &Lake, profiles: &Texts) -> Result<Self> {
        let mut texts = profiles.clone();
        let (products, unsold) = products(lake)?;
        let categories = places(products.iter().filter_map(|product| product.category.as_deref()));
        let brands = places(products.iter().filter_map(|product| product.brand.as_deref()));
        let ranks = lake.products()?.ranks().to_vec();
        let code = |places: &HashMap<&str, u32>, text: &Option<String>| {
            text.as_deref().and_then(|text| places.get(text)).copied().unwrap_or(NONE)
        };
        let items: Vec<Item> = products
            .iter()
            .zip(&ranks)
            .map(|(product, &rank)| Item {
                category: code(&categories, &product.category),
                brand: code(&brands, &product.brand),
                rank,
                marks: Marks::of(product),
            })
            .collect();
        let catalogue = Catalogue::new(&items)
            .with_sites(sites(lake, &mut texts)?)
            .with_customer_ranks(lake.customers()?.ranks().to_vec())
            .with_online(lake.channels()?.code("online"))
            .with_costs(lake.table::<retail::Cost>()?.into_iter().filter_map(|cost| {
                let product = lake.products().ok()?.code(&cost.product.0)?;
                Some((product, cost.from, cost.cost))
            }));
        let (categories, brands) = (texts_of(categories), texts_of(brands));
        Ok(Self { catalogue, products, unsold, categories, brands, texts, ranks })
    }

    /// The product of an id, whose code is this if it has one.
    pub(crate) fn product(&self, id: &str, code: Option<u32>) -> Option<&Product> {
        match code {
            Some(code) => self.products.get(code as usize),
            None => self.unsold.get(id),
        }
    }

    /// Categories of the products with the first so many codes, in source order: the place that each has among
    /// all.
    pub(crate) fn categories_of(&self, products: usize) -> Vec<u32> {
        let all: HashMap<&str, u32> = self.categories.iter().map(String::as_str).zip(0..).collect();
        let first = self.products.iter().take(products);
        let named = first.filter_map(|product| all.get(product.category.as_deref()?).copied());
        let mut places: Vec<u32> = named.collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// Which item each product is at a level of the models; products that may not be offered are none.
    pub(crate) fn items(&self, level: Level) -> Items {
        let name = |product: &'_ Product| match level {
            Level::Product => None,
            Level::Kind => product.kind.clone(),
            Level::Category => product.category.clone(),
        };
        let names: Vec<Option<String>> = self.products.iter().map(name).collect();
        let places = places(names.iter().flatten().map(String::as_str));
        let item = |code: usize| {
            if !self.products[code].offerable {
                return NONE;
            }
            match level {
                Level::Product => self.ranks[code],
                Level::Kind | Level::Category => names[code]
                    .as_deref()
                    .and_then(|name| places.get(name))
                    .copied()
                    .unwrap_or(NONE),
            }
        };
        let count = if level == Level::Product { self.products.len() } else { places.len() };
        Items { level, item: (0..self.products.len()).map(item).collect(), count: count as u32 }
    }
}

/// Products by their codes, and those that have none.
fn products(lake: &Lake) -> Result<(Vec<Product>, HashMap<String, Product>)> {
    let mut known: HashMap<String, Product> = lake
        .table::<Product>()?
        .into_iter()
        .map(|product| (product.id.0.clone(), product))
        .collect();
    // A retailer who has no catalogue can still be served: everything may be offered then.
    let no_catalogue = known.is_empty();
    let dictionary = lake.products()?;
    let product = |code| {
        let id = dictionary.text(code).unwrap_or_default();
        known
            .remove(id)
            .unwrap_or_else(|| Product { offerable: no_catalogue, ..Product::unknown(id) })
    };
    let sold = (0..dictionary.len() as u32).map(product).collect();
    Ok((sold, known))
}

fn sites(lake: &Lake, texts: &mut Texts) -> Result<Vec<Site>> {
    let regions: HashMap<String, String> = lake
        .table::<retail::Shop>()?
        .into_iter()
        .filter_map(|shop| Some((shop.id.0, shop.region?)))
        .collect();
    let shops = lake.shops()?;
    let site = |(code, &rank): (u32, &u32)| Site {
        rank,
        region: shops.text(code).and_then(|id| regions.get(id)).map(|region| texts.code(region)),
    };
    Ok((0..).zip(shops.ranks()).map(site).collect())
}

/// Distinct texts in source order, each with its place.
fn places<'a>(texts: impl Iterator<Item = &'a str>) -> HashMap<&'a str, u32> {
    let distinct: std::collections::HashSet<&str> = texts.collect();
    let mut sorted: Vec<&str> = distinct.into_iter().collect();
    sorted.sort_by(|a, b| compare_ids(a, b));
    sorted.into_iter().zip(0..).collect()
}

fn texts_of(places: HashMap<&str, u32>) -> Vec<String> {
    let mut texts = vec![String::new(); places.len()];
    for (text, place) in places {
        texts[place as usize] = text.to_owned();
    }
    texts
}
