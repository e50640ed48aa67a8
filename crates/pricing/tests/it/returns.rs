//! What comes back when goods do: the worked examples of docs/RETURNS.md, and what holds for every return.

use pricing::*;
use retail::{Money, Quantity};
use serde_json::{Value, json};

use crate::dice::Dice;

/// A ruleset of these rules.
fn rules(rules: Value) -> Compiled {
    rules_of(json!({}), rules)
}

fn rules_of(fields: Value, rules: Value) -> Compiled {
    let mut ruleset = json!({
        "currency": "RUB",
        "regulated": {"profile": "none", "confirmed": true},
        "redemption": {"points_per_minor": 1, "receipt_bps_max": 10000, "shown": "discount"},
        "rules": rules,
    });
    ruleset.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    Compiled::new(serde_json::from_value(ruleset).unwrap(), 1).unwrap()
}

/// `id quantity price`, one a line.
fn basket(lines: &str, points: i64) -> Basket {
    let line = |text: &str| {
        let [id, units, price] = text.split_whitespace().collect::<Vec<_>>()[..] else {
            panic!("{text}")
        };
        json!({
            "id": id, "product": id, "quantity": units.parse::<i64>().unwrap() * 1000,
            "price": price.parse::<i64>().unwrap() * 100,
        })
    };
    let lines: Vec<Value> = lines.lines().map(line).collect();
    let basket = json!({
        "currency": "RUB", "at": "2026-11-30T12:00:00", "lines": lines, "points": points,
    });
    serde_json::from_value(basket).unwrap()
}

/// Sells a basket and takes parts of it back, each `id quantity, id quantity`: `money points kept` of each,
/// in roubles and points of a kopeck.
fn check(of: &Compiled, sold: &Basket, policy: &Value, parts: &[&str], expected: &[&str]) {
    let policy: ReturnPolicy = serde_json::from_value(policy.clone()).unwrap();
    let facts = Facts { points_available: 1_000_000, wallet: Some("w".into()), ..Facts::default() };
    let quote = of.price(sold, &facts).unwrap();
    let (mut returned, mut refunded, mut refunded_points) = (Vec::new(), Money::ZERO, Money::ZERO);
    let mut found = Vec::new();
    for part in parts {
        let now: Vec<ReturnedLine> = part
            .split(", ")
            .map(|text| {
                let (line, units) = text.split_once(' ').unwrap();
                let quantity = Quantity(units.parse::<i64>().unwrap() * 1000);
                ReturnedLine { line: line.to_owned(), quantity }
            })
            .collect();
        let replay = Some((of, sold, &facts));
        let sale = Sale { quote: &quote, replay, returned: &returned, refunded, refunded_points };
        let back = refund(&sale, &now, &policy).unwrap();
        let roubles = |amount: Money| format!("{}", amount.0 as f64 / 100.0);
        let due: Vec<String> = back
            .gifts_due
            .iter()
            .map(|due| format!(" gift {} {}", due.product, due.units))
            .collect();
        found.push(format!(
            "{} {} {}{}",
            roubles(back.money),
            back.points_back.0,
            roubles(back.kept_back),
            due.concat(),
        ));
        returned.extend(now);
        refunded.0 += back.value.0 - back.shipping.0;
        refunded_points.0 += back.value.0 - back.money.0;
    }
    assert_eq!(found, expected, "{parts:?}");
}

