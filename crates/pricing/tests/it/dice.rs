//! Random rulesets and baskets out of numbers: drawn under a seed, or by proptest, which makes a failure small.

use std::collections::BTreeSet;

use pricing::*;
use retail::{Money, Quantity};

/// Random numbers for one ruleset and one basket; when they run out, zeros follow.
pub type Words = Vec<u16>;

/// How many are enough.
pub const WORDS: usize = 600;

pub struct Dice<'a>(std::slice::Iter<'a, u16>);

const PRODUCTS: [&str; 8] = ["p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7"];
const CATEGORIES: [&str; 4] = ["c0", "c1", "c2", "c3"];
const BRANDS: [&str; 3] = ["b0", "b1", "b2"];
const SEGMENTS: [&str; 2] = ["loyal", "new"];
const SERIES: [&str; 2] = ["spring", "autumn"];
const PRICES: [i64; 9] = [0, 1, 3, 99, 333, 999, 1_000, 12_345, 999_999];
const SHARES: [i64; 7] = [1, 33, 500, 1_000, 3_333, 9_999, 10_000];

impl<'a> Dice<'a> {
    pub fn new(words: &'a [u16]) -> Self {
        Self(words.iter())
    }

    /// 0 to `sides` − 1.
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0.next().map_or(0, |word| usize::from(*word) % sides)
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.roll(n) == n - 1
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len())]
    }

    fn text(&mut self, of: &[&str]) -> String {
        self.pick(of).to_owned()
    }

    fn some<T>(&mut self, n: usize, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.one_in(n) { Some(value(self)) } else { None }
    }

    fn amount(&mut self) -> Money {
        Money(self.pick(&PRICES).max(1))
    }

    pub fn settings(&mut self) -> Settings {
        Settings {
            fixed_each: self.pick(&[Each::Unit, Each::Line]),
            percent_base: self.pick(&[Base::Remaining, Base::Original, Base::RemainingOfLine]),
            free: self.pick(&[Free::Cheapest, Free::Dearest]),
            repeat: self.pick(&[Repeat::Block, Repeat::Once]),
            incomplete: self.pick(&[Incomplete::Nothing, Incomplete::Part]),
            rounding: self.pick(&[Place::Unit, Place::Line, Place::Receipt]),
            remainder: self.pick(&[Remainder::Largest, Remainder::First, Remainder::Last]),
            zero_weights: self.pick(&[ZeroWeights::Nothing, ZeroWeights::Even]),
            condition_base: self.pick(&[Base::Remaining, Base::Original]),
            budget_overrun: self.pick(&[BudgetOverrun::Trim, BudgetOverrun::Refuse]),
            floor_overflow: self.pick(&[FloorOverflow::Redistribute, FloorOverflow::Lose]),
            exclusive: self.pick(&[Exclusive::Priority, Exclusive::Best]),
            coupon_after_cancel: CouponAfterCancel::Reusable,
            lines: LineSequence::Canonical,
            combination: Combination::Sequence,
            combinations_max: CombinationsMax(500),
            vat: self.pick(&[Vat::Included, Vat::Included, Vat::Added]),
        }
    }

    pub fn ruleset(&mut self, rules_max: usize) -> Ruleset {
        let settings = self.settings();
        let groups = vec![
            Group { id: "all".into(), mode: GroupMode::All, of: GroupOf::Receipt },
            Group { id: "one".into(), mode: GroupMode::Best, of: GroupOf::Receipt },
            Group { id: "first".into(), mode: GroupMode::First, of: GroupOf::Receipt },
            Group { id: "line".into(), mode: GroupMode::Best, of: GroupOf::Line },
            Group { id: "line-first".into(), mode: GroupMode::First, of: GroupOf::Line },
        ];
        let caps = Caps {
            unit_discount_bps_max: self.some(5, |dice| dice.pick(&SHARES)),
            receipt_discount_bps_max: self.some(5, |dice| dice.pick(&SHARES)),
        };
        let redemption = self.some(2, |dice| Redemption {
            points_per_minor: dice.pick(&[1, 10, 100]),
            receipt_bps_max: dice.pick(&SHARES),
            line_bps_max: dice.some(3, |dice| dice.pick(&SHARES)),
            points_min: dice.pick(&[0, 50]),
            on: Goods::default(),
            shown: dice.pick(&[RedemptionShown::Discount, RedemptionShown::Payment]),
        });
        let count = 1 + self.roll(rules_max);
        Ruleset {
            currency: "RUB".into(),
            regulated: Regulated { profile: "ru".into(), confirmed: true, rows: Vec::new() },
            settings,
            segments: SEGMENTS.iter().map(|&name| (name.into(), String::new())).collect(),
            groups,
            caps,
            not_discounted: self.some(8, Self::goods).filter(|goods| !goods.is_all()),
            redemption,
            rules: (0..count).map(|at| self.rule(at)).collect(),
        }
    }

    fn rule(&mut self, at: usize) -> Rule {
        let group = self.pick(&["", "", "all", "one", "first", "line", "line-first"]);
        let by_line = group.starts_with("line");
        let effects = if by_line { 1 } else { 1 + self.roll(4) / 3 };
        let budget = self.some(8, |dice| Budget {
            campaign: format!("k{at}"),
            counts: dice.pick(&[BudgetCounts::Discount, BudgetCounts::Uses]),
            amount: dice.pick(&PRICES),
        });
        let supplier = self.some(4, |dice| dice.text(&BRANDS));
        Rule {
            id: format!("r{at}"),
            name: Text { ru: "правило".into(), en: "rule".into() },
            priority: self.roll(4) as i64,
            group: Some(group).filter(|group| !group.is_empty()).map(str::to_owned),
            exclusive: self.one_in(12),
            stacks: if self.one_in(6) { vec![self.text(&["x", "y"])] } else { Vec::new() },
            scope: Scope {
                shops: if self.one_in(8) { vec![self.text(&["s1", "s2"])] } else { Vec::new() },
                ..Scope::default()
            },
            schedule: Schedule {
                weekdays: if self.one_in(10) { vec![1 + self.roll(7) as u8] } else { Vec::new() },
                ..Schedule::default()
            },
            when: self.some(2, |dice| dice.condition(0)),
            then: (0..effects).map(|_| self.effect(by_line)).collect(),
            limits: Limits {
                line_discount_max: self.some(8, Self::amount),
                receipt_discount_max: self.some(8, Self::amount),
                customer: self.some(10, |dice| CustomerLimit {
                    window: dice.pick(&[Window::Day, Window::Week, Window::Month, Window::Ever]),
                    uses: Some(1),
                    amount: dice.some(2, Self::amount),
                }),
                budget,
            },
            payer: Payer {
                supplier_bps: if supplier.is_some() { self.pick(&SHARES) } else { 0 },
                supplier,
            },
        }
    }

    fn goods(&mut self) -> Goods {
        let mut goods = Goods::default();
        match self.roll(6) {
            0 => {}
            1 | 2 => goods.products = vec![self.text(&PRODUCTS), self.text(&PRODUCTS)],
            3 => goods.categories = vec![self.text(&CATEGORIES)],
            4 => goods.brands = vec![self.text(&BRANDS)],
            _ => goods.price = Range { min: Some(self.pick(&PRICES)), max: None },
        }
        if self.one_in(6) {
            let except = Goods { products: vec![self.text(&PRODUCTS)], ..Goods::default() };
            goods.except = Some(Box::new(except));
        }
        goods
    }

    fn range(&mut self) -> Range {
        match self.roll(3) {
            0 => Range { min: Some(self.pick(&PRICES)), max: None },
            1 => Range { min: None, max: Some(self.pick(&PRICES)) },
            _ => Range { min: Some(1), max: Some(self.pick(&PRICES).max(1)) },
        }
    }

    fn condition(&mut self, depth: usize) -> Condition {
        let base = self.some(3, |dice| dice.pick(&[Base::Remaining, Base::Original]));
        match self.roll(if depth > 2 { 8 } else { 11 }) {
            0 => Condition::Receipt(Measure { amount: self.range(), base, ..Measure::default() }),
            1 => {
                let quantity = Range { min: Some(1_000 * self.roll(4) as i64), max: None };
                let (goods, in_one_line) = (self.goods(), self.one_in(3));
                let amount = Range::default();
                Condition::Goods(GoodsMeasure { goods, quantity, in_one_line, amount, base })
            }
            2 => Condition::Segment(self.text(&SEGMENTS)),
            3 => Condition::Coupon(self.text(&SERIES)),
            4 => Condition::Card(self.one_in(2)),
            5 => Condition::Level(vec![self.text(&["gold", "base"])]),
            6 => Condition::Applied(vec!["r0".into()]),
            7 => Condition::Purchase(Purchase { number: Range::default(), every: Some(3) }),
            8 => Condition::Not(Box::new(self.condition(depth + 1))),
            9 => Condition::All(vec![self.condition(depth + 1), self.condition(depth + 1)]),
            _ => Condition::Any(vec![self.condition(depth + 1), self.condition(depth + 1)]),
        }
    }

    fn effect(&mut self, by_line: bool) -> Effect {
        let units_max = self.some(4, |dice| 1 + dice.roll(5) as u32);
        let rounding = self.some(3, |dice| dice.pick(&[Place::Unit, Place::Line]));
        let rounding = rounding.or(by_line.then_some(Place::Unit));
        let repeat = self.some(3, |dice| dice.pick(&[Repeat::Block, Repeat::Once]));
        match self.roll(if by_line { 4 } else { 13 }) {
            0 => Effect::Percent(Percent {
                discount_bps: self.pick(&SHARES),
                on: self.goods(),
                units_max,
                base: self.some(3, |dice| dice.pick(&[Base::Remaining, Base::Original])),
                rounding,
            }),
            1 => Effect::Fixed(Fixed {
                amount: self.amount(),
                per: if by_line {
                    Per::Unit
                } else {
                    self.pick(&[Per::Each, Per::Line, Per::Receipt])
                },
                on: self.goods(),
                units_max,
                with_shipping: false,
            }),
            2 => {
                Effect::FixedPrice(FixedPrice { price: self.amount(), on: self.goods(), units_max })
            }
            3 => Effect::PersonalPrice(On { on: self.goods(), units_max }),
            4 => {
                let (buy, other) = (self.goods(), self.goods());
                let get = if self.one_in(2) { buy.clone() } else { other };
                Effect::BuyGet(BuyGet {
                    buy,
                    buy_units: 1 + self.roll(3) as u32,
                    get,
                    get_units: 1 + self.roll(3) as u32,
                    discount_bps: self.pick(&SHARES),
                    free: self.some(3, |dice| dice.pick(&[Free::Cheapest, Free::Dearest])),
                    repeat,
                    units_max,
                })
            }
            5 => {
                let (share, amount) = (self.pick(&SHARES), self.some(3, Self::amount));
                Effect::Cheapest(Cheapest {
                    on: self.goods(),
                    of_units: 1 + self.roll(4) as u32,
                    discount_bps: if amount.is_some() { 10_000 } else { share },
                    amount,
                    repeat,
                })
            }
            6 => Effect::Bundle(Bundle {
                parts: (0..1 + self.roll(3))
                    .map(|_| BundlePart { goods: self.goods(), units: 1 + self.roll(2) as u32 })
                    .collect(),
                price: self.amount(),
                repeat,
            }),
            7 => {
                let tiers = (1..=1 + self.roll(3) as i64).map(|step| Tier {
                    from: step * 1_000,
                    discount_bps: (step % 2 == 1).then_some(step * 700),
                    amount: (step % 2 == 0).then_some(Money(step * 77)),
                });
                let tiers = tiers.collect();
                let by = self.pick(&[TierBy::Amount, TierBy::Quantity]);
                Effect::Tiers(Tiers { by, of: self.goods(), tiers, on: self.goods() })
            }
            8 => {
                let for_goods = self.some(2, Self::goods);
                let for_units = 1 + self.roll(2) as u32;
                Effect::Gift(Gift {
                    product: self.text(&PRODUCTS),
                    price: self.amount(),
                    units: 1 + self.roll(2) as u32,
                    for_units: if for_goods.is_some() { for_units } else { 1 },
                    for_goods,
                    units_max,
                })
            }
            9 => Effect::Points(match self.roll(3) {
                0 => PointsGiven::Rate { rate_bps: self.pick(&SHARES), on: self.goods() },
                1 => PointsGiven::Multiplier { multiplier_bps: 20_000, on: self.goods() },
                _ => PointsGiven::Fixed { points: 100 },
            }),
            10 => Effect::Shipping(Shipping {
                discount_bps: Some(self.pick(&SHARES)),
                ..Shipping::default()
            }),
            11 => Effect::Message(Message {
                to: MessageTo::Till,
                text: Text { ru: "спасибо".into(), en: "thanks".into() },
            }),
            _ => Effect::Fixed(Fixed {
                amount: self.amount(),
                per: Per::Receipt,
                on: self.goods(),
                units_max: None,
                with_shipping: true,
            }),
        }
    }

    pub fn situation(&mut self) -> Situation {
        let count = self.roll(7);
        let lines: Vec<BasketLine> = (0..count).map(|at| self.line(at)).collect();
        let coupons: Vec<String> = (0..self.roll(3)).map(|at| format!("code{at}")).collect();
        let points = if self.one_in(2) { self.pick(&PRICES) } else { 0 };
        let facts = self.facts(&coupons);
        let basket = Basket {
            currency: "RUB".into(),
            at: "2026-11-30T12:00:00".parse().unwrap(),
            network: None,
            shop: self.some(2, |dice| dice.text(&["s1", "s2"])),
            channel: None,
            lines,
            shipping: (0..self.roll(3))
                .map(|at| Delivery { id: format!("d{at}"), price: Money(self.pick(&PRICES)) })
                .collect(),
            payment: None,
            coupons,
            points,
        };
        Situation { basket, facts }
    }

    fn line(&mut self, at: usize) -> BasketLine {
        let price = Money(self.pick(&PRICES));
        let quantity = match self.roll(5) {
            0 => Quantity(1 + self.roll(5_000) as i64),
            _ => Quantity(1_000 * (1 + self.pick(&[0, 0, 1, 2, 5, 40, 900]))),
        };
        BasketLine {
            id: format!("l{at}"),
            product: self.text(&PRODUCTS),
            quantity,
            price,
            regular_price: self.some(5, |_| Money(price.0 + 100)),
            min_price: self.some(4, |dice| Money(dice.pick(&PRICES))),
            competitor_price: None,
            categories: vec![self.text(&CATEGORIES)],
            brand: self.some(2, |dice| dice.text(&BRANDS)),
            supplier: None,
            marks: self
                .some(4, |dice| dice.text(&["tobacco", "alcohol", "fresh"]))
                .into_iter()
                .collect(),
            vat_bps: self.some(2, |dice| dice.pick(&[1_000, 2_000])),
            measured: self.one_in(9),
        }
    }

    fn facts(&mut self, coupons: &[String]) -> Facts {
        let coupon = |dice: &mut Self, code: &String| CouponFacts {
            code: code.clone(),
            series: dice.text(&SERIES),
            standing: dice.pick(&[
                CouponStanding::Good,
                CouponStanding::Good,
                CouponStanding::Expired,
            ]),
            uses: CouponUses::default(),
            claimed_as: Some(format!("account-{code}")),
        };
        let customer = self.some(2, |dice| CustomerFacts {
            id: "anna".into(),
            segments: if dice.one_in(2) {
                BTreeSet::from(["loyal".into()])
            } else {
                BTreeSet::new()
            },
            level: dice.some(2, |dice| dice.text(&["gold", "base"])),
            purchases: Some(dice.roll(5) as i64),
            prices: vec![PersonalPrice {
                product: dice.text(&PRODUCTS),
                price: dice.amount(),
                coupon: dice.some(2, |dice| dice.text(&["code0", "code1"])),
            }],
            ..CustomerFacts::default()
        });
        Facts {
            card: customer.as_ref().map(|_| CardFacts::default()),
            wallet: Some("w".into()),
            points_available: self.pick(&PRICES),
            coupons: coupons.iter().map(|code| coupon(self, code)).collect(),
            budgets: self
                .some(2, |dice| ("r0".to_owned(), dice.pick(&[0, 1, 99, 12_345])))
                .into_iter()
                .collect(),
            withheld: self
                .some(6, |_| Withheld::Coupon { code: "code0".into(), why: "limit".into() })
                .into_iter()
                .collect(),
            customer,
        }
    }
}
