//! Cards, balances and levels of an old programme, on both databases.
//!
//! A table is the text of a feed; the report is checked as a line a thing. `n1` has cards of EAN-13 and
//! levels, `n2` plain numbers and no levels.

use ledger::{AccountId, Memory, Unit};
use membership::Scheme;
use programme::{
    Act, BalanceView, CardKind, CardState, ImportReport, NewNetwork, NewShop, Programme, Progress,
    TooManyBad,
};
use retail::NetworkId;
use serde_json::json;
use store::{Card, DbError, Ruleset, Tx, Wallet};

use super::audit::open;
use super::fixture::{Database, NOW, databases};

struct Silence;

impl Progress for Silence {
    fn stage(&self, _: &str, _: Option<u64>) {}
    fn done(&self, _: u64) {}
}

struct House {
    programme: Programme,
    folder: tempfile::TempDir,
    database: Database,
}

const CARDS: &str = "
[cards]
files = 'cards.csv'
[cards.fields]
number = 'number'
network = 'network'
kind = 'kind'
state = { column = 'state', words = { 'в работе' = 'active', 'утеряна' = 'blocked' } }
customer = 'customer'
account = 'account'
shop = 'shop'
expires = 'expires'
replaced_by = 'replaced_by'
reason = { column = 'reason', words = { 'потеря' = 'lost' } }
";
const CARDS_HEADER: &str =
    "number,network,kind,state,customer,account,shop,expires,replaced_by,reason\n";
const BALANCES: &str = "
[balances]
files = 'balances.csv'
time_zone = 'Europe/Moscow'
[balances.fields]
card = 'card'
unit = 'unit'
amount = 'amount'
activates = 'activates'
expires = 'expires'
";
const BALANCES_HEADER: &str = "card,unit,amount,activates,expires\n";
const LEVELS: &str = "
[levels]
files = 'levels.csv'
[levels.fields]
account = 'account'
level = { column = 'level', words = { 'Золото' = 'gold' } }
since = 'since'
granted_until = 'until'
";
const LEVELS_HEADER: &str = "account,level,since,until\n";

/// A number of `n1` that ends with its control digit.
fn ean(number: u64) -> String {
    Scheme::Ean13.complete(&format!("4{number:011}"))
}

