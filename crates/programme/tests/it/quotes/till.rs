//! A till at which baskets are quoted, by rules of a test's own.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use ledger::{AccountId, Unit};
use programme::{
    Act, BasketLine, ConfirmIn, OriginalIn, Programme, QuoteIn, QuoteView, RefundIn, Refused,
    TakenIn,
};
use retail::{Batch, Instant, Money, Product, Quantity, WalletId};
use serde_json::{Value, json};

use super::super::receipts::counter::{Counter, receipt};

pub struct Till {
    counter: Counter,
    seconds: AtomicI64,
    quotes: Mutex<BTreeMap<String, String>>,
}

/// A rule that gives one thing where something holds.
pub fn rule(id: &str, when: Value, then: Value) -> Value {
    json!({"id": id, "name": {"ru": id, "en": id}, "when": when, "then": [then]})
}

/// The number of a card as scripts name it.
fn number(card: &str) -> Option<String> {
    match card {
        "-" => None,
        card if card.len() == 1 => Some(card.repeat(4)),
        card => Some(card.to_owned()),
    }
}

impl Till {
    /// One on each database, without rules.
    pub fn unruled() -> Vec<Self> {
        let till = |counter| Self {
            counter,
            seconds: AtomicI64::new(0),
            quotes: Mutex::new(BTreeMap::new()),
        };
        Counter::all().into_iter().map(till).collect()
    }

    /// One on each database, with these rules.
    pub fn all(rules: Value) -> Vec<Self> {
        let tills = Self::unruled();
        tills.iter().for_each(|till| till.publish(rules.clone()));
        tills
    }

    /// Gives the catalogue products that rules may name.
    pub fn know(&self, products: &[&str]) {
        let products = products.iter().map(|id| Product::unknown(id)).collect();
        let batch = Batch { products, ..Batch::default() };
        self.programme().lake().unwrap().append("catalogue", &batch).unwrap();
    }

    /// Changes settings of the programme.
    pub fn settle(&mut self, settings: &[(&str, &str)]) {
        self.counter.settle(settings);
    }

