//! A programme with two shops, some cards and rules by which 100 of net earn a point.

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};

use ledger::{AccountId, Cause, Chain, ChainId, Memory, Transfer, Unit};
use membership::{CardKind, CardState, Scheme};
use programme::{
    Act, LineIn, OriginalIn, Programme, ReceiptIn, ReceiptTaken, Refused, SettingsLanguage,
};
use retail::{CustomerId, Instant, NetworkId, WalletId};
use serde_json::{Value, json};
use store::{Card, DbError, Network, Ruleset, ShopPlace, Till, Tx, Wallet};

use super::super::fixture::{Database, NOW, databases};
use super::today;

pub struct Counter {
    /// Days since the first one of a script.
    later: AtomicI64,
    folder: tempfile::TempDir,
    programme: Option<Programme>,
    database: Database,
}

/// A line of so many pieces.
pub fn line(product: &str, pieces: i64, net: i64) -> LineIn {
    LineIn {
        product: product.to_owned(),
        category: None,
        quantity: pieces * 1000,
        net,
        discount: 0,
        retailer_coupon: 0,
        supplier_coupon: 0,
        points_allowed: true,
    }
}

/// A receipt of the first shop's first till.
pub fn receipt(number: &str, card: Option<&str>, lines: Vec<LineIn>) -> ReceiptIn {
    ReceiptIn {
        number: number.to_owned(),
        at: "2026-01-01T12:00:00+03:00".to_owned(),
        shop: None,
        till: None,
        card: card.map(str::to_owned),
        channel: None,
        original: None,
        fiscal: None,
        lines,
    }
}

/// Rules of accrual with some fields changed.
pub fn rules(changed: Value) -> Value {
    let mut rules = json!({
        "rounding": "down", "points_scale": 100, "activates_after_days": 0,
        "rows": [{"rate": 10000}],
    });
    rules.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
    rules
}

impl Counter {
    pub fn sqlite() -> Self {
        Self::on(Database::sqlite())
    }

    /// One on each database.
    pub fn all() -> Vec<Self> {
        databases().into_iter().map(Self::on).collect()
    }