#[test]
fn what_comes_back() {
    let (keep, again) = (json!({}), json!({"thresholds": "reevaluate"}));
    let three_for_two = rules(json!([{
        "id": "three", "name": {"en": "three for two"}, "then": [{"cheapest": {"of_units": 3}}],
    }]));
    let milk = basket("milk 3 100", 0);
    check(&three_for_two, &milk, &keep, &["milk 1", "milk 2"], &["66.66 0 0", "133.34 0 0"]);
    check(&three_for_two, &milk, &again, &["milk 1", "milk 2"], &["0 0 66.66", "200 0 0"]);
    let dearest = json!({"units": "dearest_first"});
    check(&three_for_two, &milk, &dearest, &["milk 1", "milk 2"], &["100 0 0", "100 0 0"]);
    let cheapest = json!({"units": "cheapest_first"});
    check(&three_for_two, &milk, &cheapest, &["milk 1", "milk 2"], &["0 0 0", "200 0 0"]);

    // 300 off from 1000 on.
    let threshold = rules(json!([{
        "id": "off", "name": {"en": "300 off"},
        "when": {"receipt": {"amount": {"min": 100_000}}},
        "then": [{"fixed": {"amount": 30_000, "per": "receipt"}}],
    }]));
    let two = basket("shirt 1 600\nshoes 1 600", 0);
    check(&threshold, &two, &keep, &["shirt 1", "shoes 1"], &["450 0 0", "450 0 0"]);
    check(&threshold, &two, &again, &["shirt 1", "shoes 1"], &["300 0 150", "600 0 0"]);

    // What stays never gets cheaper: 10 % up to 500, and less of it stays than came back.
    let up_to = rules(json!([{
        "id": "small", "name": {"en": "10 % up to 500"},
        "when": {"receipt": {"amount": {"max": 50_000}}},
        "then": [{"percent": {"discount_bps": 1000}}],
    }]));
    check(&up_to, &two, &again, &["shirt 1"], &["600 0 0"]);

    // Points that paid come back as they paid.
    let none = rules(json!([]));
    let with_points = basket("shirt 1 600\nshoes 1 600", 60_000);
    check(&none, &with_points, &keep, &["shirt 1", "shoes 1"], &["300 30000 0", "300 30000 0"]);

    // Points shown as a discount come back with the goods they had paid for.
    let mut one_by_points = basket("shirt 1 600\ncigarettes 1 600", 60_000);
    one_by_points.lines[1].marks = vec!["tobacco".into()];
    let law = json!({"regulated": {"profile": "ru", "confirmed": true}});
    let no_points_for_tobacco = rules_of(law, json!([]));
    for (first, second) in [(0, 1), (1, 0)] {
        let (parts, due) = (["shirt 1", "cigarettes 1"], ["0 60000 0", "600 0 0"]);
        check(
            &no_points_for_tobacco,
            &one_by_points,
            &keep,
            &[parts[first], parts[second]],
            &[due[first], due[second]],
        );
    }

    // VAT on top comes back as it was paid.
    let taxed = rules_of(json!({"settings": {"vat": "added"}}), json!([]));
    let mut two_taxed = basket("shirt 2 100", 0);
    two_taxed.lines[0].vat_bps = Some(2_000);
    check(&taxed, &two_taxed, &keep, &["shirt 1", "shirt 1"], &["120 0 0", "120 0 0"]);
    check(&taxed, &two_taxed, &again, &["shirt 2"], &["240 0 0"]);

    // A mug with every two shirts.
    let gift = rules(json!([{
        "id": "mug", "name": {"en": "a mug"},
        "then": [{"gift": {
            "product": "mug", "price": 20_000, "for_goods": {"products": ["shirt"]}, "for_units": 2,
        }}],
    }]));
    let shirts = basket("shirt 4 100", 0);
    let claw = json!({"thresholds": "claw_back_gift"});
    check(
        &gift,
        &shirts,
        &claw,
        &["shirt 1", "shirt 1", "shirt 2"],
        &["100 0 0 gift mug 1", "100 0 0", "200 0 0 gift mug 1"],
    );
    check(&gift, &shirts, &claw, &["shirt 1, gift:mug 1"], &["100 0 0"]);
    check(&gift, &shirts, &claw, &["gift:mug 1", "shirt 2"], &["0 0 0", "200 0 0"]);
    check(&gift, &shirts, &claw, &["gift:mug 1", "shirt 3"], &["0 0 0", "300 0 0 gift mug 1"]);
    // Of several gifts each by its own goods, favourites by the customer, and what is measured as one unit.
    let each = |product: &str, goods: Value| json!({"gift": {"product": product, "price": 100, "for_goods": goods}});
    let gifts = rules(json!([{"id": "g", "name": {"en": "g"}, "then": [
        each("mug", json!({"products": ["shirt"]})), each("bag", json!({"products": ["tea"]})),
    ]}]));
    let mut both = basket("shirt 1 100\ntea 1 100\nmilk 1 100", 0);
    both.lines[1].quantity = Quantity(1_500);
    both.lines[1].measured = true;
    check(
        &gifts,
        &both,
        &claw,
        &["shirt 1", "tea 1", "milk 1"],
        &["100 0 0 gift mug 1", "100 0 0", "100 0 0"],
    );
}