impl House {
    fn new(database: Database) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let programme = open(folder.path(), &database.url());
        let admin = Act::of_job("test", NOW);
        for (network, shop, scheme) in [("n1", "s1", Scheme::Ean13), ("n2", "s2", Scheme::Plain)] {
            let (name_en, name_ru) = ("Name".to_owned(), "Имя".to_owned());
            let id = network.to_owned();
            let new = NewNetwork { id, name_en: name_en.clone(), name_ru: name_ru.clone(), scheme };
            programme.add_network(&admin, new).unwrap();
            let (id, network) = (shop.to_owned(), network.to_owned());
            let time_zone = "Europe/Moscow".to_owned();
            let new = NewShop { id, network, name_en, name_ru, time_zone };
            programme.add_shop(&admin, new).unwrap();
        }
        let level = |id: &str, threshold: i64| {
            json!({"id": id, "name_en": id, "name_ru": id, "threshold": threshold, "discount": 0,
                   "accrual": 10000})
        };
        let body = json!({
            "measure": "turnover", "period": "year", "scope": {"network": "n1"},
            "review": {"every_days": 100}, "levels": [level("silver", 0), level("gold", 1000)],
        });
        let publish = move |tx: &mut Tx<'_>| {
            tx.add_ruleset(&Ruleset {
                kind: "levels".to_owned(),
                scope: "n1".to_owned(),
                version: 1,
                body: body.to_string(),
                published_at: NOW,
                published_by: "test".to_owned(),
            })
        };
        programme.store().unwrap().write(publish).unwrap();
        Self { programme, folder, database }
    }

    fn all() -> Vec<Self> {
        databases().into_iter().map(Self::new).collect()
    }

    /// Writes feeds and their mapping; gives the mapping's place.
    fn written(&self, mapping: &str, files: &[(&str, String)]) -> std::path::PathBuf {
        for (name, text) in files {
            std::fs::write(self.folder.path().join(name), text).unwrap();
        }
        let path = self.folder.path().join("mapping.toml");
        std::fs::write(&path, mapping).unwrap();
        path
    }

    fn import(&self, mapping: &str, files: &[(&str, String)]) -> ImportReport {
        let path = self.written(mapping, files);
        self.programme.import(&path, Some(1.0), &Silence).unwrap()
    }

    fn card(&self, number: &str) -> String {
        let card = self.programme.card(&Act::of_job("test", programme::now()), number).unwrap();
        format!(
            "{} {} {}",
            card.state,
            card.customer.as_deref().unwrap_or("-"),
            card.reason.as_deref().unwrap_or("-")
        )
    }

    fn wallet(&self, number: &str) -> Option<String> {
        self.programme.card(&Act::of_job("test", NOW), number).unwrap().wallet
    }

    fn balance(&self, number: &str) -> BalanceView {
        let act = Act::of_job("test", programme::now());
        self.programme.card_balance(&act, number).unwrap()
    }

    /// The books keep every rule, and all that is brought comes from `opening`.
    fn audit(&self) {
        let whole = self.programme.store().unwrap().read(|tx| tx.books_whole()).unwrap();
        let books =
            Memory::from_rows(whole.accounts, whole.posted, whole.holds, whole.lots, whole.uses);
        assert_eq!(ledger::audit(&books), [], "{}", self.database.name);
    }

    /// All that an import could change.
    fn state(&self) -> String {
        let numbers = (1..9).map(ean).chain(["0042".to_owned()]);
        let read = |tx: &mut Tx<'_>| {
            let mut state = format!("{:?}", tx.books_whole()?);
            for number in numbers {
                let Some(card) = tx.card(&number.as_str().into())? else { continue };
                let levels = card.wallet.as_ref().map(|wallet| tx.levels_of(wallet)).transpose()?;
                state += &format!("\n{card:?} {levels:?}");
            }
            Ok::<_, DbError>(state)
        };
        self.programme.store().unwrap().read(read).unwrap()
    }
}

/// Bad rows as `line code field`.
fn quarantined(report: &ImportReport) -> Vec<String> {
    let Some(quarantine) = &report.quarantine else { return Vec::new() };
    let text = std::fs::read_to_string(&quarantine.path).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        format!("{} {} {} {}", cells[0], cells[2], cells[5], cells[3])
    };
    text.lines().skip(1).map(row).collect()
}

/// The report as lines.
fn told(report: &ImportReport) -> Vec<String> {
    let opening = report.opening.as_ref().unwrap();
    let mut lines = vec![format!(
        "changed={} wallets={} repeated={}",
        opening.changed, opening.wallets_new, opening.cards_repeated
    )];
    let cards = opening.cards.iter();
    lines.extend(cards.map(|(state, cards)| format!("{state} {}+{}", cards.new, cards.known)));
    let levels = opening.levels.iter();
    lines.extend(levels.map(|(level, count)| format!("{level} {}+{}", count.new, count.known)));
    for (unit, b) in &opening.balances {
        let left: Vec<String> =
            b.left_out.iter().map(|(why, rows)| format!("{why}={}", rows.amount)).collect();
        lines.push(format!(
            "{unit} file={}/{} posted={}/{} debts={} known={} left=[{}] difference={} opening={} odd={}",
            b.in_file.rows, b.in_file.amount, b.posted.rows, b.posted.amount, b.debts.amount,
            b.known.amount, left.join(" "), b.difference, b.opening_balance, b.opening_unexplained
        ));
    }
    lines
}

