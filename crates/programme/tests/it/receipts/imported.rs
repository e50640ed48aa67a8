//! Receipts of an import that earn: once, whatever came on-line, in any sequence.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use membership::CardState;
use programme::{AccrualReport, Act, ImportReport, OriginalIn, Programme, Progress, ReceiptIn};
use retail::WalletId;
use serde_json::json;
use store::{Card, DbError, Tx, Wallet};

use super::super::fixture::NOW;
use super::counter::{Counter, add_card, line, receipt, rules};
use super::journal::{move_all, sums};
use super::{reopened, today};

struct Silent;

impl Progress for Silent {
    fn stage(&self, _: &str, _: Option<u64>) {}
    fn done(&self, _: u64) {}
}

/// Stops the work as a kill would: at the so manieth word of progress.
struct Killed(AtomicU64);

impl Progress for Killed {
    fn stage(&self, _: &str, _: Option<u64>) {
        self.done(0);
    }

    fn done(&self, _: u64) {
        assert!(self.0.fetch_sub(1, Ordering::Relaxed) > 0, "killed on purpose");
    }
}

const FROM: &str = "accrue_from = '2026-01-01'";
const HEADER: &str = "n,sh,till,at,card,who,orig,p,q,net\n";

fn mapping(keys: &str) -> String {
    format!(
        "[receipts]\nfiles = 'r.csv'\ntime_zone = 'Europe/Moscow'\nunit = 'minor'\n{keys}\n\
         [receipts.fields]\nnumber = 'n'\nnetwork = {{ constant = 'n' }}\nshop = 'sh'\ntill = 'till'\n\
         at = 'at'\ncard = 'card'\ncustomer = 'who'\noriginal = 'orig'\nproduct = 'p'\nquantity = 'q'\n\
         net = 'net'\n"
    )
}

/// Rows of receipts, `;` between them: `NUMBER WHO GOODS`, where `WHO` is a card, `of:CUSTOMER` or `-`, and
/// goods are `product:pieces:net`; further words are `day:2025-12-31`, `till:t9`, `back:ORIGINAL`.
fn rows(script: &str) -> String {
    let mut text = HEADER.to_owned();
    for receipt in script.split(';') {
        let words: Vec<&str> = receipt.split_whitespace().collect();
        let [number, who, ref more @ ..] = words[..] else { panic!("no receipt: {receipt}") };
        let word = |name: &str, usual: &'static str| {
            more.iter().find_map(|word| word.strip_prefix(name)).unwrap_or(usual)
        };
        let (day, till, original) =
            (word("day:", "2026-01-01"), word("till:", "t1"), word("back:", ""));
        let customer = who.strip_prefix("of:");
        let card = match who {
            _ if customer.is_some() => String::new(),
            "-" => String::new(),
            letter if letter.len() == 1 => letter.repeat(4),
            number => number.to_owned(),
        };
        let named = ["day:", "till:", "back:"];
        for goods in more.iter().filter(|word| !named.iter().any(|name| word.starts_with(name))) {
            let parts: Vec<&str> = goods.split(':').collect();
            let [product, pieces, net] = parts[..] else { panic!("no goods: {goods}") };
            let at = format!("{day} 12:{:02}:00", number.parse::<u32>().unwrap());
            let customer = customer.unwrap_or_default();
            text += &format!(
                "{number},s1,{till},{at},{card},{customer},{original},{product},{pieces},{net}\n"
            );
        }
    }
    text
}

fn written(counter: &Counter, keys: &str, text: &str) -> std::path::PathBuf {
    std::fs::write(counter.file("r.csv"), text).unwrap();
    let path = counter.file("mapping.toml");
    std::fs::write(&path, mapping(keys)).unwrap();
    path
}

fn import(counter: &Counter, keys: &str, text: &str) -> ImportReport {
    let path = written(counter, keys, text);
    counter.programme().import(&path, None, &Silent).unwrap()
}