#[test]
fn only_rules_that_the_rest_does_not_get_are_lost() {
    let rules = rules(json!([
        {"id": "ten", "name": {"en": "10 %"}, "priority": 1, "then": [{"percent": {"discount_bps": 1000}}]},
        {"id": "off", "name": {"en": "300 off"},
         "when": {"receipt": {"amount": {"min": 100_000}}},
         "then": [{"fixed": {"amount": 30_000, "per": "receipt"}}]},
    ]));
    let sold = basket("shirt 1 600\nshoes 1 600\nbelt 1 100", 0);
    let facts = Facts::default();
    let quote = rules.price(&sold, &facts).unwrap();
    let policy = ReturnPolicy { thresholds: Thresholds::Reevaluate, ..ReturnPolicy::default() };
    let (mut returned, mut refunded) = (Vec::new(), Money::ZERO);
    for line in ["shirt", "shoes"] {
        let now = vec![ReturnedLine { line: line.to_owned(), quantity: Quantity(1000) }];
        let replay = Some((&rules, &sold, &facts));
        let sale = Sale {
            quote: &quote,
            replay,
            returned: &returned,
            refunded,
            refunded_points: Money::ZERO,
        };
        let refund = refund(&sale, &now, &policy).unwrap();
        assert_eq!(refund.lost, ["off"], "{line}");
        refunded.0 += refund.value.0;
        returned.extend(now);
    }
}

#[test]
fn what_cannot_come_back() {
    let none = rules(json!([]));
    let sold = basket("shirt 2 600", 0);
    let quote = none.price(&sold, &Facts::default()).unwrap();
    let refused = |line: &str, thousandths: i64, policy: ReturnPolicy| {
        let sale = Sale {
            quote: &quote,
            replay: None,
            returned: &[],
            refunded: Money::ZERO,
            refunded_points: Money::ZERO,
        };
        // Before the last of several lines one unit of each of the others comes back.
        let lines: Vec<&str> = line.split(", ").collect();
        let now: Vec<ReturnedLine> = lines
            .iter()
            .enumerate()
            .map(|(at, line)| {
                let quantity = if at + 1 < lines.len() { 1_000 } else { thousandths };
                ReturnedLine { line: (*line).to_owned(), quantity: Quantity(quantity) }
            })
            .collect();
        let problems = refund(&sale, &now, &policy).unwrap_err();
        problems.iter().map(|of| format!("{} {}", of.pointer, of.code)).collect::<Vec<_>>()
    };
    let keep = ReturnPolicy::default();
    let again = ReturnPolicy { thresholds: Thresholds::Reevaluate, ..keep };
    for (line, thousandths, policy, problem) in [
        ("shoes", 1_000, keep, "/lines/0/line unknown"),
        ("shirt", 3_000, keep, "/lines/0/quantity more_than_bought"),
        ("shirt, shirt", i64::MAX / 1_000 * 1_000, keep, "/lines/1/quantity more_than_bought"),
        ("shirt", 0, keep, "/lines/0/quantity negative"),
        ("shirt", -1_000, keep, "/lines/0/quantity negative"),
        ("shirt", 1_500, keep, "/lines/0/quantity part_of_unit"),
        ("shirt", 1_000, again, " no_replay"),
    ] {
        assert_eq!(refused(line, thousandths, policy), [problem], "{line} {thousandths}");
    }
}