fn feeds() -> (String, Vec<(&'static str, String)>) {
    let [a, b, c, d, e] = [1, 2, 3, 4, 5].map(ean);
    let cards = format!(
        "{CARDS_HEADER}{a},n1,plastic,в работе,c1,A1,s1,2099-12-31,,\n\
         {b},n1,virtual,active,c1,A1,,,,\n\
         {c},n1,plastic,утеряна,c2,A2,,,,потеря\n\
         {d},n1,plastic,replaced,c3,,,,{e},\n\
         {e},n1,,issued,c3,,,,,\n\
         0042,n2,plastic,created,,,s2,,,\n"
    );
    let balances = format!(
        "{BALANCES_HEADER}{a},,100,2020-01-01,2099-06-30\n\
         {a},,50,,\n\
         {b},,50,,\n\
         {c},,-30,,\n\
         {c},STAMP:coffee,4,,\n\
         {d},,7,,2020-01-31\n\
         {d},,20,2098-01-01,\n\
         0042,,0,,\n"
    );
    let levels = format!("{LEVELS_HEADER}A1,Золото,2025-06-01,2099-01-01\nA2,silver,,\n");
    let files = vec![("cards.csv", cards), ("balances.csv", balances), ("levels.csv", levels)];
    (format!("{CARDS}{BALANCES}{LEVELS}"), files)
}

const TOLD: [&str; 9] = [
    "changed=true wallets=4 repeated=0",
    "active 2+0",
    "blocked 1+0",
    "created 1+0",
    "issued 1+0",
    "replaced 1+0",
    "gold 1+0",
    "silver 1+0",
    "POINT file=7/197 posted=5/190 debts=-30 known=0 left=[expired=7 zero=0] difference=0 opening=-190 odd=0",
];
const STAMPS: &str =
    "STAMP:coffee file=1/4 posted=1/4 debts=0 known=0 left=[] difference=0 opening=-4 odd=0";

#[test]
fn an_old_programme_comes_over_once() {
    for house in House::all() {
        let (mapping, files) = feeds();
        let before = house.state();
        let path = house.written(&mapping, &files);
        let tried = house.programme.try_import(&path, Some(1.0), &Silence).unwrap();
        assert!(tried.dry_run);
        assert!(house.state() == before, "a dry run changes nothing");
        let report = house.import(&mapping, &files);
        assert_eq!(tried.opening, report.opening, "a dry run tells the same");
        assert_eq!(quarantined(&report), [""; 0]);
        assert_eq!(told(&report), [&TOLD[..], &[STAMPS]].concat(), "{}", house.database.name);
        house.audit();

        let [a, b, c, d, e] = [1, 2, 3, 4, 5].map(ean);
        let shown = [&a, &c, &d].map(|number| house.card(number));
        assert_eq!(shown, ["active c1 -", "blocked c2 lost", "replaced c3 -"]);
        assert_eq!(house.wallet(&a), house.wallet(&b), "one account, one wallet");
        assert_eq!(house.wallet(&d), house.wallet(&e), "a replaced card opens what the other does");
        assert_ne!(house.wallet(&a), house.wallet(&c));
        let (first, third, last) = (house.balance(&a), house.balance(&c), house.balance(&e));
        assert_eq!((first.balance, first.spendable, first.lots.len()), (200, 200, 3));
        // The last good day ends at midnight of Moscow: 2099-06-30T21:00:00Z.
        assert_eq!(first.lots[0].expires_at.map(|at| at.0), Some(4_086_536_400_000_000));
        assert_eq!((third.balance, third.debt), (0, 30));
        assert_eq!((last.balance, last.spendable, last.not_yet_active), (20, 0, 20));
        let act = Act::of_job("test", NOW);
        let today = retail::Day(20_500);
        let level = house.programme.card_level(&act, &b, today).unwrap().unwrap();
        assert_eq!((level.level.as_str(), level.granted_until.is_some()), ("gold", true));
        let cause = house.programme.card_statement(&act, &a, None, 9).unwrap();
        assert!(cause.iter().all(|line| line.kind == "opening" && !line.reference.is_empty()));

        let after = house.state();
        let again = house.import(&mapping, &files);
        let opening = again.opening.as_ref().unwrap();
        assert!(again.lake.already_there && !opening.changed, "{}", house.database.name);
        assert_eq!(opening.balances["POINT"].known.amount, 190);
        assert_eq!(opening.balances["POINT"].difference, 0);
        assert_eq!(opening.cards["active"].known, 2);
        assert!(house.state() == after, "the second run changes nothing");
    }
}

#[test]
fn a_mended_file_brings_only_what_is_new() {
    for house in House::all() {
        let (mapping, mut files) = feeds();
        house.import(&mapping, &files);
        // A card more with its points, and a mapping that is another text.
        let new = ean(6);
        files[0].1 += &format!("{new},n1,plastic,active,c9,,,,,\n");
        files[1].1 += &format!("{new},,11,,\n");
        let report = house.import(&format!("{mapping}\n# mended"), &files);
        assert_eq!(quarantined(&report), [""; 0]);
        assert!(told(&report).contains(
            &"POINT file=8/208 posted=1/11 debts=0 known=190 left=[expired=7 zero=0] difference=0 \
              opening=-201 odd=0"
                .to_owned()
        ));
        assert_eq!(house.balance(&ean(1)).balance, 200, "nothing is posted twice");
        // Another amount for a wallet that has its balance is no second balance.
        files[1].1 = files[1].1.replace(&format!("{new},,11,,"), &format!("{new},,12,,"));
        let report = house.import(&mapping, &files);
        assert_eq!(quarantined(&report), ["balances 10 balance-differs amount"]);
        assert_eq!(house.balance(&new).balance, 11);
        // An account is known to a later import by its name.
        let accounts = BALANCES.replace("card = 'card'", "account = 'card'");
        let text = format!("{BALANCES_HEADER}A2,RUB,5,,\nA2,RUB,5,,\nnobody,RUB,1,,\n");
        let report = house.import(&accounts, &[("balances.csv", text)]);
        assert_eq!(quarantined(&report), ["balances 4 unknown-card account"]);
        let line = "RUB file=3/11 posted=2/10 debts=0 known=0 left=[unknown-card=1] difference=0 \
                    opening=-10 odd=0";
        assert_eq!(told(&report)[1], line);
        let account = |tx: &mut Tx<'_>| tx.account(&AccountId::opening(&Unit::from("RUB")));
        let opening = house.programme.store().unwrap().read(account).unwrap().unwrap();
        assert_eq!(opening.balance(), -10);
        house.audit();
    }
}

#[test]
fn rows_that_do_not_fit_are_set_aside_with_their_place() {
    for house in House::all() {
        let [a, b, c, d, e, f] = [1, 2, 3, 4, 5, 6].map(ean);
        let wrong = format!("{}{}", &a[..12], (a[12..].parse::<u32>().unwrap() + 1) % 10);
        let cards = format!(
            "{CARDS_HEADER}{a},n1,plastic,active,c1,A1,,,,\n\
             {a},n1,plastic,active,c1,A1,,,,\n\
             {a},n1,plastic,closed,c1,A1,,,,\n\
             {wrong},n1,plastic,active,,,,,,\n\
             {b},n9,plastic,active,,,,,,\n\
             {b},n1,plastic,active,,,s2,,,\n\
             {b},n1,plastic,sleeping,,,,,,\n\
             {b},n1,plastic,blocked,,,,,,because\n\
             {c},n1,plastic,replaced,,,,,{d},\n\
             {d},n1,plastic,replaced,,,,,{c},\n\
             {e},n1,plastic,active,,,,,{a},\n\
             {f},n1,plastic,replaced,,,,,{b},\n\
             0042,n2,plastic,active,,A1,,,,\n\
             +79161234567,n2,phone,active,,,,,,\n"
        );
        let balances = format!(
            "{BALANCES_HEADER}{b},,5,,\n{a},,1.5,,\n{a},,x,,\n{a},,5,2030-01-02,2030-01-01\n\
             {a},не то,5,,\n,,5,,\n"
        );
        let levels =
            format!("{LEVELS_HEADER}A1,platinum,,\nA1,gold,,\nA1,gold,,\nA1,silver,,\nA7,gold,,\n");
        let files = [("cards.csv", cards), ("balances.csv", balances), ("levels.csv", levels)];
        let mapping = format!("{CARDS}{BALANCES}{LEVELS}");
        let path = house.written(&mapping, &files);
        let before = house.state();
        let refused = house.programme.import(&path, None, &Silence).unwrap_err();
        assert!(refused.downcast_ref::<TooManyBad>().is_some(), "{refused:#}");
        assert!(house.state() == before, "too many bad rows change nothing");

        let report = house.import(&mapping, &files);
        let mut found = quarantined(&report);
        found.sort();
        let mut expected = [
            "cards 4 duplicate-card number",
            "cards 5 card-number number",
            "cards 6 unknown-place network",
            "cards 7 unknown-place shop",
            "cards 8 word state",
            "cards 9 word reason",
            "cards 10 card-link replaced_by",
            "cards 11 card-link replaced_by",
            "cards 12 card-link replaced_by",
            "cards 13 card-link replaced_by",
            "cards 14 other-network number",
            "cards 15 personal-data number",
            "balances 2 unknown-card card",
            "balances 3 number amount",
            "balances 4 number amount",
            "balances 5 date expires",
            "balances 6 value unit",
            "balances 7 missing card",
            "levels 2 unknown-level level",
            "levels 5 level-differs level",
            "levels 6 unknown-card account",
        ];
        expected.sort_unstable();
        assert_eq!(found, expected, "{}", house.database.name);
        let told = told(&report);
        assert_eq!(told[..3], ["changed=true wallets=1 repeated=1", "active 1+0", "gold 1+0"]);

        // A card that is known with another content.
        let changed = format!("{CARDS_HEADER}{a},n1,plastic,closed,c1,A1,,,,\n");
        let report = house.import(CARDS, &[("cards.csv", changed)]);
        assert_eq!(quarantined(&report), ["cards 2 card-differs number"]);
        assert!(!report.opening.unwrap().changed);
    }
}

#[test]
fn an_import_that_was_interrupted_goes_on() {
    for house in House::all() {
        // What a killed import leaves: the first card of an account with its wallet, and nothing else.
        let [a, b] = [1, 2].map(ean);
        let row = |number: &str| format!("{number},n1,plastic,active,c1,A1,,,,\n");
        let number = a.clone();
        let begun = move |tx: &mut Tx<'_>| {
            let (network, customer) = (NetworkId::from("n1"), Some("c1".into()));
            tx.add_wallet(&Wallet {
                id: "w1".into(),
                network: network.clone(),
                customer: customer.clone(),
                created_at: NOW,
                version: 1,
            })?;
            tx.add_card(&Card {
                number: number.as_str().into(),
                network,
                kind: CardKind::Plastic,
                state: CardState::Active,
                wallet: Some("w1".into()),
                customer,
                print_batch: None,
                shop: None,
                reason: None,
                replaced_by: None,
                expires_on: None,
                changed_at: NOW,
                version: 1,
            })
        };
        assert!(house.programme.store().unwrap().write(begun).unwrap());
        let cards = format!("{CARDS_HEADER}{}{}", row(&b), row(&a));
        let balances = format!("{BALANCES_HEADER}{b},,5,,\n");
        let files = [("cards.csv", cards), ("balances.csv", balances)];
        let report = house.import(&format!("{CARDS}{BALANCES}"), &files);
        assert_eq!(told(&report)[..2], ["changed=true wallets=0 repeated=0", "active 1+1"]);
        assert_eq!(house.wallet(&a), house.wallet(&b));
        assert_eq!(house.balance(&a).balance, 5);
        let noted = house.programme.store().unwrap().read(|tx| tx.opening_account("A1"));
        assert_eq!(noted.unwrap(), Some(("w1".into(), "n1".into())));
        house.audit();
    }
}

