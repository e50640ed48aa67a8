//! Random chains: the same generator under a seed, for the simulation, and under proptest, which makes a
//! failure small.

use std::collections::BTreeMap;

use ledger::{
    Account, AccountId, Action, Books, Cause, Chain, ChainId, HoldState, LotId, LotTerms, Memory,
    Outcome, PostError, Refusal, Transfer, TransferId, post,
};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use retail::Instant;

use crate::watched::{Crash, Watched, post_watched};

/// Steps of one programme's life; many short lives find more than a long one.
const STEPS: usize = 200;

/// Random numbers for one step; when they run out, zeros follow.
pub type Words = [u16; 40];

fn soak() -> bool {
    std::env::var_os("PROFFER_SOAK").is_some()
}

/// Draws numbers from the words of a step.
struct Dice<'a>(std::slice::Iter<'a, u16>);

impl Dice<'_> {
    /// 0 to `sides` − 1.
    fn roll(&mut self, sides: usize) -> usize {
        self.0.next().map_or(0, |word| usize::from(*word) % sides)
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.roll(n) == n - 1
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        if of.is_empty() { None } else { of.get(self.roll(of.len())) }
    }
}

/// A programme with two tills that send chains.
pub struct Life {
    pub books: Memory,
    now: i64,
    sent: Vec<Chain>,
    number: usize,
    told: BTreeMap<String, usize>,
}

impl Life {
    pub fn new() -> Self {
        let mut books = Memory::default();
        for (id, unit, overdraft_max, lots) in [
            ("issued", "POINT", None, false),
            ("burned", "POINT", Some(0), false),
            ("breakage", "POINT", Some(0), false),
            ("anna", "POINT", Some(0), true),
            ("boris", "POINT", Some(0), true),
            ("debt", "POINT", Some(30), false),
            ("closed", "POINT", None, false),
            ("till", "RUB", None, false),
            ("shop", "RUB", Some(0), false),
        ] {
            books.open(Account::new(id.into(), unit.into(), overdraft_max, lots).unwrap());
        }
        books.close(&"closed".into()).unwrap();
        Self { books, now: 0, sent: Vec::new(), number: 0, told: BTreeMap::new() }
    }

    /// What the next till sends: something new, the same again, or another body under a used key.
    pub fn chain(&mut self, words: &Words) -> Chain {
        let mut dice = Dice(words.iter());
        self.now += dice.roll(4) as i64;
        // One till's clock is slow now and then, or fast.
        let jump = if dice.one_in(10) { dice.roll(80) as i64 - 40 } else { 0 };
        let at = Instant(self.now + jump);
        let repeated = if dice.one_in(6) { dice.pick(&self.sent).cloned() } else { None };
        if let Some(mut chain) = repeated {
            chain.at = at;
            if dice.one_in(2) {
                self.change(&mut chain, &mut dice);
            }
            return chain;
        }
        self.number += 1;
        let id = ChainId(format!("c{}", self.number));
        let count = match dice.roll(40) {
            0 => 0,
            1 => 65,
            2..=24 => 1,
            other => 2 + other % 3,
        };
        let mut transfers = Vec::new();
        for position in 0..count {
            transfers.push(self.transfer(&id, position, at, &mut dice));
        }
        let chain = Chain { id, at, transfers };
        self.sent.push(chain.clone());
        chain
    }

    /// Another body: one field of one transfer, or one transfer less.
    fn change(&self, chain: &mut Chain, dice: &mut Dice) {
        let place = dice.roll(chain.transfers.len().max(1));
        let Some(transfer) = chain.transfers.get_mut(place) else { return };
        match dice.roll(7) {
            0 => transfer.debit.0.push('x'),
            1 => transfer.credit.0.push('x'),
            2 => transfer.amount = transfer.amount.wrapping_add(1),
            3 => transfer.cause.rule.push('x'),
            4 => transfer.opens = Some(LotTerms::from(Instant(-1))),
            5 => transfer.action = Action::PostHold { hold: "x".into() },
            _ => drop(chain.transfers.pop()),
        }
    }