fn said(report: &AccrualReport) -> String {
    let nothing: u64 = report.nothing_because.values().sum();
    assert_eq!(report.receipts, report.earned + report.known + nothing, "{report:?}");
    let mut said = format!("earned {}", report.earned);
    if report.replaced > 0 {
        said += &format!(" (replaced {})", report.replaced);
    }
    said += &format!(" +{}", report.points_accrued);
    if report.points_taken_back > 0 {
        said += &format!(" -{}", report.points_taken_back);
    }
    if report.known > 0 {
        said += &format!(" known {}", report.known);
    }
    for (why, count) in &report.nothing_because {
        said += &format!(" {} {count}", serde_json::to_value(why).unwrap().as_str().unwrap());
    }
    said
}

/// Runs a script on both databases: steps of [`Counter::run`], `import ROWS` and `holds CARD`. Each import is
/// tried before; a dry run tells the same and changes nothing.
fn check(script: &str) {
    for counter in Counter::all() {
        for step in script.lines().map(str::trim).filter(|step| !step.is_empty()) {
            let (ask, expected) = step.split_once("=>").unwrap();
            let got = match ask.trim().split_once(' ').unwrap() {
                ("import", script) => imported(&counter, script),
                ("holds", card) => {
                    let (balance, owed) = counter.holds(&card.repeat(4));
                    if owed == 0 { balance.to_string() } else { format!("{balance} owes {owed}") }
                }
                _ => counter.run(ask),
            };
            assert_eq!(got, expected.trim(), "{}: {ask}", counter.name());
        }
        counter.audit();
        move_all(counter.programme());
        // The lake and its totals agree, however receipts came.
        sums(&reopened(&counter));
    }
}

fn imported(counter: &Counter, script: &str) -> String {
    let path = written(counter, FROM, &rows(script));
    let before = books(counter);
    let tried = counter.programme().try_import(&path, None, &Silent).unwrap();
    assert!(books(counter) == before, "{}: a dry run changes nothing: {script}", counter.name());
    let report = counter.programme().import(&path, None, &Silent).unwrap();
    assert_eq!(tried.accrual, report.accrual, "{}: a dry run tells the same", counter.name());
    said(report.accrual.as_ref().unwrap())
}

/// All that accrual could change, but for the moments at which it did.
fn books(counter: &Counter) -> String {
    let store = counter.programme().store().unwrap();
    let read = |tx: &mut Tx<'_>| {
        let books = tx.books_whole()?;
        let card = tx.card(&"FRESH".into())?;
        let waiting = tx.journal_waiting()?.0;
        Ok::<_, DbError>(format!("{books:?} {card:?} {waiting}"))
    };
    store.read(read).unwrap()
}

#[test]
fn receipts_of_the_day_on_earn_once() {
    check(
        "import 1 A milk:2:300 bread:1:250; 2 - milk:1:900; 3 NOBODY milk:1:900; 4 BLOCKED milk:1:900; 5 FRESH milk:1:900; 6 A milk:1:1000 day:2025-12-31 => earned 2 +14 no_card 1 card_unknown 1 card_cannot_earn 1
         holds A => 5
         import 1 A milk:2:300 bread:1:250; 2 - milk:1:900; 3 NOBODY milk:1:900; 4 BLOCKED milk:1:900; 5 FRESH milk:1:900; 6 A milk:1:1000 day:2025-12-31 => earned 0 +0 known 3 no_card 1 card_unknown 1
         import 1 A bread:1:250 milk:2:300; 7 A milk:1:99 => earned 0 +0 known 1 rules_give_nothing 1
         holds A => 5
         import 8 A milk:1:1000 till:t9; 9 A milk:1:1000 bag:-1:-10; 10 of:nobody milk:1:100 => earned 0 +0 card_unknown 1 till_unknown 1 unfit 1",
    );
}

