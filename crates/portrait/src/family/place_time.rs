//! Where and when the customer buys.

use std::cmp::Reverse;

use crate::facts::{Facts, Given};
use crate::registry::{Parameter, parameter};
use crate::value::Kind::{Bool, Float, Int, Shop};
use crate::value::{Value, count, ratio};
use crate::walk::{ShopSums, Walk};
use crate::window::YEAR;

const NO_VISIT: &str = "visits_364d = 0";
const NO_SPEND: &str = "spend_364d = 0";

/// Shops, weekdays and hours of the last 364 days.
#[derive(Default)]
pub(crate) struct Visiting {
    /// The main shop, its receipts.
    main: Option<(u32, i64)>,
    main_91d: Option<u32>,
    main_before: Option<u32>,
    switches: i64,
    /// Receipts by ISO weekday from Monday.
    weekdays: [i64; 7],
    weekend_net: i64,
    /// Receipts by [`part_of_day`].
    parts: [i64; 5],
    first_ten: i64,
}

impl Visiting {
    pub fn of(given: &Given<'_>, walk: &Walk) -> Self {
        let mut visiting = Self::default();
        let mut shop_before = None;
        for visit in walk.visits_364d() {
            let day = given.day(visit.age);
            let weekday = usize::from(day.weekday()) - 1;
            visiting.weekdays[weekday] += 1;
            visiting.weekend_net += if weekday >= 5 { visit.net } else { 0 };
            visiting.parts[part_of_day(visit.minute / 60)] += 1;
            visiting.first_ten += i64::from(day.date().day() <= 10);
            visiting.switches += i64::from(shop_before.is_some_and(|shop| shop != visit.shop));
            shop_before = Some(visit.shop);
        }
        let main = |sums: fn(&ShopSums) -> (i64, i64)| main_shop(given, walk, sums);
        visiting.main =
            main(|shop| (shop.visits_91d + shop.visits_before, shop.net_91d + shop.net_before));
        visiting.main_91d = main(|shop| (shop.visits_91d, shop.net_91d)).map(|main| main.0);
        visiting.main_before =
            main(|shop| (shop.visits_before, shop.net_before)).map(|main| main.0);
        visiting
    }

    pub fn main_shop(&self) -> Option<u32> {
        self.main.map(|(shop, _)| shop)
    }
}

/// The first shop by receipts and net, with its receipts.
fn main_shop(
    given: &Given<'_>,
    walk: &Walk,
    sums: fn(&ShopSums) -> (i64, i64),
) -> Option<(u32, i64)> {
    let visited = walk.shops.iter().map(|(code, shop)| (code, sums(shop)));
    let main = visited
        .filter(|&(_, (visits, _))| visits > 0)
        .max_by_key(|&(code, sums)| (sums, Reverse((given.catalogue.site_rank(code), code))));
    main.map(|(code, (visits, _))| (code, visits))
}

const MORNING: usize = 0;
const MIDDAY: usize = 1;
const AFTERNOON: usize = 2;
const EVENING: usize = 3;
const NIGHT: usize = 4;

fn part_of_day(hour: u16) -> usize {
    match hour {
        6..=10 => MORNING,
        11..=14 => MIDDAY,
        15..=17 => AFTERNOON,
        18..=21 => EVENING,
        _ => NIGHT,
    }
}

/// Share of receipts.
fn share(facts: &Facts<'_>, visits: i64) -> Value {
    ratio(visits, facts.walk.visits(0, YEAR))
}