    fn transfer(&self, id: &ChainId, position: usize, at: Instant, dice: &mut Dice) -> Transfer {
        let cause = Cause::new("test", "");
        let amount = match dice.roll(60) {
            0 => 0,
            1 => -3,
            2 if dice.one_in(3) => i64::MAX,
            other => other as i64,
        };
        let soon = Instant(at.0 + dice.roll(90) as i64);
        let own = dice.roll(position + 1);
        let own = (dice.one_in(3) && own < position).then(|| TransferId::of(id, own));
        let (from, to) = sides(dice);
        let unit = if from == "till" { "RUB" } else { "POINT" };
        match dice.roll(20) {
            0..=7 => {
                let post = Transfer::post(from.into(), to.into(), unit.into(), amount, cause);
                opening(post, at, dice)
            }
            8..=11 => {
                let hold = Transfer::hold(from.into(), to.into(), unit.into(), amount, soon, cause);
                opening(hold, at, dice)
            }
            kind @ 12..=15 => {
                let hold = own.unwrap_or_else(|| self.some_hold(kind == 13, dice));
                match kind {
                    12 => Transfer::void_hold(hold, cause),
                    13 => Transfer::expire_hold(hold, cause),
                    _ => Transfer::post_hold(hold, amount.min(20), cause),
                }
            }
            16..=18 => {
                Transfer::reverse(own.unwrap_or_else(|| self.some_posted(dice)), amount, cause)
            }
            _ => Transfer::expire_lot(self.some_lot(dice), "breakage".into(), cause),
        }
    }

    /// A hold, more often one that is undecided and whose time has run out or not, as wanted; or none.
    fn some_hold(&self, due: bool, dice: &mut Dice) -> TransferId {
        let all = dice.one_in(4);
        let holds = self.books.all_holds().filter(|hold| {
            let fits = (hold.expires_at.0 <= self.now) == due;
            all || (hold.state == HoldState::Pending && fits)
        });
        let holds: Vec<_> = holds.map(|hold| hold.id.clone()).collect();
        dice.pick(&holds).cloned().unwrap_or("nothing/0".into())
    }

    fn some_posted(&self, dice: &mut Dice) -> TransferId {
        let all = dice.one_in(6);
        let journal = self.books.journal().iter();
        let moved = journal.filter(|posted| {
            all || matches!(posted.transfer.action, Action::Post | Action::PostHold { .. })
        });
        let ids: Vec<_> = moved.map(|posted| posted.id.clone()).collect();
        dice.pick(&ids).cloned().unwrap_or("nothing/0".into())
    }

    /// A lot, more often one that has expired and is not empty.
    fn some_lot(&self, dice: &mut Dice) -> LotId {
        let all = dice.one_in(4);
        let due = |at: Instant| at.0 <= self.now;
        let lots = self.books.all_lots();
        let lots = lots.filter(|lot| all || (lot.free() > 0 && lot.expires_at.is_some_and(due)));
        let ids: Vec<_> = lots.map(|lot| lot.id.clone()).collect();
        dice.pick(&ids).cloned().unwrap_or("nothing/0".into())
    }

    /// Posts what came, holds the answer against what is known, and counts it.
    pub fn step(&mut self, words: &Words) {
        let chain = self.chain(words);
        let before = self.books.chain(&chain.id).unwrap();
        let told = match post_watched(&mut self.books, &chain) {
            Ok(Outcome::Done(posted)) => {
                assert!(before.is_empty(), "{chain:?} done twice");
                assert_eq!(posted, self.books.chain(&chain.id).unwrap());
                for transfer in &chain.transfers {
                    let action = serde_json::to_value(&transfer.action).unwrap();
                    let action = action["kind"].as_str().unwrap().to_owned();
                    *self.told.entry(action).or_default() += 1;
                }
                "done"
            }
            Ok(Outcome::Known(posted)) => {
                assert_eq!(posted, before);
                "known"
            }
            Err((position, refusal)) => {
                if let Refusal::Differs { field } = &refusal {
                    self.really_differs(&chain, field);
                }
                assert!(position == 0 || position < chain.transfers.len());
                refusal.code()
            }
        };
        *self.told.entry(told.to_owned()).or_default() += 1;
    }

    /// The field named is one in which the two bodies differ as JSON.
    fn really_differs(&self, chain: &Chain, field: &str) {
        let chains = self.books.chains();
        let known = chains.iter().find(|known| known.id == chain.id).unwrap();
        let [asked, known] = [chain, known].map(|chain| serde_json::to_value(chain).unwrap());
        assert!(asked.pointer(field).is_some() || known.pointer(field).is_some(), "{field}");
        assert_ne!(asked.pointer(field), known.pointer(field), "{field}");
    }