#[test]
fn on_line_and_imported_are_one_receipt() {
    check(
        "take 1 A milk:2:300 bread:1:250 => points 5 | 5
         import 1 A milk:2:300 bread:1:250; 2 A milk:1:700 => earned 1 +7 known 1
         take 2 A milk:1:700 => points 7 | 12
         import 1 A milk:2:300 bread:1:250; 2 A milk:1:700 => earned 0 +0 known 2
         take 2 A milk:1:800 => points 8 | 13
         import 2 A milk:1:700 => earned 1 (replaced 1) +0 -1
         holds A => 12
         take 1 B milk:2:300 bread:1:250 => points 5, taken 5 | 5
         import 1 A milk:2:300 bread:1:250 => earned 1 (replaced 1) +5 -5
         holds A => 12
         holds B => 0
         import 2 A milk:1:200 bread:1:500 => earned 0 +0 known 1",
    );
}

#[test]
fn a_customer_earns_by_his_card() {
    check(
        "import 1 of:c-AAAA milk:1:500; 2 of:c-NEW milk:1:500 => earned 1 +5 card_unknown 1
         holds A => 5
         take 1 A milk:1:500 => points 5 | 5
         take 3 A milk:1:300 => points 3 | 8
         import 1 of:c-AAAA milk:1:500; 3 of:c-AAAA milk:1:300 => earned 0 +0 known 2
         import 3 of:c-BBBB milk:1:300 => earned 1 (replaced 1) +3 -3
         holds A => 5
         holds B => 3",
    );
}

#[test]
fn returns_take_back() {
    check(
        "import 1 A milk:3:1000 bread:1:500; 2 A milk:-1:-333 back:1; 3 - milk:-1:-333 back:1 => earned 3 +15 -6
         holds A => 9
         import 1 A milk:3:1000 bread:1:500; 2 A milk:-1:-333 back:1; 3 - milk:-1:-333 back:1 => earned 0 +0 known 3
         back 4 A 1 bread:1:500 => points -5, taken 5 | 4
         import 4 A bread:-1:-500 back:1; 5 A milk:-1:-100 back:77; 6 A milk:-1:-100 => earned 0 +0 known 1 original_unknown 2
         take 10 B milk:1:1000 => points 10 | 10
         spend B 10 => 0
         import 11 B milk:-1:-1000 back:10 => earned 1 +0 -10
         holds B => 0 owes 10
         import 12 B milk:1:1200 => earned 1 +12
         holds B => 2",
    );
}

#[test]
fn what_a_feed_leaves_out_takes_nothing_away() {
    for counter in Counter::all() {
        let name = counter.name();
        let at = |number: &str, till: &str, minute: u32, pieces: i64, net: i64| ReceiptIn {
            shop: Some("s1".to_owned()),
            till: Some(till.to_owned()),
            at: format!("2026-01-01T12:{minute:02}:31+03:00"),
            ..receipt(number, Some("AAAA"), vec![line("milk", pieces, net)])
        };
        let office = Act::of_job("test", today());
        let take = |receipt| counter.programme().take_receipt(&office, receipt).unwrap();
        take(at("1", "t1", 1, 2, 1000));
        let place = OriginalIn {
            number: "1".to_owned(),
            shop: Some("s1".to_owned()),
            till: Some("t1".to_owned()),
        };
        take(ReceiptIn { original: Some(place), ..at("4", "t2", 4, -1, -500) });
        // A feed knows minutes, and of a return the number of its sale alone.
        let feed = "1 A milk:2:1000; 4 A milk:-1:-500 till:t2 back:1";
        assert_eq!(imported(&counter, feed), "earned 0 +0 known 2", "{name}");
        assert_eq!(counter.holds("AAAA"), (5, 0), "{name}");
        // Who was erased keeps his points, and his id does not come back.
        let feed = "1 of:c-AAAA milk:2:1000; 5 of:c-AAAA milk:1:300";
        assert_eq!(imported(&counter, feed), "earned 1 +3 known 1", "{name}");
        counter
            .programme()
            .erase(&programme::Act::of_job("test", programme::now()), "c-AAAA")
            .unwrap();
        assert_eq!(imported(&counter, feed), "earned 0 +0 known 2", "{name}");
        assert_eq!(counter.holds("AAAA"), (8, 0), "{name}");
        counter.audit();
    }
}