    pub fn name(&self) -> &'static str {
        self.counter.name()
    }

    pub fn programme(&self) -> &Programme {
        self.counter.programme()
    }

    pub fn counter(&self) -> &Counter {
        &self.counter
    }

    pub fn act(&self) -> Act {
        let act = self.counter.act();
        let at = Instant(act.at.0 + self.seconds.load(Ordering::Relaxed) * 1_000_000);
        Act { at, ..act }
    }

    pub fn audit(&self) {
        self.counter.audit();
    }

    pub fn publish(&self, rules: Value) {
        let mut body = json!({
            "currency": "RUB", "regulated": {"profile": "none", "confirmed": true},
        });
        body.as_object_mut().unwrap().extend(rules.as_object().unwrap().clone());
        let (programme, act) = (self.programme(), self.act());
        let version = programme.draft_discounts(&act, &body).unwrap().version;
        let verdict = programme.verify_discounts(&act, version).unwrap();
        assert!(verdict.problems.is_empty(), "{:?}", verdict.problems);
        programme.publish_discounts(&act, version, None).unwrap();
    }

    /// The id of a quote by its name.
    pub fn quote(&self, name: &str) -> String {
        self.quotes.lock().unwrap()[name].clone()
    }

    pub fn basket(&self, card: &str, goods: &[&str]) -> QuoteIn {
        let mut basket = QuoteIn { card: number(card), ..QuoteIn::default() };
        for text in goods {
            match text.split(':').collect::<Vec<_>>()[..] {
                ["points", points] => basket.points = points.parse().unwrap(),
                ["coupon", code] => basket.coupons.push(code.to_owned()),
                [product, pieces, price] => basket.lines.push(BasketLine {
                    product: product.to_owned(),
                    quantity: Quantity(pieces.parse::<i64>().unwrap() * 1000),
                    price: Money(price.parse().unwrap()),
                    ..BasketLine::default()
                }),
                _ => panic!("no goods: {text}"),
            }
        }
        basket
    }

    pub fn confirm(&self, number: &str) -> ConfirmIn {
        let at = jiff::Timestamp::from_microsecond(self.act().at.0).unwrap().to_string();
        ConfirmIn { number: number.to_owned(), at, till: None, fiscal: None, lines: None }
    }

    /// Runs a script, a step a line; behind `=>` stands what comes of it.
    pub fn runs(&self, script: &str) {
        for step in script.lines().map(str::trim).filter(|step| !step.is_empty()) {
            let (ask, expected) = step.split_once("=>").unwrap();
            assert_eq!(self.run(ask), expected.trim(), "{}: {ask}", self.name());
        }
        self.audit();
    }

    /// Runs a step of a script; gives its result as the script writes it.
    pub fn run(&self, ask: &str) -> String {
        let words: Vec<&str> = ask.split_whitespace().collect();
        let (programme, act) = (self.programme(), self.act());
        match words[..] {
            ["dry", card, ref goods @ ..] => {
                said(programme.quote(&act, self.basket(card, goods)).as_ref())
            }
            ["hold", name, card, ref goods @ ..] => {
                let basket = QuoteIn { hold: true, ..self.basket(card, goods) };
                let view = programme.quote(&act, basket);
                if let Ok(view) = &view {
                    let id = view.id.clone().unwrap();
                    self.quotes.lock().unwrap().insert(name.to_owned(), id);
                }
                said(view.as_ref())
            }
            ["confirm", name, number, ref lines @ ..] => {
                let mut confirm = self.confirm(number);
                confirm.lines = (!lines.is_empty()).then(|| lines.iter().map(taken).collect());
                // The same receipt is of the same moment.
                confirm.at = "2026-01-01T12:00:00+03:00".to_owned();
                match programme.confirm_quote(&act, &self.quote(name), confirm) {
                    Ok(done) => format!(
                        "pay {}, spent {}, points {}",
                        done.to_pay, done.points_spent, done.receipt.points
                    ),
                    Err(refused) => why(&refused),
                }
            }
            ["cancel", name] => match programme.cancel_quote(&act, &self.quote(name)) {
                Ok(ended) => ended.state,
                Err(refused) => why(&refused),
            },
            ["take", name, card, ref goods @ ..] => {
                let lines = self.basket(card, goods).lines.into_iter().map(|line| {
                    let pieces = line.quantity.0 / 1000;
                    super::super::receipts::counter::line(
                        &line.product,
                        pieces,
                        line.price.0 * pieces,
                    )
                });
                let receipt = receipt(name, number(card).as_deref(), lines.collect());
                format!("points {}", programme.take_receipt(&act, receipt).unwrap().points)
            }
            ["due", of, ref lines @ ..] => self.refund(None, of, lines),
            ["back", number, of, ref lines @ ..] => self.refund(Some(number), of, lines),
            ["after", seconds] => {
                self.seconds.fetch_add(seconds.parse().unwrap(), Ordering::Relaxed);
                "ok".to_owned()
            }
            ["join", card, other] => {
                let (card, other) = (number(card).unwrap(), number(other).unwrap());
                programme.join_wallet(&act, &card, &other).unwrap();
                "ok".to_owned()
            }
            ["expire"] => programme.expire_quotes(act.at).unwrap().to_string(),
            ["expire-holds"] => programme.expire_points(act.at).unwrap().1.to_string(),
            ["balance", card] => self.balance(&number(card).unwrap()),
            _ => panic!("no step: {ask}"),
        }
    }

    /// Why a return is refused.
    pub fn refused(&self, refund: RefundIn) -> String {
        match self.programme().refund(&self.act(), refund) {
            Ok(view) => format!("money {}", view.money),
            Err(refused) => why(&refused),
        }
    }

    /// What comes back of a receipt, told or taken.
    fn refund(&self, number: Option<&str>, of: &str, lines: &[&str]) -> String {
        let refund = RefundIn {
            take: number.is_some(),
            original: Some(OriginalIn { number: of.to_owned(), shop: None, till: None }),
            lines: (!lines.is_empty()).then(|| lines.iter().map(taken).collect()),
            number: number.map(str::to_owned),
            ..RefundIn::default()
        };
        let view = match self.programme().refund(&self.act(), refund) {
            Ok(view) => view,
            Err(refused) => return why(&refused),
        };
        // Returns of one moment have no sequence.
        self.seconds.fetch_add(1, Ordering::Relaxed);
        let mut said = format!("money {}", view.money);
        for (name, value) in [
            ("points", view.points),
            ("revived", view.points_revived),
            ("expired", view.points_expired),
            ("took", -view.receipt.points),
            ("kept", view.kept_back),
            ("delivery", view.shipping),
            ("coupons", i64::from(view.coupon_uses)),
            ("gifts", view.gifts_due.iter().map(|gift| gift.units).sum()),
        ] {
            if value != 0 {
                said.push_str(&format!(", {name} {value}"));
            }
        }
        let left: Vec<String> = view
            .left
            .iter()
            .map(|line| format!("{}:{}", line.line, line.quantity.0 / 1000))
            .collect();
        if !left.is_empty() {
            said.push_str(&format!(", left {}", left.join(" ")));
        }
        said
    }

    fn balance(&self, card: &str) -> String {
        let unit = Unit("POINT".to_owned());
        let id = AccountId::wallet(&WalletId(self.counter.wallet(card)), &unit);
        let store = self.programme().store().unwrap();
        let account = store.read(|tx| tx.account(&id)).unwrap().unwrap();
        match account.debits_pending {
            0 => account.balance().to_string(),
            held => format!("{}, held {held}", account.balance()),
        }
    }
}

/// So many pieces of a line.
fn taken(text: &&str) -> TakenIn {
    let (line, pieces) = text.rsplit_once(':').unwrap();
    let quantity = pieces.parse::<i64>().unwrap() * 1000;
    TakenIn { line: line.to_owned(), quantity }
}

fn why(refused: &Refused) -> String {
    match refused {
        Refused::Invalid { problems } => format!("{} {}", problems[0].pointer, problems[0].code),
        refused => refused.code().to_owned(),
    }
}

/// What a quote says in short.
fn said(view: Result<&QuoteView, &Refused>) -> String {
    let view = match view {
        Ok(view) => view,
        Err(refused) => return why(refused),
    };
    let mut said = format!("pay {}", view.quote.totals.to_pay.0);
    if let Some(redeemed) = view.quote.redemption.filter(|redeemed| redeemed.points.0 > 0) {
        said.push_str(&format!(", spend {} of {}", redeemed.points.0, view.points_available));
    }
    for miss in &view.quote.misses {
        let reason = serde_json::to_value(&miss.reason).unwrap();
        let why = match reason["why"].as_str() {
            Some(why) => why.to_owned(),
            None => reason["because"].as_str().unwrap().to_owned(),
        };
        // A card is what most rules of these tests ask for.
        if why != "needs" {
            said.push_str(&format!(", not {}: {why}", miss.rule));
        }
    }
    for coupon in &view.quote.coupons {
        let became = if coupon.rules.is_empty() { "refused" } else { "used" };
        said.push_str(&format!(", {} {became}", coupon.code));
    }
    for note in &view.notes {
        said.push_str(&format!(", {}", note.code.as_str()));
    }
    said
}