#[test]
fn a_use_of_a_coupon_comes_back_when_nothing_is_left_of_all_it_gave() {
    let off = |id: &str, product: &str| {
        let percent = json!({"percent": {"discount_bps": 1000, "on": {"products": [product]}}});
        json!({"id": id, "name": {"en": id}, "when": {"coupon": "spring"}, "then": [percent]})
    };
    let rules = rules(json!([off("tea", "tea"), off("milk", "milk")]));
    let mut sold = basket("tea 1 100\nmilk 1 100\nbread 1 50", 0);
    sold.coupons = vec!["SPRING".to_owned()];
    let coupon =
        json!({"code": "SPRING", "series": "spring", "standing": "good", "claimed_as": "c1"});
    let coupons = vec![serde_json::from_value(coupon).unwrap()];
    let facts = Facts { coupons, ..Facts::default() };
    let quote = rules.price(&sold, &facts).unwrap();
    assert_eq!(quote.claims.len(), 1, "the two rules use it once");
    let policy = ReturnPolicy { uses: true, ..ReturnPolicy::default() };
    let (mut returned, mut refunded) = (Vec::new(), Money::ZERO);
    for (line, back) in [("tea", 0), ("milk", 1), ("bread", 0)] {
        let now = vec![ReturnedLine { line: line.to_owned(), quantity: Quantity(1000) }];
        let sale = Sale {
            quote: &quote,
            replay: None,
            returned: &returned,
            refunded,
            refunded_points: Money::ZERO,
        };
        let refund = refund(&sale, &now, &policy).unwrap();
        assert_eq!(refund.claims.iter().map(|of| of.amount).sum::<i64>(), back, "{line}");
        refunded.0 += refund.value.0;
        returned.extend(now);
    }
}

#[test]
fn a_use_of_a_personal_coupon_comes_back_with_its_own_goods() {
    let rules =
        rules(json!([{"id": "own", "name": {"en": "own"}, "then": [{"personal_price": {}}]}]));
    let sold = basket("milk 1 100\nbread 1 50\ntea 1 100", 0);
    let coupon =
        |code: &str| json!({"code": code, "series": "own", "standing": "good", "claimed_as": code});
    let price = |product: &str| json!({"product": product, "price": 4_000, "coupon": product.to_uppercase()});
    let facts = json!({
        "coupons": [coupon("MILK"), coupon("BREAD")],
        "customer": {"id": "anna", "prices": [price("milk"), price("bread")]},
    });
    let quote = rules.price(&sold, &serde_json::from_value(facts).unwrap()).unwrap();
    let policy = ReturnPolicy { uses: true, ..ReturnPolicy::default() };
    let mut returned = Vec::new();
    for (line, coupon) in [("milk", "MILK"), ("tea", ""), ("bread", "BREAD")] {
        let now = vec![ReturnedLine { line: line.to_owned(), quantity: Quantity(1000) }];
        let sale = Sale {
            quote: &quote,
            replay: None,
            returned: &returned,
            refunded: Money::ZERO,
            refunded_points: Money::ZERO,
        };
        let back = refund(&sale, &now, &policy).unwrap().claims;
        let coupons = back.iter().filter_map(|of| quote.claims[of.claim].coupon.as_deref());
        assert_eq!(coupons.collect::<String>(), coupon, "{line}");
        returned.extend(now);
    }
}