    /// The journal, posted anew, gives the same books; and so do their rows.
    pub fn end(&self) {
        let again = Memory::replay(self.books.all_accounts(), &self.books.chains()).unwrap();
        assert_eq!(again, self.books);
        let rows = Memory::from_rows(
            self.books.all_accounts().cloned(),
            self.books.journal().iter().cloned(),
            self.books.all_holds().cloned(),
            self.books.all_lots().cloned(),
            self.books.all_uses().cloned(),
        );
        assert_eq!(rows, self.books);
        let text = serde_json::to_string(&self.books.chains()).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Chain>>(&text).unwrap(), self.books.chains());
    }
}

/// Where points usually go, and where they should not.
fn sides(dice: &mut Dice) -> (&'static str, &'static str) {
    let wallet = ["anna", "anna", "boris"][dice.roll(3)];
    match dice.roll(16) {
        0..=5 => ("issued", wallet),
        6..=9 => (wallet, "burned"),
        10 => ("anna", "boris"),
        11 => ("boris", "anna"),
        12 => ("issued", "debt"),
        13 => ("debt", "burned"),
        14 => ("till", "shop"),
        _ => {
            let any = ["issued", "burned", "anna", "closed", "nobody", "shop", ""];
            (any[dice.roll(7)], any[dice.roll(7)])
        }
    }
}

fn opening(transfer: Transfer, at: Instant, dice: &mut Dice) -> Transfer {
    let wallets = ["anna", "boris"].map(AccountId::from);
    let opens = wallets.contains(&transfer.credit) && !wallets.contains(&transfer.debit);
    if dice.one_in(3) || !(opens || dice.one_in(20)) {
        return transfer;
    }
    let activates_at = Instant(at.0 + [0, 0, 0, 10][dice.roll(4)]);
    let expires_at = (!dice.one_in(4)).then(|| Instant(at.0 + dice.roll(60) as i64));
    transfer.opening(LotTerms { activates_at, expires_at })
}

pub fn words(rng: &mut ChaCha8Rng) -> Words {
    std::array::from_fn(|_| (rng.next_u32() >> 8) as u16)
}

/// Many lives under many seeds; about 10^4 chains, in soak a million.
#[test]
fn the_simulation_keeps_the_books() {
    let lives = if soak() { 5_000 } else { 50 };
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 0..lives {
        println!("seed {seed}");
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut life = Life::new();
        for _ in 0..STEPS {
            life.step(&words(&mut rng));
        }
        life.end();
        for (what, times) in life.told {
            *told.entry(what).or_default() += times;
        }
    }
    println!("{told:?}");
    let share = told["done"] as f64 / (lives as usize * STEPS) as f64;
    assert!(share > 0.3, "of all chains only {share} are done");
    for action in ["post", "hold", "post_hold", "void_hold", "expire_hold", "reverse", "expire_lot"]
    {
        assert!(told[action] >= 50, "{action} is seldom done: {told:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if soak() { 2_000 } else { 64 }, failure_persistence: None, ..ProptestConfig::default()
    })]

    /// The same for words that proptest chooses and can make fewer.
    #[test]
    fn any_chains_keep_the_books(steps in prop::collection::vec(any::<Words>(), 0..60)) {
        let mut life = Life::new();
        for words in &steps {
            life.step(words);
        }
        life.end();
    }
}

/// The power fails at each write of each chain, the half-written state is thrown away, and the till
/// repeats: nothing was changed, and the chain is done once.
#[test]
fn a_crash_at_any_write_changes_nothing() {
    let lives = if soak() { 200 } else { 4 };
    let mut crashes = 0;
    for seed in 1_000..1_000 + lives {
        println!("seed {seed}");
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut life = Life::new();
        for _ in 0..STEPS {
            let chain = life.chain(&words(&mut rng));
            let before = life.books.clone();
            for fuse in 0.. {
                let mut watched = Watched::new(life.books.clone(), fuse);
                match post(&mut watched, &chain) {
                    Err(PostError::Books(Crash)) => crashes += 1,
                    Err(PostError::Refused { .. }) | Ok(Outcome::Known(_)) => {
                        assert_eq!(watched.writes, 0);
                        break;
                    }
                    Ok(Outcome::Done(posted)) => {
                        assert_eq!(watched.writes, fuse, "done only when all is written");
                        assert_eq!(life.books, before);
                        let done = post(&mut life.books, &chain);
                        assert_eq!(done, Ok(Outcome::Done(posted.clone())));
                        assert_eq!(life.books, watched.inner);
                        assert_eq!(post(&mut life.books, &chain), Ok(Outcome::Known(posted)));
                        assert_eq!(life.books, watched.inner);
                        break;
                    }
                }
            }
        }
    }
    assert!(crashes > 1_000, "only {crashes} crashes");
}
