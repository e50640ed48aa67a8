//! Shoes: models for women, men and children, each in its range of sizes.

use super::{Brand, brand};
use crate::calendar::Season::{self, Between, Flat, Summer, Winter};

/// For whom a model is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wearer {
    /// Sizes 35 to 41.
    Woman,
    /// Sizes 40 to 46.
    Man,
    /// Sizes 24 to 37.
    Child,
}

impl Wearer {
    /// The sizes that are made, both ends included.
    pub(crate) const fn sizes(self) -> (u32, u32) {
        match self {
            Self::Woman => (35, 41),
            Self::Man => (40, 46),
            Self::Child => (24, 37),
        }
    }

    /// The department, `Russian|English`.
    pub(crate) const fn department(self) -> &'static str {
        match self {
            Self::Woman => "Женская обувь|Women's shoes",
            Self::Man => "Мужская обувь|Men's shoes",
            Self::Child => "Детская обувь|Children's shoes",
        }
    }
}

/// A sort of shoes: one category for each wearer.
#[derive(Clone, Copy)]
pub(crate) struct Model {
    /// Category, `Russian|English`.
    pub name: &'static str,
    /// For whom.
    pub wearer: Wearer,
    /// Lowest and highest price, roubles.
    pub price: (u32, u32),
    /// When it is bought.
    pub season: Season,
}

const fn model(name: &'static str, wearer: Wearer, price: (u32, u32), season: Season) -> Model {
    Model { name, wearer, price, season }
}

/// The sorts of shoes.
pub(crate) const MODELS: &[Model] = &[
    model("Ботинки зимние женские|Women's winter boots", Wearer::Woman, (4900, 12900), Winter),
    model("Сапоги женские|Women's high boots", Wearer::Woman, (5900, 15900), Winter),
    model("Ботильоны|Ankle boots", Wearer::Woman, (3900, 9900), Between),
    model("Туфли женские|Women's pumps", Wearer::Woman, (2900, 8900), Between),
    model("Босоножки|Sandals with heels", Wearer::Woman, (1900, 6900), Summer),
    model("Кроссовки женские|Women's trainers", Wearer::Woman, (2900, 8900), Flat),
    model("Балетки|Ballet flats", Wearer::Woman, (1900, 4900), Summer),
    model("Ботинки зимние мужские|Men's winter boots", Wearer::Man, (5400, 13900), Winter),
    model("Полуботинки мужские|Men's low shoes", Wearer::Man, (3900, 10900), Between),
    model("Кроссовки мужские|Men's trainers", Wearer::Man, (3400, 9900), Flat),
    model("Сандалии мужские|Men's sandals", Wearer::Man, (1900, 5900), Summer),
    model("Ботинки зимние детские|Children's winter boots", Wearer::Child, (2900, 6900), Winter),
    model("Ботинки детские|Children's ankle boots", Wearer::Child, (2400, 5400), Between),
    model("Сандалии детские|Children's sandals", Wearer::Child, (1400, 3400), Summer),
    model("Кроссовки детские|Children's trainers", Wearer::Child, (1900, 4400), Flat),
    model("Резиновые сапоги детские|Children's wellingtons", Wearer::Child, (900, 2400), Between),
];

/// The brands of shoes; the first three also make children's.
pub(crate) const SHOE_BRANDS: &[Brand] = &[
    brand("Шагелла|Shagella", "Шагелла Обувь|Shagella Footwear", 92),
    brand("Топотель|Topotel", "Шагелла Обувь|Shagella Footwear", 84),
    brand("Каблуччо|Kablucchio", "Каблуччо Мода|Kablucchio Fashion", 108),
    brand("Ступенья|Stupenya", "Каблуччо Мода|Kablucchio Fashion", 100),
    Brand {
        name: "Двапара База|Dvapara Basic",
        supplier: "Двапара Закупка|Dvapara Sourcing",
        level: 72,
        own: true,
    },
    brand("Вельтмарш|Veltmarsch", "Вельтмарш Импорт|Veltmarsch Import", 136),
];

/// Care and services: category, kind, price in roubles, whether a service.
pub(crate) const CARE: &[(&str, &str, u32, bool)] = &[
    (
        "Уход за обувью|Shoe care",
        "Спрей водоотталкивающий, 250 мл|Water-repellent spray, 250 ml",
        490,
        false,
    ),
    ("Уход за обувью|Shoe care", "Крем чёрный, 50 мл|Black cream, 50 ml", 290, false),
    ("Уход за обувью|Shoe care", "Щётка «Двойная»|\"Double\" brush", 350, false),
    ("Стельки и шнурки|Insoles and laces", "Стельки зимние|Winter insoles", 390, false),
    ("Стельки и шнурки|Insoles and laces", "Стельки летние|Summer insoles", 290, false),
    ("Стельки и шнурки|Insoles and laces", "Шнурки, 120 см|Laces, 120 cm", 150, false),
    (
        "Носки и колготки|Socks and tights",
        "Носки хлопковые, 3 пары|Cotton socks, 3 pairs",
        390,
        false,
    ),
    ("Носки и колготки|Socks and tights", "Колготки тёплые|Warm tights", 590, false),
    ("Ремонт обуви|Shoe repair", "Замена набоек|Heel tips", 700, true),
    ("Ремонт обуви|Shoe repair", "Растяжка обуви|Shoe stretching", 600, true),
];