/// Whatever comes back in whatever parts, in the end everything is back: money, points, claims.
pub fn gives_everything_back(
    rules: &Compiled,
    basket: &Basket,
    facts: &Facts,
    quote: &Quote,
    dice: &mut Dice<'_>,
) -> Result<(), String> {
    let thresholds = [Thresholds::Keep, Thresholds::Reevaluate, Thresholds::ClawBackGift];
    let units = [ReturnUnits::Average, ReturnUnits::DearestFirst, ReturnUnits::CheapestFirst];
    let policy = ReturnPolicy {
        thresholds: thresholds[dice.roll(3)],
        units: units[dice.roll(3)],
        shipping: true,
        uses: true,
    };
    let mut left: Vec<(String, i64)> =
        quote.lines.iter().map(|line| (line.id.clone(), line.quantity.0)).collect();
    let (mut returned, mut refunded): (Vec<ReturnedLine>, Money) = (Vec::new(), Money::ZERO);
    let (mut money, mut points, mut taken, mut tries) = (0, 0, 0, 0);
    let mut points_paid = 0;
    let mut claims = vec![0; quote.claims.len()];
    while left.iter().any(|(_, quantity)| *quantity > 0) {
        tries += 1;
        let all = dice.one_in(3) || tries > 6;
        let mut now = Vec::new();
        for (line, left) in &mut left {
            // What is measured comes back whole here.
            let whole = if *left % 1000 == 0 { *left / 1000 } else { 0 };
            let part = if all || whole < 2 {
                *left
            } else {
                1000 * (1 + dice.roll(whole as usize) as i64)
            };
            if part > 0 && (all || dice.one_in(2)) {
                *left -= part;
                now.push(ReturnedLine { line: line.clone(), quantity: Quantity(part) });
            }
        }
        if now.is_empty() {
            continue;
        }
        let replay = Some((rules, basket, facts));
        let refunded_points = Money(points_paid);
        let sale = Sale { quote, replay, returned: &returned, refunded, refunded_points };
        let back = refund(&sale, &now, &policy).map_err(|problems| format!("{problems:?}"))?;
        let of_lines: i64 = back.lines.iter().map(|line| line.value.0).sum();
        if of_lines != back.value.0 - back.shipping.0 || back.money.0 < 0 || back.points_back.0 < 0
        {
            return Err(format!("{policy:?}: {back:?}"));
        }
        for line in &back.lines {
            let quantity: i64 = line.positions.iter().map(|position| position.quantity.0).sum();
            let amount: i64 = line.positions.iter().map(|position| position.amount.0).sum();
            if (quantity, amount) != (line.quantity.0, line.money.0) {
                return Err(format!("{line:?}"));
            }
        }
        if back.lines.iter().any(|line| line.money.0 < 0 || line.money.0 > line.value.0) {
            return Err(format!("{policy:?}: {back:?}"));
        }
        points_paid += back.value.0 - back.money.0;
        money += back.money.0;
        points += back.points_back.0;
        taken += back.points_taken.0;
        for of in &back.claims {
            claims[of.claim] += of.amount;
        }
        refunded.0 += back.value.0 - back.shipping.0;
        returned.extend(now);
    }
    let same = |what: &str, found: i64, expected: i64| {
        if found == expected {
            Ok(())
        } else {
            Err(format!("{what} {found} came back of {expected}; {policy:?}, {returned:?}"))
        }
    };
    if quote.lines.is_empty() {
        return Ok(());
    }
    same("money", money, quote.totals.to_pay.0)?;
    same("points", points, quote.redemption.map_or(0, |of| of.points.0))?;
    same("earned points", taken, quote.totals.points.0)?;
    for (at, back) in claims.into_iter().enumerate() {
        let claimed = match &quote.claims[at].claim {
            retail::Claim::Points { points, .. } => points.0,
            retail::Claim::Coupon { .. } => 1,
            retail::Claim::Budget { amount, .. } | retail::Claim::Limit { amount, .. } => *amount,
        };
        same(&format!("claim {at}"), back, claimed)?;
    }
    Ok(())
}