/// A share of receipts by time.
const fn time_share(
    name: &'static str,
    title: [&'static str; 2],
    formula: &'static str,
    value: fn(&Facts<'_>) -> Value,
) -> Parameter {
    parameter(name, title, Float, "ratio", formula, NO_VISIT, value)
}

pub(crate) const PARAMETERS: &[Parameter] = &[
    parameter(
        "stores_364d",
        ["Different shops in 364 days", "Разных магазинов за 364 дня"],
        Int,
        "shops",
        "#shops(S(364))",
        "0 over nothing",
        |f| count(f.walk.shops.len()),
    ),
    parameter(
        "main_store_364d",
        ["Main shop by receipts in 364 days", "Основной магазин по чекам за 364 дня"],
        Shop,
        "shop id",
        "first shop by receipts, net of S(364)",
        "S(364) is empty",
        |f| f.visiting.main_shop().map_or(Value::Null, Value::Shop),
    ),
    parameter(
        "main_store_visit_share_364d",
        [
            "Share of receipts in the main shop in 364 days",
            "Доля чеков в основном магазине за 364 дня",
        ],
        Float,
        "ratio",
        "receipts in main_store_364d ÷ visits_364d",
        "S(364) is empty",
        |f| share(f, f.visiting.main.map_or(0, |(_, visits)| visits)),
    ),
    parameter(
        "store_switch_rate_364d",
        [
            "Share of receipts in another shop than before, 364 days",
            "Доля чеков со сменой магазина за 364 дня",
        ],
        Float,
        "ratio",
        "receipts of S(364) in another shop than the receipt before ÷ (visits_364d − 1); receipts in sequence of their beginning, then number",
        "visits_364d < 2",
        |f| match f.walk.visits(0, YEAR) {
            visits @ 2.. => ratio(f.visiting.switches, visits - 1),
            _ => Value::Null,
        },
    ),
    parameter(
        "main_store_changed_91d",
        [
            "Main shop of 91 days is not that of the 273 before",
            "Основной магазин за 91 день не тот, что за 273 до того",
        ],
        Bool,
        "yes or no",
        "the main shop of S(91) is not that of S(364,91)",
        "either is empty",
        |f| match (f.visiting.main_91d, f.visiting.main_before) {
            (Some(now), Some(before)) => Value::Bool(now != before),
            _ => Value::Null,
        },
    ),
    parameter(
        "online_spend_share_364d",
        [
            "Share of online sales in purchases of 364 days",
            "Доля онлайна в сумме покупок за 364 дня",
        ],
        Float,
        "ratio",
        "Σ net of lines of S(364) sold online ÷ spend_364d",
        "spend_364d = 0, or no line of S(364) has a channel",
        |f| match f.walk.sums.channel_known {
            true => ratio(f.walk.sums.online, f.walk.spend(0, YEAR)),
            false => Value::Null,
        },
    ),
    time_share(
        "visit_share_mon_364d",
        ["Share of receipts on Mondays in 364 days", "Доля чеков по понедельникам за 364 дня"],
        "share of receipts of S(364) on Mondays",
        |f| share(f, f.visiting.weekdays[0]),
    ),
    time_share(
        "visit_share_tue_364d",
        ["Share of receipts on Tuesdays in 364 days", "Доля чеков по вторникам за 364 дня"],
        "share of receipts of S(364) on Tuesdays",
        |f| share(f, f.visiting.weekdays[1]),
    ),
    time_share(
        "visit_share_wed_364d",
        ["Share of receipts on Wednesdays in 364 days", "Доля чеков по средам за 364 дня"],
        "share of receipts of S(364) on Wednesdays",
        |f| share(f, f.visiting.weekdays[2]),
    ),
    time_share(
        "visit_share_thu_364d",
        ["Share of receipts on Thursdays in 364 days", "Доля чеков по четвергам за 364 дня"],
        "share of receipts of S(364) on Thursdays",
        |f| share(f, f.visiting.weekdays[3]),
    ),
    time_share(
        "visit_share_fri_364d",
        ["Share of receipts on Fridays in 364 days", "Доля чеков по пятницам за 364 дня"],
        "share of receipts of S(364) on Fridays",
        |f| share(f, f.visiting.weekdays[4]),
    ),
    time_share(
        "visit_share_sat_364d",
        ["Share of receipts on Saturdays in 364 days", "Доля чеков по субботам за 364 дня"],
        "share of receipts of S(364) on Saturdays",
        |f| share(f, f.visiting.weekdays[5]),
    ),
    time_share(
        "visit_share_sun_364d",
        ["Share of receipts on Sundays in 364 days", "Доля чеков по воскресеньям за 364 дня"],
        "share of receipts of S(364) on Sundays",
        |f| share(f, f.visiting.weekdays[6]),
    ),
    parameter(
        "weekend_spend_share_364d",
        [
            "Share of weekends in purchases of 364 days",
            "Доля суббот и воскресений в сумме покупок за 364 дня",
        ],
        Float,
        "ratio",
        "Σ net of S(364) on Saturdays and Sundays ÷ spend_364d",
        NO_SPEND,
        |f| ratio(f.visiting.weekend_net, f.walk.spend(0, YEAR)),
    ),
    time_share(
        "visit_share_morning_364d",
        [
            "Share of morning receipts (6:00–10:59) in 364 days",
            "Доля утренних чеков (6:00–10:59) за 364 дня",
        ],
        "share of receipts of S(364) begun from 6:00 to 10:59",
        |f| share(f, f.visiting.parts[MORNING]),
    ),
    time_share(
        "visit_share_midday_364d",
        [
            "Share of midday receipts (11:00–14:59) in 364 days",
            "Доля дневных чеков (11:00–14:59) за 364 дня",
        ],
        "share of receipts of S(364) begun from 11:00 to 14:59",
        |f| share(f, f.visiting.parts[MIDDAY]),
    ),
    time_share(
        "visit_share_afternoon_364d",
        [
            "Share of afternoon receipts (15:00–17:59) in 364 days",
            "Доля чеков после обеда (15:00–17:59) за 364 дня",
        ],
        "share of receipts of S(364) begun from 15:00 to 17:59",
        |f| share(f, f.visiting.parts[AFTERNOON]),
    ),
    time_share(
        "visit_share_evening_364d",
        [
            "Share of evening receipts (18:00–21:59) in 364 days",
            "Доля вечерних чеков (18:00–21:59) за 364 дня",
        ],
        "share of receipts of S(364) begun from 18:00 to 21:59",
        |f| share(f, f.visiting.parts[EVENING]),
    ),
    time_share(
        "visit_share_night_364d",
        [
            "Share of night receipts (22:00–5:59) in 364 days",
            "Доля ночных чеков (22:00–5:59) за 364 дня",
        ],
        "share of receipts of S(364) begun from 22:00 to 5:59",
        |f| share(f, f.visiting.parts[NIGHT]),
    ),
    time_share(
        "first_ten_days_visit_share_364d",
        [
            "Share of receipts on days 1 to 10 of a month, 364 days",
            "Доля чеков с 1-го по 10-е число месяца за 364 дня",
        ],
        "share of receipts of S(364) on days 1 to 10 of a month (after payday)",
        |f| share(f, f.visiting.first_ten),
    ),
];
