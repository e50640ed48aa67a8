//! The API under load, as tills give it: requests at a fixed rate, whether earlier ones are answered or
//! not; how long each took is counted from the moment it was due. Called by `cargo xtask bench http`;
//! prints one JSON object a line.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

#[path = "serving/load.rs"]
mod load;
mod serving;

use std::path::Path;
use std::time::Instant as Clock;

use ledger::{AccountId, Cause, Chain, ChainId, LotTerms, Transfer, Unit};
use membership::{CardKind, CardState};
use programme::{
    Act, Bounds, Door, NewKey, Programme, Refused, Role, Scope, SettingsLanguage, now,
};
use retail::{Batch, CardId, Instant, Product, TillId, WalletId};
use store::{Card, Wallet};

use load::Load;
use serving::{Server, get, make_shop, post};

const CARDS: u64 = 500_000;
/// Cards that wait to be activated.
const PREPARED: u64 = 20_000;
const AT_ONCE: u64 = 1_000;
const SECONDS: u64 = 15;

fn main() {
    let folder = tempfile::tempdir_in(std::env::var("PROFFER_BENCH_DIR").unwrap_or(".".into()));
    let folder = folder.unwrap();
    let dir = folder.path().join("programme");
    let key = seed(&dir);
    let server = Load { server: Server::start(&dir), key };
    let card = |number: u64| format!("{:013}", number % CARDS);
    // The first requests warm what is read for the first time.
    server.load("warm", 500, 5, &|n| of_card(&card(scattered(n)), "balance"));
    server.load("balance", 2_000, SECONDS, &|n| of_card(&card(scattered(n)), "balance"));
    server.load("activation", 500, SECONDS, &|n| {
        let number = format!("{:013}", CARDS + n % PREPARED);
        post(&format!("/api/v1/cards/{number}/operations"), n, "{\"operation\":\"activate\"}")
    });
    let at = jiff::Timestamp::from_microsecond(now().0).unwrap();
    server.load("receipt", 500, SECONDS, &|n| {
        let body = format!(
            "{{\"number\":\"{n}\",\"at\":\"{at}\",\"card\":\"{}\",\"lines\":[\
             {{\"product\":\"milk\",\"quantity\":2000,\"net\":17800}},\
             {{\"product\":\"bread\",\"quantity\":1000,\"net\":5490,\"discount\":500}},\
             {{\"product\":\"tea\",\"quantity\":1000,\"net\":34900}}]}}",
            card(scattered(n))
        );
        post("/api/v1/receipts", n, &body)
    });
    checkouts(&server, &card, &at.to_string());
    server.server.stop();
}

/// A basket of five products, of which the catalogue knows what rules ask for.
fn basket(hold: bool, card: &str) -> String {
    let line = |n: u64| {
        let price = 8_900 + n * 100;
        format!("{{\"product\":\"p{n}\",\"quantity\":2000,\"price\":{price},\"vat_bps\":1000}}")
    };
    let lines: Vec<String> = (0..5).map(line).collect();
    format!(
        "{{\"hold\":{hold},\"card\":\"{card}\",\"points\":50,\"payment\":\"card\",\"lines\":[{}]}}",
        lines.join(",")
    )
}

/// A hundred rules, of which twenty-five give something to the basket; one of them so often to a customer, and
/// one from a budget. Points pay.
fn publish_discounts(programme: &Programme, act: &Act) {
    let rule = |n: usize| {
        // Five for each product of the basket, and the others for products that are not in it.
        let category = format!("c{}", if n < 25 { n % 5 } else { n });
        let mut rule = serde_json::json!({
            "id": format!("r{n}"), "name": { "ru": "Скидка", "en": "Discount" },
            "then": [{ "percent": { "discount_bps": 100, "on": { "categories": [category] } } }],
        });
        match n {
            0 => {
                rule["limits"] =
                    serde_json::json!({ "customer": { "window": "day", "uses": 1000 } })
            }
            1 => {
                let budget = serde_json::json!({
                    "campaign": "spring", "counts": "discount", "amount": 1_000_000_000_000_i64,
                });
                rule["limits"] = serde_json::json!({ "budget": budget });
            }
            _ => {}
        }
        rule
    };
    let body = serde_json::json!({
        "currency": "RUB",
        "regulated": { "profile": "ru", "confirmed": true },
        "redemption": { "points_per_minor": 1, "receipt_bps_max": 5000, "shown": "discount" },
        "rules": (0..100).map(rule).collect::<Vec<_>>(),
    });
    let version = programme.draft_discounts(act, &body).unwrap().version;
    let verdict = programme.verify_discounts(act, version).unwrap();
    assert!(verdict.problems.is_empty(), "{:?}", verdict.problems);
    programme.publish_discounts(act, version, None).unwrap();
}