#[test]
fn time_counts_from_the_receipts_day_and_limits_do_not_count() {
    for counter in Counter::all() {
        counter.publish(
            "limits",
            &json!({"rows": [
                {"by": "card", "what": "accrual", "times_max": 1, "then": "hold"},
            ]}),
        );
        counter.publish("accrual", &rules(json!({"expires_after_days": 30})));
        let over = rows("1 A milk:1:500; 2 A milk:1:500");
        let report = import(&counter, FROM, &over);
        assert_eq!(said(&report.accrual.unwrap()), "earned 0 +0 expired 2", "{}", counter.name());
        let far = json!({"activates_after_days": 2, "expires_after_days": 36_500});
        counter.publish("accrual", &rules(far));
        let report =
            import(&counter, FROM, &rows("3 A milk:1:500; 4 A milk:1:500; 5 A milk:1:500"));
        assert_eq!(said(&report.accrual.unwrap()), "earned 3 +15", "{}", counter.name());
        let balance = counter.programme().card_balance(&counter.act(), "AAAA").unwrap();
        let day = 86_400_000_000;
        // 2026-01-01 in Moscow begins three hours earlier.
        let begin = 1_767_225_600_000_000 - 3 * 3_600_000_000;
        assert_eq!(balance.lots[0].activates_at.0, begin + 2 * day);
        assert_eq!(balance.lots[0].expires_at.unwrap().0, begin + 36_500 * day);
        counter.audit();
    }
}

#[test]
fn what_could_not_earn_yet_earns_when_it_can() {
    for counter in Counter::all() {
        let text = rows("1 LATER milk:1:500; 2 of:c-LATER milk:1:500; 3 A milk:1:500");
        let first = import(&counter, FROM, &text);
        assert_eq!(said(&first.accrual.unwrap()), "earned 1 +5 card_unknown 2");
        let add = |tx: &mut Tx<'_>| add_card(tx, "LATER", CardState::Active, true);
        counter.programme().store().unwrap().write(add).unwrap();
        let again = import(&counter, FROM, &text);
        assert!(again.lake.already_there, "{}", counter.name());
        assert_eq!(said(&again.accrual.unwrap()), "earned 2 +10 known 1");
        assert_eq!(counter.holds("LATER"), (10, 0));
        // A customer whose cards open two wallets: nobody can know which.
        let second = |tx: &mut Tx<'_>| {
            let (id, customer) = (WalletId("w-2".to_owned()), Some("c-LATER".into()));
            let known = tx.card(&"LATER".into())?.unwrap();
            tx.add_wallet(&Wallet {
                id: id.clone(),
                network: "n".into(),
                customer,
                created_at: NOW,
                version: 1,
            })?;
            tx.add_card(&Card { number: "LATER2".into(), wallet: Some(id), ..known })
        };
        assert!(counter.programme().store().unwrap().write(second).unwrap());
        let text = rows("2 of:c-LATER milk:1:500; 4 of:c-LATER milk:1:500");
        let report = import(&counter, FROM, &text);
        assert_eq!(said(&report.accrual.unwrap()), "earned 0 +0 known 1 several_wallets 1");
        counter.audit();
    }
}

