//! A small language of scenarios: one event a line, with its expected result at the end.
//!
//! ```text
//! open wallet POINT lots              an account; `lots`, `free` (no bound), `overdraft 30` or nothing
//! close wallet => done                or the code of a refusal, as everywhere
//! @6                                  the clock stands at 6 from now on
//! a1: post issued -> wallet 100 active 5 expires 50 => done
//! h1: hold wallet -> burned 30 until 20 => done
//! p1: post-hold h1 20 => done         a part; the rest is released
//! v1: void h1 => hold_resolved
//! x1: expire h1 => hold_resolved
//! r1: reverse p1 5 => done
//! e1: expire-lot a1 -> breakage => not_due
//! c1: hold wallet -> burned 5 until 9 + post-hold c1/0 5 => done
//! c2: nothing => chain_empty          a chain without transfers
//! balance wallet => 80 held 10 coming 5
//! lots wallet => a1 80, c1/1 20 held 10   what is left, in the sequence of spending
//! terms a1 => 5..50                   `5..` never expires
//! uses p1 => a1 20 restored 5         what it took, in the sequence of consumption
//! hold h1 => posted 20                or `pending`, `voided`, `expired`
//! ```
//!
//! The word before the colon is the chain's key. `a1` names its transfer, hold or lot `a1/0`; others are
//! written in full. Transfers of one chain stand between ` + `. Each may be followed by pairs that overwrite
//! what it says: `debit x`, `credit x`, `unit RUB`, `amount 5`, `active 5`, `expires 50`, `because gift`; `times
//! 65` repeats it. The unit is POINT unless it is said; the amount `max` is the largest there is.
//! A chain gives `done`, `known`, or the code of the refusal, with the field where a body `differs`, and
//! `at 1` where a later transfer than the first is refused. After `#` comes a remark.

use std::collections::BTreeSet;

use ledger::{
    Account, AccountId, Action, Books, Cause, Chain, ChainId, HoldState, LotId, LotTerms, Memory,
    Outcome, Refusal, Transfer, TransferId, Unit,
};
use retail::Instant;

use crate::watched::post_watched;

/// Plays a scenario, holds every line against its expected result, replays the journal at the end, and
/// tells which codes of refusals came.
pub fn check(name: &str, text: &str) -> BTreeSet<String> {
    let mut stage = Stage { books: Memory::default(), at: Instant(0), codes: BTreeSet::new() };
    for (number, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap().trim();
        if line.is_empty() {
            continue;
        }
        let (event, expected) = line.split_once("=>").unwrap_or((line, ""));
        let found = stage.play(event.trim());
        assert_eq!(found, expected.trim(), "{name}, line {number}: {line}");
    }
    let again = Memory::replay(stage.books.all_accounts(), &stage.books.chains()).unwrap();
    assert_eq!(again, stage.books, "{name}: replay");
    stage.codes
}

struct Stage {
    books: Memory,
    at: Instant,
    codes: BTreeSet<String>,
}

impl Stage {
    fn play(&mut self, event: &str) -> String {
        let words: Vec<&str> = event.split_whitespace().collect();
        match words[..] {
            ["open", id, unit, ref bound @ ..] => self.open(id, unit, bound),
            ["close", id] => {
                let result = self.books.close(&id.into());
                self.tell(result.map(|()| "done".to_owned()))
            }
            ["balance", id] => self.balance(id),
            ["lots", id] => self.lots(id),
            ["terms", id] => {
                let lot = self.books.lot(&LotId(full(id))).unwrap().unwrap();
                let end = lot.expires_at.map(|at| at.0.to_string()).unwrap_or_default();
                format!("{}..{end}", lot.activates_at.0)
            }
            ["uses", id] => self.uses(id),
            ["hold", id] => {
                let hold = self.books.hold(&TransferId(full(id))).unwrap().unwrap();
                match hold.state {
                    HoldState::Posted => format!("posted {}", hold.posted),
                    state => state.as_str().to_owned(),
                }
            }
            [clock] if clock.starts_with('@') => {
                self.at = Instant(clock[1..].parse().unwrap());
                String::new()
            }
            _ => self.post(event),
        }
    }

    fn tell(&mut self, result: Result<String, Refusal>) -> String {
        result.unwrap_or_else(|refusal| {
            self.codes.insert(refusal.code().to_owned());
            refusal.code().to_owned()
        })
    }

    fn open(&mut self, id: &str, unit: &str, bound: &[&str]) -> String {
        let (overdraft_max, lots) = match bound {
            [] => (Some(0), false),
            ["lots"] => (Some(0), true),
            ["free"] => (None, false),
            ["free", "lots"] => (None, true),
            ["overdraft", max] => (Some(max.parse().unwrap()), false),
            other => panic!("{other:?}"),
        };
        let account = Account::new(id.into(), unit.into(), overdraft_max, lots);
        let opened = account.map(|account| match self.books.open(account) {
            true => String::new(),
            false => "known".to_owned(),
        });
        self.tell(opened)
    }