/// Spreads requests over all cards, the same in every run.
fn scattered(n: u64) -> u64 {
    n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20
}

fn of_card(card: &str, what: &str) -> String {
    get(&format!("/api/v1/cards/{card}/{what}"))
}

/// A programme with a network, its cards with points on them, rules of accrual, and a till's key.
fn seed(dir: &Path) -> String {
    let programme = Programme::init(dir, SettingsLanguage::En).unwrap();
    let at = now();
    let act = Act::of_job("bench", at);
    let text = |text: &str| text.to_owned();
    make_shop(&programme, &act, "s");
    let product =
        |n: u32| Product { category: Some(format!("c{n}")), ..Product::unknown(&format!("p{n}")) };
    let batch = Batch { products: (0..100).map(product).collect(), ..Batch::default() };
    programme.lake().unwrap().append("catalogue", &batch).unwrap();
    publish_discounts(&programme, &act);
    let began = Clock::now();
    for piece in 0..(CARDS + PREPARED) / AT_ONCE {
        let numbers = piece * AT_ONCE..(piece + 1) * AT_ONCE;
        let written = programme.store().unwrap().write(move |tx| {
            for number in numbers.clone() {
                add_card(tx, number, at)?;
            }
            Ok::<_, Refused>(())
        });
        written.unwrap();
    }
    println!(
        "{}",
        serde_json::json!({ "cards": CARDS, "seeded_s": began.elapsed().as_secs_f64() })
    );
    let key = NewKey {
        name: text("till"),
        live: true,
        role: Role::Operator,
        door: Door::Till,
        scopes: vec![Scope::CardsRead, Scope::CardsWrite, Scope::BalanceRead, Scope::ReceiptsWrite],
        bounds: Bounds { networks: vec![text("n")], shops: vec![text("s")], partner: None },
        till: Some(TillId::from("1")),
        expires_at: None,
    };
    programme.make_key(&act, &key).unwrap().text.unwrap().expose().to_owned()
}

fn add_card(tx: &mut store::Tx<'_>, number: u64, at: Instant) -> Result<(), Refused> {
    let active = number < CARDS;
    let wallet = active.then(|| WalletId(format!("w{number}")));
    let unit = Unit("POINT".to_owned());
    if let Some(wallet) = &wallet {
        tx.add_wallet(&Wallet {
            id: wallet.clone(),
            network: "n".into(),
            customer: Some(retail::CustomerId(format!("c{number}"))),
            created_at: at,
            version: 1,
        })?;
        let (account, issued) = (AccountId::wallet(wallet, &unit), AccountId::issued(&unit));
        tx.open_account(&account, &unit, Some(0), true)?;
        tx.open_account(&issued, &unit, None, false)?;
        let year = Instant(at.0 + 365 * 86_400_000_000);
        let lot = |amount| {
            let cause = Cause::new("opening", "bench");
            Transfer::post(issued.clone(), account.clone(), unit.clone(), amount, cause)
                .opening(LotTerms { activates_at: at, expires_at: Some(year) })
        };
        let chain = Chain {
            id: ChainId(format!("seed/{number}")),
            at,
            transfers: vec![lot(100), lot(250)],
        };
        ledger::post(tx, &chain)?;
    }
    tx.add_card(&Card {
        number: CardId(format!("{number:013}")),
        network: "n".into(),
        kind: CardKind::Plastic,
        state: if active { CardState::Active } else { CardState::Prepared },
        customer: active.then(|| retail::CustomerId(format!("c{number}"))),
        wallet,
        print_batch: None,
        shop: Some("s".into()),
        reason: None,
        replaced_by: None,
        expires_on: None,
        changed_at: at,
        version: 1,
    })?;
    Ok(())
}

/// Baskets that are priced; then whole checkouts, each a quote that holds and its confirmation.
fn checkouts(server: &Load, card: &(dyn Fn(u64) -> String + Sync), at: &str) {
    let of = |n: u64| card(scattered(n));
    server.load("quote, dry", 500, SECONDS, &|n| post("/api/v1/quotes", n, &basket(false, &of(n))));
    let hold = |n: u64, _: &str| post("/api/v1/quotes", CARDS + n, &basket(true, &of(n)));
    let confirm = |n: u64, held: &str| {
        let id = held.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next());
        let path = format!("/api/v1/quotes/{}/confirm", id.unwrap_or("none"));
        post(&path, n, &format!("{{\"number\":\"q{n}\",\"at\":\"{at}\"}}"))
    };
    server.load_steps("checkout", 500, SECONDS, &[("hold", &hold), ("confirm", &confirm)]);
}
