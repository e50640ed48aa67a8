//! What holds of every quote, whatever the rules.

use pricing::{Adjustment, Basket, Compiled, Facts, Off, Quote, QuotedLine, RedemptionShown, Vat};

/// Panics where an amount is out of balance.
pub fn check(compiled: &Compiled, basket: &Basket, facts: &Facts, quote: &Quote) {
    assert!(quote.lines.len() >= basket.lines.len(), "a line is missing");
    for (at, line) in quote.lines.iter().enumerate() {
        check_line(line, at, quote);
        match basket.lines.get(at) {
            Some(own) => {
                assert_eq!(
                    (&own.id, own.quantity, own.price),
                    (&line.id, line.quantity, line.price)
                );
                assert!(line.gift_of.is_none(), "a line of the basket became a gift");
                check_floor(own, line);
            }
            None => assert_eq!(line.total.0, 0, "a gift costs something"),
        }
    }
    for (at, delivery) in quote.shipping.iter().enumerate() {
        assert!(delivery.total.0 >= 0, "delivery costs less than nothing");
        assert_eq!(delivery.price.0, delivery.discount.0 + delivery.total.0);
        assert_eq!(off(quote, Off::Shipping(at as u32)), delivery.discount.0);
    }
    quote.adjustments.iter().for_each(check_adjustment);
    check_totals(compiled, quote);
    if let Some(redeemed) = quote.redemption {
        assert!(redeemed.points.0 >= 0 && redeemed.amount.0 >= 0 && redeemed.refused.0 >= 0);
        assert_eq!(redeemed.points.0 + redeemed.refused.0, basket.points);
        assert!(redeemed.points.0 <= facts.points_available.max(0), "more points than there are");
    }
    assert!(quote.misses.len() <= pricing::MISSES_MAX, "more misses than are told");
}

fn check_line(line: &QuotedLine, at: usize, quote: &Quote) {
    assert!(line.discount.0 >= 0 && line.points_discount.0 >= 0, "a discount makes it dearer");
    assert!(line.total.0 >= 0, "a line costs less than nothing");
    assert_eq!(line.amount.0, line.discount.0 + line.points_discount.0 + line.total.0);
    assert!((0..=line.total.0.max(line.vat.0)).contains(&line.vat.0), "VAT is less than nothing");
    let amount: i64 = line.positions.iter().map(|position| position.amount.0).sum();
    let quantity: i64 = line.positions.iter().map(|position| position.quantity.0).sum();
    assert_eq!((amount, quantity), (line.total.0, line.quantity.0), "positions are not the line");
    assert!(line.positions.iter().all(|position| position.price.0 >= 0));
    let given = line.discount.0 + line.points_discount.0;
    assert_eq!(off(quote, Off::Line(at as u32)), given, "the proof says another discount");
}

/// No unit below its lowest price, unless the shelf asks less itself.
fn check_floor(own: &pricing::BasketLine, line: &QuotedLine) {
    let Some(floor) = own.min_price.filter(|_| !own.is_measured()) else { return };
    let lowest = floor.0.min(own.price.0);
    let below = line.positions.iter().find(|position| position.price.0 < lowest);
    assert!(below.is_none(), "{below:?} is below {lowest}");
    for position in &line.positions {
        let amount = i128::from(position.price.0) * i128::from(position.quantity.0);
        assert_eq!(amount, i128::from(position.amount.0) * 1000, "a receipt cannot print it");
    }
}

fn off(quote: &Quote, place: Off) -> i64 {
    let own = quote.adjustments.iter().filter(|adjustment| adjustment.off == place);
    own.map(|adjustment| adjustment.amount.0).sum()
}

fn check_adjustment(adjustment: &Adjustment) {
    assert!(adjustment.amount.0 > 0 || adjustment.base.0 == 0, "{adjustment:?} gives nothing");
    assert!((0..=adjustment.amount.0).contains(&adjustment.supplier_pays.0), "{adjustment:?}");
    if matches!(adjustment.off, Off::Line(_)) {
        let units: i64 =
            adjustment.units.iter().map(|share| share.each.0 * i64::from(share.count)).sum();
        assert_eq!(units, adjustment.amount.0, "units are not the adjustment: {adjustment:?}");
    }
}

fn check_totals(compiled: &Compiled, quote: &Quote) {
    let totals = &quote.totals;
    let sum = |of: fn(&QuotedLine) -> i64| quote.lines.iter().map(of).sum::<i64>();
    assert_eq!(totals.goods.0, sum(|line| line.amount.0));
    assert_eq!(totals.discount.0, sum(|line| line.discount.0));
    assert_eq!(totals.points_discount.0, sum(|line| line.points_discount.0));
    assert_eq!(totals.vat.0, sum(|line| line.vat.0));
    let added = match compiled.ruleset().settings.vat {
        Vat::Added => totals.vat.0,
        Vat::Included => 0,
    };
    let goods = totals.goods.0 - totals.discount.0 - totals.points_discount.0;
    let shipping = totals.shipping.0 - totals.shipping_discount.0;
    assert_eq!(totals.total.0, goods + shipping + added);
    assert_eq!(totals.to_pay.0, totals.total.0 - totals.paid_with_points.0);
    assert!(totals.to_pay.0 >= 0, "the customer is paid");
    let terms = compiled.ruleset().redemption.as_ref();
    let as_payment = terms.is_some_and(|terms| terms.shown == RedemptionShown::Payment);
    let redeemed = quote.redemption.map_or(0, |redeemed| redeemed.amount.0);
    let shown = if as_payment { totals.paid_with_points.0 } else { totals.points_discount.0 };
    assert_eq!(shown, redeemed, "points paid another amount");
}