    fn on(database: Database) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("programme");
        Programme::init(&dir, SettingsLanguage::En).unwrap();
        let mut counter = Self { later: AtomicI64::new(0), folder, programme: None, database };
        let url = counter.database.url();
        counter.replace_setting("url = \"store.sqlite\"", &format!("url = \"{url}\""));
        counter.programme = Some(Programme::open(&dir).unwrap());
        counter.programme().store().unwrap().write(prepared).unwrap();
        counter.publish("accrual", &rules(json!({})));
        // Cards of these tests are above no limit, however much they buy.
        counter.publish("limits", &json!({"rows": []}));
        counter
    }

    pub fn name(&self) -> &'static str {
        self.database.name
    }

    pub fn dir(&self) -> PathBuf {
        self.folder.path().join("programme")
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn programme(&self) -> &Programme {
        self.programme.as_ref().unwrap()
    }

    fn replace_setting(&self, from: &str, to: &str) {
        let path = self.dir().join("proffer.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from}");
        std::fs::write(path, text.replace(from, to)).unwrap();
    }

    /// Changes a setting; [`Counter::run`] opens the programme anew for it.
    pub fn set(&self, key: &str, value: &str) {
        let text = std::fs::read_to_string(self.dir().join("proffer.toml")).unwrap();
        let from = text.lines().find(|line| line.starts_with(&format!("{key} = "))).unwrap();
        self.replace_setting(from, &format!("{key} = {value}"));
    }

    /// Changes settings, and opens the programme anew for them.
    pub fn settle(&mut self, settings: &[(&str, &str)]) {
        settings.iter().for_each(|(key, value)| self.set(key, value));
        self.programme = Some(Programme::open(&self.dir()).unwrap());
    }

    pub fn set_moved_at_once(&self, most: u32) {
        self.replace_setting("move_at_once_max = 2000", &format!("move_at_once_max = {most}"));
    }

    pub fn publish(&self, kind: &str, body: &Value) {
        let (kind, body) = (kind.to_owned(), body.to_string());
        let publish = move |tx: &mut Tx<'_>| {
            let version = tx.ruleset(&kind, "")?.map_or(1, |rules| rules.version + 1);
            tx.add_ruleset(&Ruleset {
                kind: kind.clone(),
                scope: String::new(),
                version,
                body: body.clone(),
                published_at: NOW,
                published_by: "test".to_owned(),
            })
        };
        self.programme().store().unwrap().write(publish).unwrap();
    }

    pub fn act(&self) -> Act {
        let later = self.later.load(Ordering::Relaxed) * 24 * 3_600_000_000;
        let now = Instant(today().0 + later);
        Act { shop: Some("s1".into()), till: Some("t1".into()), ..Act::of_job("test", now) }
    }

    pub fn take(&self, receipt: ReceiptIn) -> Result<ReceiptTaken, Refused> {
        let made;
        let settings = std::fs::read_to_string(self.dir().join("proffer.toml")).unwrap();
        let programme = if settings.contains("day_starts_minute = 0")
            && settings.contains("take_points_without_original = false")
        {
            self.programme()
        } else {
            made = Programme::open(&self.dir()).unwrap();
            &made
        };
        programme.take_receipt(&self.act(), receipt)
    }

    /// Takes a receipt while others take theirs: the database may be busy for a moment.
    pub fn take_busy(&self, receipt: ReceiptIn) -> ReceiptTaken {
        for _ in 0..50 {
            match self.programme().take_receipt(&self.act(), receipt.clone()) {
                Ok(taken) => return taken,
                Err(error) if error.code() == "busy" => {
                    std::thread::sleep(std::time::Duration::from_millis(20));
                }
                Err(error) => panic!("{}: {error}", self.name()),
            }
        }
        panic!("{}: busy for too long", self.name())
    }

    /// Runs a step of a script; gives its result as the script writes it.
    pub fn run(&self, ask: &str) -> String {
        let words: Vec<&str> = ask.split_whitespace().collect();
        match words[..] {
            ["spend", card, points] => {
                let card = number(card).unwrap();
                self.spend(&card, points.parse().unwrap());
                self.shown(&card)
            }
            ["later", days] => {
                self.later.fetch_add(days.parse().unwrap(), Ordering::Relaxed);
                let act = self.act();
                format!("expired {}", self.programme().expire_points(act.at).unwrap().0)
            }
            ["close", release] => {
                let act = self.act();
                let flags = self.programme().open_flags(&act, 0, 100).unwrap();
                let flag = flags.iter().find(|flag| flag.held).unwrap();
                let closed =
                    self.programme().close_flag(&act, flag.id, release == "released").unwrap();
                format!("{} {}", closed.kind, closed.object)
            }
            ["holds", card] => self.shown(&number(card).unwrap()),
            ["take", number_, card, ref goods @ ..] => {
                let card = number(card);
                let lines = goods.iter().map(|goods| goods_of(goods, 1)).collect();
                self.said(receipt(number_, card.as_deref(), lines))
            }
            ["back", number_, card, original, ref goods @ ..] => {
                let card = number(card);
                let lines = goods.iter().map(|goods| goods_of(goods, -1)).collect();
                let original = (original != "-").then(|| OriginalIn {
                    number: original.to_owned(),
                    shop: None,
                    till: None,
                });
                let back = receipt(number_, card.as_deref(), lines);
                self.said(ReceiptIn { original, ..back })
            }
            _ => panic!("no step: {ask}"),
        }
    }

    /// Takes a receipt, at the minute that its number says.
    fn said(&self, receipt: ReceiptIn) -> String {
        let minute: u32 = receipt.number.parse().unwrap();
        let at = format!("2026-01-01T12:{minute:02}:00+03:00");
        let receipt = ReceiptIn { at, ..receipt };
        let card = receipt.card.clone();
        let taken = self.take(receipt).unwrap();
        let mut said = format!("points {}", taken.points);
        for (name, value) in
            [("repaid", taken.repaid), ("taken", taken.taken_back), ("debt", taken.debt)]
        {
            if value != 0 {
                said.push_str(&format!(", {name} {value}"));
            }
        }
        if let Some(why) = taken.nothing_because {
            said.push_str(&format!(", {}", serde_json::to_value(why).unwrap().as_str().unwrap()));
        }
        if taken.more_than_bought {
            said.push_str(", more than bought");
        }
        assert_eq!(taken.points, taken.points_by_line.iter().sum::<i64>());
        match card.filter(|card| card != "NOBODY") {
            Some(card) => format!("{said} | {}", self.shown(&card)),
            None => said,
        }
    }

    fn shown(&self, card: &str) -> String {
        let (balance, owed) = self.holds(card);
        if owed == 0 { balance.to_string() } else { format!("{balance} owes {owed}") }
    }

    /// What the wallet of a card holds, and what it owes.
    pub fn holds(&self, card: &str) -> (i64, i64) {
        let store = self.programme().store().unwrap();
        let number = card.into();
        let found = store.read(|tx| {
            let Some(wallet) = tx.card(&number)?.and_then(|card| card.wallet) else {
                return Ok::<_, DbError>((0, 0));
            };
            let account = tx.account(&AccountId::wallet(&wallet, &unit()))?;
            let owed = tx.account(&AccountId::receivable(&wallet, &unit()))?;
            let balance = |account: Option<ledger::Account>| account.map_or(0, |a| a.balance());
            Ok((balance(account), -balance(owed)))
        });
        found.unwrap()
    }

    pub fn wallet(&self, card: &str) -> String {
        let store = self.programme().store().unwrap();
        let number = card.into();
        store.read(|tx| tx.card(&number)).unwrap().unwrap().wallet.unwrap().0
    }

    fn spend(&self, card: &str, points: i64) {
        let wallet = WalletId(self.wallet(card));
        self.programme()
            .store()
            .unwrap()
            .write(move |tx| {
                let burned = AccountId::burned(&unit());
                tx.open_account(&burned, &unit(), None, false)?;
                let from = AccountId::wallet(&wallet, &unit());
                let cause = Cause::new("redemption", "");
                let transfer = Transfer::post(from, burned, unit(), points, cause);
                let id = ChainId(format!("spend-{wallet}-{points}"));
                let chain = Chain { id, at: today(), transfers: vec![transfer] };
                ledger::post(tx, &chain).map(drop).map_err(Refused::from)
            })
            .unwrap();
    }

    pub fn journal_rows(&self) -> i64 {
        self.programme().store().unwrap().read(|tx| tx.journal_waiting()).unwrap().0
    }

    /// The auditor finds nothing in the books.
    pub fn audit(&self) {
        let whole = self.programme().store().unwrap().read(|tx| tx.books_whole()).unwrap();
        let books =
            Memory::from_rows(whole.accounts, whole.posted, whole.holds, whole.lots, whole.uses);
        assert_eq!(ledger::audit(&books), [], "{}", self.name());
    }
}