#[test]
fn goods_earn_by_the_catalogue() {
    for counter in Counter::all() {
        counter.publish(
            "accrual",
            &rules(json!({"rows": [{"rate": 10000}, {"category": "Wine", "rate": 0}]})),
        );
        let products = "[products]\nfiles = 'p.csv'\n[products.fields]\nid = 'id'\ncategory = 'c'\n\
                        tags.no_points = { column = 'c', is = ['Tobacco'] }\n";
        let text = "id,c\nwine,Wine\nsmoke,Tobacco\nmilk,Dairy\n";
        std::fs::write(counter.file("p.csv"), text).unwrap();
        let bought = rows("1 A wine:1:500 smoke:1:300 milk:1:700 other:1:100");
        let path = written(&counter, FROM, &bought);
        let both = format!("{}{products}", mapping(FROM));
        std::fs::write(&path, both).unwrap();
        let report = counter.programme().import(&path, None, &Silent).unwrap();
        assert_eq!(said(&report.accrual.unwrap()), "earned 1 +8", "{}", counter.name());
        // Later imports know the catalogue from the lake.
        let more = rows("2 A wine:1:500 smoke:1:300 milk:1:700");
        assert_eq!(said(&import(&counter, FROM, &more).accrual.unwrap()), "earned 1 +7");
    }
}

#[test]
fn without_a_day_nothing_is_accrued() {
    for counter in Counter::all() {
        let text = rows("1 A milk:1:500; 2 A milk:1:500");
        assert_eq!(import(&counter, "", &text).accrual, None);
        assert_eq!(counter.holds("AAAA"), (0, 0));
        let report = import(&counter, "accrue_from = '2026-01-02'", &text);
        let accrual = report.accrual.unwrap();
        assert_eq!((said(&accrual).as_str(), accrual.receipts), ("earned 0 +0", 0));
        // What the lake has already may earn by another mapping.
        let report = import(&counter, FROM, &text);
        assert_eq!(report.lake.receipts_same, 2);
        assert_eq!(said(&report.accrual.unwrap()), "earned 2 +10", "{}", counter.name());
    }
}

#[test]
fn a_killed_import_goes_on() {
    let script: Vec<String> = (0..60)
        .map(|n| format!("{n} R{:04} milk:1:500; {n} R{:04} milk:1:300 till:t2", n % 50, 100 + n))
        .collect();
    let text = rows(&script.join(";"));
    for counter in Counter::all() {
        let path = written(&counter, FROM, &text);
        let mut kills = 0;
        // One word of progress later each time, from before the first write to after the last.
        for words in 0.. {
            let programme = Programme::open(&counter.dir()).unwrap();
            let killed = Killed(AtomicU64::new(words));
            let run = || programme.import(&path, None, &killed).map(drop);
            match catch_unwind(AssertUnwindSafe(run)) {
                Ok(done) => {
                    done.unwrap();
                    break;
                }
                Err(_) => kills += 1,
            }
        }
        assert!(kills > 5, "{kills}");
        let held: i64 = (0..200).map(|n| counter.holds(&format!("R{n:04}")).0).sum();
        assert_eq!(held, 60 * 5 + 60 * 3, "{}", counter.name());
        assert_eq!(sums(&reopened(&counter)).0, 120);
        assert_eq!(counter.journal_rows(), 0, "the import itself brings them to the lake");
        counter.audit();
    }
}

#[test]
fn the_newer_version_reaches_the_lake_last() {
    for counter in Counter::all() {
        // It waits in the journal while an import replaces it.
        let at = "2026-01-01T12:01:00+03:00".to_owned();
        let mut sale = receipt("1", Some("AAAA"), vec![line("milk", 1, 1000)]);
        sale.at = at;
        counter.take(sale.clone()).unwrap();
        import(&counter, FROM, &rows("1 A milk:1:700"));
        move_all(counter.programme());
        assert_eq!(sums(&reopened(&counter)), (1, 1, 700), "{}", counter.name());
        sale.lines[0].net = 900;
        counter.take(sale).unwrap();
        move_all(counter.programme());
        assert_eq!(sums(&reopened(&counter)), (1, 1, 900), "{}", counter.name());
        assert_eq!(counter.holds("AAAA"), (9, 0));
    }
}