    fn post(&mut self, event: &str) -> String {
        let (key, body) = event.split_once(':').unwrap();
        let chain = Chain { id: key.into(), at: self.at, transfers: transfers(body.trim()) };
        match post_watched(&mut self.books, &chain) {
            Ok(Outcome::Done(posted)) => {
                assert_eq!(posted, self.books.chain(&ChainId::from(key)).unwrap());
                "done".to_owned()
            }
            Ok(Outcome::Known(posted)) => {
                assert_eq!(posted, self.books.chain(&ChainId::from(key)).unwrap());
                "known".to_owned()
            }
            Err((position, refusal)) => {
                let code = self.tell(Err(refusal.clone()));
                match refusal {
                    Refusal::Differs { field } => format!("{code} {field}"),
                    _ if position > 0 => format!("{code} at {position}"),
                    _ => code,
                }
            }
        }
    }

    fn balance(&self, id: &str) -> String {
        let account = self.books.account(&id.into()).unwrap();
        assert_eq!(account.available(), account.balance() - account.debits_pending);
        let part = |word: &str, amount: i64| match amount {
            0 => String::new(),
            _ => format!(" {word} {amount}"),
        };
        let (held, coming) = (account.debits_pending, account.credits_pending);
        format!("{}{}{}", account.balance(), part("held", held), part("coming", coming))
    }

    fn lots(&self, id: &str) -> String {
        let id = AccountId::from(id);
        let lots = self.books.all_lots().filter(|lot| lot.account == id && lot.remaining > 0);
        let mut lots: Vec<_> = lots.collect();
        lots.sort_by(|a, b| a.compare_spending(b));
        list(lots.iter().map(|lot| (&lot.id.0, lot.remaining, "held", lot.held)))
    }

    fn uses(&mut self, id: &str) -> String {
        let uses = self.books.uses(&TransferId(full(id))).unwrap();
        list(uses.iter().map(|used| (&used.lot.0, used.amount, "restored", used.restored)))
    }
}

/// `a1 80, c1/1 20 held 10`, or `none`.
fn list<'a>(rows: impl Iterator<Item = (&'a String, i64, &'a str, i64)>) -> String {
    let rows = rows.map(|(id, amount, word, part)| {
        let id = id.strip_suffix("/0").unwrap_or(id);
        let part = if part == 0 { String::new() } else { format!(" {word} {part}") };
        format!("{id} {amount}{part}")
    });
    let rows: Vec<String> = rows.collect();
    if rows.is_empty() { "none".to_owned() } else { rows.join(", ") }
}

/// `a1` is `a1/0`.
fn full(name: &str) -> String {
    if name.contains('/') { name.to_owned() } else { format!("{name}/0") }
}

fn number(text: &str) -> i64 {
    if text == "max" { i64::MAX } else { text.parse().unwrap() }
}

fn transfers(body: &str) -> Vec<Transfer> {
    if body == "nothing" {
        return Vec::new();
    }
    body.split(" + ").flat_map(transfer).collect()
}

fn transfer(text: &str) -> Vec<Transfer> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let cause = Cause::new("test", "");
    let point = Unit::from("POINT");
    let id = |name: &str| TransferId(full(name));
    let (mut transfer, pairs) = match words[..] {
        ["post", from, "->", to, amount, ref pairs @ ..] => {
            (Transfer::post(from.into(), to.into(), point, number(amount), cause), pairs)
        }
        ["hold", from, "->", to, amount, "until", time, ref pairs @ ..] => {
            let until = Instant(number(time));
            (Transfer::hold(from.into(), to.into(), point, number(amount), until, cause), pairs)
        }
        ["post-hold", hold, amount, ref pairs @ ..] => {
            (Transfer::post_hold(id(hold), number(amount), cause), pairs)
        }
        ["void", hold, ref pairs @ ..] => (Transfer::void_hold(id(hold), cause), pairs),
        ["expire", hold, ref pairs @ ..] => (Transfer::expire_hold(id(hold), cause), pairs),
        ["reverse", of, amount, ref pairs @ ..] => {
            (Transfer::reverse(id(of), number(amount), cause), pairs)
        }
        ["expire-lot", lot, "->", to, ref pairs @ ..] => {
            (Transfer::expire_lot(LotId(full(lot)), to.into(), cause), pairs)
        }
        _ => panic!("{text}"),
    };
    let mut times = 1;
    for pair in pairs.chunks(2) {
        let [key, value] = pair else { panic!("{text}") };
        let terms = || transfer.opens.unwrap_or(LotTerms::from(Instant(0)));
        match *key {
            "debit" => transfer.debit = (*value).into(),
            "credit" => transfer.credit = (*value).into(),
            "unit" => transfer.unit = (*value).into(),
            "amount" => transfer.amount = number(value),
            "because" => transfer.cause.kind = (*value).to_owned(),
            "times" => times = number(value) as usize,
            "active" => {
                transfer.opens = Some(LotTerms { activates_at: Instant(number(value)), ..terms() });
            }
            "expires" => {
                let expires_at = Some(Instant(number(value)));
                transfer.opens = Some(LotTerms { expires_at, ..terms() });
            }
            other => panic!("{other}"),
        }
    }
    assert!(times == 1 || transfer.action == Action::Post);
    vec![transfer; times]
}