fn unit() -> Unit {
    Unit("POINT".to_owned())
}

/// The number of a card as scripts name it.
fn number(name: &str) -> Option<String> {
    match name {
        "-" => None,
        name if name.len() == 1 => Some(name.repeat(4)),
        name => Some(name.to_owned()),
    }
}

fn goods_of(text: &str, sign: i64) -> LineIn {
    let parts: Vec<&str> = text.split(':').collect();
    let [product, pieces, net] = parts[..] else { panic!("no goods: {text}") };
    line(product, sign * pieces.parse::<i64>().unwrap(), sign * net.parse::<i64>().unwrap())
}

/// A network with its shops and cards.
fn prepared(tx: &mut Tx<'_>) -> Result<(), DbError> {
    let text = |text: &str| text.to_owned();
    tx.add_network(&Network {
        id: "n".into(),
        name_en: text("N"),
        name_ru: text("Н"),
        scheme: Scheme::Plain,
        created_at: NOW,
        version: 1,
    })?;
    for id in ["s1", "s2", "closed"] {
        let mut shop = ShopPlace {
            id: id.into(),
            network: "n".into(),
            name_en: text(id),
            name_ru: text(id),
            time_zone: text("Europe/Moscow"),
            closed: false,
            created_at: NOW,
            version: 1,
        };
        tx.add_shop(&shop)?;
        shop.closed = id == "closed";
        tx.put_shop(&shop)?;
        for till in ["t1", "t2"] {
            let (shop, id) = (id.into(), till.into());
            tx.add_till(&Till { shop, id, closed: false, created_at: NOW, version: 1 })?;
        }
    }
    for (number, state) in [
        ("AAAA", CardState::Active),
        ("BBBB", CardState::Active),
        ("BLOCKED", CardState::Blocked),
        ("SUSPENDED", CardState::Suspended),
    ] {
        add_card(tx, number, state, true)?;
    }
    // A card that earns before anybody has activated it gets its wallet then.
    add_card(tx, "FRESH", CardState::Prepared, false)?;
    for round in 0..200 {
        add_card(tx, &format!("R{round:04}"), CardState::Active, true)?;
    }
    Ok(())
}

pub fn add_card(
    tx: &mut Tx<'_>,
    number: &str,
    state: CardState,
    wallet: bool,
) -> Result<(), DbError> {
    let id = WalletId(format!("w-{number}"));
    let customer = wallet.then(|| CustomerId(format!("c-{number}")));
    if wallet {
        tx.add_wallet(&Wallet {
            id: id.clone(),
            network: "n".into(),
            customer: customer.clone(),
            created_at: NOW,
            version: 1,
        })?;
        tx.open_account(&AccountId::wallet(&id, &unit()), &unit(), Some(0), true)?;
    }
    tx.add_card(&Card {
        number: number.into(),
        network: NetworkId("n".to_owned()),
        kind: CardKind::Virtual,
        state,
        wallet: wallet.then_some(id),
        customer,
        print_batch: None,
        shop: None,
        reason: None,
        replaced_by: None,
        expires_on: None,
        changed_at: NOW,
        version: 1,
    })?;
    Ok(())
}