#[test]
fn cards_come_over_and_their_receipts_earn_in_one_import() {
    for house in House::all() {
        let act = Act::of_job("test", NOW);
        house.programme.add_till(&act, "s1", "t1").unwrap();
        let publish = |tx: &mut Tx<'_>| {
            let rules = json!({"rounding": "down", "points_scale": 100, "activates_after_days": 0,
                               "rows": [{"rate": 10000}, {"level": "gold", "rate": 20000}]});
            tx.add_ruleset(&Ruleset {
                kind: "accrual".to_owned(),
                scope: "n1".to_owned(),
                version: 1,
                body: rules.to_string(),
                published_at: NOW,
                published_by: "test".to_owned(),
            })
        };
        house.programme.store().unwrap().write(publish).unwrap();
        let (mapping, mut files) = feeds();
        let fields = ["number", "at", "product", "net", "shop", "till", "card", "customer"];
        let fields = fields.map(|name| format!("{name} = '{name}'\n")).concat();
        let receipts = format!(
            "[receipts]\nfiles = 'r.csv'\naccrue_from = '2026-01-01'\n[receipts.fields]\n\
             network = {{ constant = 'n1' }}\n{fields}"
        );
        let [a, b, c, ..] = [1, 2, 3].map(ean);
        let rows = format!(
            "number,at,product,net,shop,till,card,customer\n\
             1,2025-12-31,milk,100,s1,t1,{a},\n\
             2,2026-01-01,milk,100,s1,t1,{a},\n\
             3,2026-01-02,milk,50,s1,t1,,c1\n\
             4,2026-01-02,milk,50,s1,t1,{c},\n\
             5,2026-01-02,milk,10,s1,t1,,c3\n"
        );
        files.push(("r.csv", rows));
        let mapping = format!("{mapping}{receipts}");
        let path = house.written(&mapping, &files);
        let before = house.state();
        let tried = house.programme.try_import(&path, Some(1.0), &Silence).unwrap();
        assert!(house.state() == before, "a dry run changes nothing");
        let report = house.import(&mapping, &files);
        assert_eq!(tried.accrual, report.accrual, "{}", house.database.name);
        let accrual = report.accrual.unwrap();
        // Gold earns twice; its two cards open one wallet.
        assert_eq!((accrual.receipts, accrual.earned, accrual.points_accrued), (4, 3, 310));
        assert_eq!(
            serde_json::to_value(&accrual.nothing_because).unwrap(),
            json!({"card_cannot_earn": 1})
        );
        assert_eq!(house.balance(&b).balance, 200 + 300);
        house.audit();
        let after = house.state();
        let again = house.import(&mapping, &files);
        assert_eq!(again.accrual.unwrap().known, 4);
        assert!(house.state() == after, "the second run changes nothing");
    }
}

