//! A request for a quote, and whether its fields are good by themselves.

use ::pricing::{Basket, Problem};
use jiff::civil::DateTime;
use retail::{CardId, CustomerId, Instant, ShopId, TillId};

use super::QuoteIn;
use crate::receipts::Problems;
use crate::settings::Settings;
use crate::{Act, FieldProblem, Refused};

/// Micros in a second.
const SECOND: i64 = 1_000_000;
/// The currency where no rules say one.
const CURRENCY: &str = "RUB";

/// A request whose fields are good by themselves.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub shop: ShopId,
    pub till: TillId,
    pub at: Instant,
    pub expires_at: Instant,
    pub card: Option<CardId>,
    pub customer: Option<CustomerId>,
    /// Whether the caller named a currency.
    pub currency: Option<String>,
    /// Without its time and place.
    pub basket: Basket,
}

impl Asked {
    pub(super) fn of(quote: QuoteIn, act: &Act, settings: &Settings) -> Result<Self, Refused> {
        let mut problems = Problems::default();
        let at = match &quote.at {
            Some(at) => problems.moment(at, act.at, &settings.receipts),
            None => Some(act.at),
        };
        let (shop, till) = problems.place(&quote.shop, &quote.till, act);
        for (pointer, text) in [
            ("/channel", &quote.channel),
            ("/currency", &quote.currency),
            ("/payment", &quote.payment),
            ("/customer", &quote.customer),
        ] {
            if let Some(text) = text {
                problems.text(pointer, text);
            }
        }
        let card = quote.card.as_deref().and_then(|card| problems.card(card));
        if quote.card.is_some() && quote.customer.is_some() {
            problems.add("/customer", "two_names", "a basket has a card or a customer, not both");
        }
        let seconds = quote.seconds.unwrap_or(settings.quotes.seconds);
        let most = settings.quotes.seconds_max;
        if !(1..=most).contains(&seconds) {
            problems.add("/seconds", "range", format!("must be 1 to {most}"));
        }
        let expires_at = Instant(act.at.0.saturating_add(seconds.clamp(1, most) * SECOND));
        let (customer, currency) = (quote.customer.clone().map(CustomerId), quote.currency.clone());
        let basket = basket(quote, &mut problems);
        match (at, shop, till) {
            (Some(at), Some(shop), Some(till)) if problems.0.is_empty() => {
                let (shop, till) = (ShopId(shop), TillId(till));
                Ok(Self { shop, till, at, expires_at, card, customer, currency, basket })
            }
            _ => Err(Refused::Invalid { problems: problems.0 }),
        }
    }
}

/// The goods, looked over.
fn basket(quote: QuoteIn, problems: &mut Problems) -> Basket {
    let QuoteIn { channel, currency, mut lines, shipping, payment, coupons, points, .. } = quote;
    for (place, line) in lines.iter_mut().enumerate() {
        if line.id.is_empty() {
            line.id = (place + 1).to_string();
        }
    }
    for (place, code) in coupons.iter().enumerate() {
        problems.text(&format!("/coupons/{place}"), code);
    }
    let basket = Basket {
        currency: currency.unwrap_or_else(|| CURRENCY.to_owned()),
        at: DateTime::ZERO,
        network: None,
        shop: None,
        channel,
        lines,
        shipping,
        payment,
        coupons,
        points,
    };
    if basket.lines.is_empty() {
        problems.add("/lines", "empty", "must have a line");
    }
    problems.0.extend(basket.problems().into_iter().map(field));
    if problems.0.is_empty() {
        texts(&basket, problems);
    }
    basket
}

/// Texts of lines and deliveries: a receipt will be made of them.
fn texts(basket: &Basket, problems: &mut Problems) {
    for (place, line) in basket.lines.iter().enumerate() {
        let at = |field: &str| format!("/lines/{place}/{field}");
        problems.text(&at("id"), &line.id);
        problems.text(&at("product"), &line.product);
        for (field, text) in [("brand", &line.brand), ("supplier", &line.supplier)] {
            if let Some(text) = text {
                problems.text(&at(field), text);
            }
        }
        for (field, texts) in [("categories", &line.categories), ("marks", &line.marks)] {
            for (number, text) in texts.iter().enumerate() {
                problems.text(&at(&format!("{field}/{number}")), text);
            }
        }
    }
    for (place, delivery) in basket.shipping.iter().enumerate() {
        problems.text(&format!("/shipping/{place}/id"), &delivery.id);
    }
}

fn field(problem: Problem) -> FieldProblem {
    let Problem { pointer, code, detail } = problem;
    FieldProblem { pointer, code, detail }
}

/// What is wrong with a basket.
pub(crate) fn invalid(problems: Vec<Problem>) -> Refused {
    Refused::Invalid { problems: problems.into_iter().map(field).collect() }
}