#[test]
fn a_dry_run_of_receipts_tells_what_the_lake_would_gain() {
    let house = House::new(Database::sqlite());
    let fields = ["number", "at", "product", "net"].map(|name| format!("{name} = '{name}'\n"));
    let mapping = format!("[receipts]\nfiles = 'r.csv'\n[receipts.fields]\n{}", fields.concat());
    let text = "number,at,product,net\n1,2026-01-01,milk,5\n2,2026-01-02,milk,7\n".to_owned();
    let path = house.written(&mapping, &[("r.csv", text)]);
    let tried = house.programme.try_import(&path, None, &Silence).unwrap();
    assert_eq!((tried.lake.receipts_new, tried.lake.lines, tried.receipts), (2, 2, 0));
    assert_eq!(house.programme.lake().unwrap().manifest().totals.receipts, 0);
    let report = house.programme.import(&path, None, &Silence).unwrap();
    assert_eq!((&report.lake, report.receipts), (&tried.lake, 2));
    let again = house.programme.try_import(&path, None, &Silence).unwrap();
    assert!(again.lake.already_there && again.dry_run);
}

#[test]
fn the_mapping_knows_the_names_of_states_and_kinds() {
    let states: Vec<&str> = CardState::ALL.iter().map(|state| state.as_str()).collect();
    assert_eq!(states, sources::CARD_STATES);
    let kinds: Vec<&str> = CardKind::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(kinds, sources::CARD_KINDS);
}
