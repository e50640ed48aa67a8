//! The vault: sealed, found, changed, sealed anew, destroyed.

use std::sync::Arc;

use membership::{Channel, ConsentEvent, ConsentPurpose, Means, Scheme};
use retail::{CustomerId, Instant};
use store::{
    Customer, DbError, Network, Person, PersonChange, Secret, Statement, Store, Term, TermKind, Tx,
    VaultKeys, Walked,
};

use super::fixture::{Database, NOW, databases};

/// Terms as a test writes them: `p` a phone, `e` an e-mail, `n` a word of a name.
fn terms(text: &str) -> Vec<Term> {
    let term = |word: &str| {
        let (kind, text) = word.split_once(':').unwrap();
        let kind = match kind {
            "p" => TermKind::Phone,
            "e" => TermKind::Email,
            _ => TermKind::Name,
        };
        Term { kind, text: Secret::new(text), his_alone: kind == TermKind::Phone }
    };
    text.split_whitespace().map(term).collect()
}

/// What somebody is found by is what he answered: a test's answers are its terms.
fn terms_of(person: &Person) -> Result<Vec<Term>, DbError> {
    Ok(terms(person.answers.expose()))
}

/// A database with a network, and the keys of its vault.
struct Vault<'s> {
    store: &'s Store,
    keys: Arc<VaultKeys>,
}

impl<'s> Vault<'s> {
    fn of(store: &'s Store) -> Self {
        let network = Network {
            id: "vault".into(),
            name_en: "Vault".to_owned(),
            name_ru: "Хранилище".to_owned(),
            scheme: Scheme::Plain,
            created_at: NOW,
            version: 1,
        };
        store.write(move |tx| tx.add_network(&network)).unwrap();
        Self { store, keys: Arc::new(VaultKeys::new([1; 32], &[])) }
    }

    fn with_keys(&mut self, in_use: u8, former: &[u8]) {
        let former: Vec<_> = former.iter().map(|&byte| [byte; 32]).collect();
        self.keys = Arc::new(VaultKeys::new([in_use; 32], &former));
    }

    fn write<T: Send + 'static>(
        &self,
        run: impl Fn(&mut Tx<'_>, &VaultKeys) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, DbError> {
        let keys = self.keys.clone();
        self.store.write(move |tx| run(tx, &keys))
    }

    fn read<T>(
        &self,
        run: impl FnOnce(&mut Tx<'_>, &VaultKeys) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        self.store.read(|tx| run(tx, &self.keys))
    }

    /// Registers somebody who answers this.
    fn add(&self, id: &str, answers: &str) -> Result<(), DbError> {
        let person = person(id, answers, 1);
        self.write(move |tx, keys| {
            tx.add_customer(&Customer {
                id: person.customer.clone(),
                network: "vault".into(),
                registered_at: NOW,
                version: 1,
            })?;
            tx.add_person(keys, &person, &terms_of(&person)?)
        })
    }

    fn put(&self, id: &str, answers: &str, version: i64) -> Result<bool, DbError> {
        let person = person(id, answers, version);
        self.write(move |tx, keys| tx.put_person(keys, &person, &terms_of(&person)?))
    }

    fn answers(&self, id: &str) -> Option<String> {
        let id = CustomerId(id.to_owned());
        let person = self.read(|tx, keys| tx.person(keys, &id)).unwrap();
        person.map(|person| person.answers.expose().to_owned())
    }

    /// Who is found by these, as one text.
    fn by(&self, text: &str) -> String {
        let found = self.read(|tx, keys| tx.customers_by(keys, &terms(text), "", 10)).unwrap();
        found.into_iter().map(|id| id.0).collect::<Vec<_>>().join(" ")
    }

    /// Walks over all persons, two with each write.
    fn walk(
        &self,
        step: impl Fn(&mut Tx<'_>, &VaultKeys, &str) -> Result<Walked, DbError> + Copy + Send + 'static,
    ) -> Result<u64, DbError> {
        let (mut after, mut persons) = (String::new(), 0);
        loop {
            let from = after.clone();
            let walked = self.write(move |tx, keys| step(tx, keys, &from))?;
            persons += walked.persons;
            let Some(next) = walked.next else { return Ok(persons) };
            after = next.0;
        }
    }

    fn sql(&self, statement: &'static Statement) -> u64 {
        self.write(move |tx, _| tx.execute(statement, &[])).unwrap()
    }
}

fn person(id: &str, answers: &str, version: i64) -> Person {
    Person {
        customer: CustomerId(id.to_owned()),
        answers: Secret::new(answers),
        changed_at: NOW,
        version,
    }
}

fn change(id: &str, what: &str) -> PersonChange {
    PersonChange {
        customer: CustomerId(id.to_owned()),
        what: Secret::new(what),
        actor: "staff:anna".to_owned(),
        role: "operator".to_owned(),
        door: "till".to_owned(),
        shop: Some("s1".to_owned()),
        till: None,
        request: "r".to_owned(),
        at: NOW,
    }
}

/// (looked for, found)
const FOUND: &[(&str, &str)] = &[
    ("p:+79161", "anna"),
    ("e:a@x.ru", "anna boris"),
    ("n:иванова", "anna"),
    ("n:петровна", "anna vera"),
    ("n:петровна n:иванова", "anna"),
    ("n:иванова n:петровна n:анна e:a@x.ru", "anna"),
    ("n:иванова p:+79162", ""),
    ("e:+79161", ""),
    ("n:анн", ""),
    ("", ""),
];

/// Runs every statement of the vault.
pub fn exercise(store: &Store) {
    let mut vault = Vault::of(store);
    assert_eq!((vault.by("p:+79161"), vault.answers("anna")), (String::new(), None));
    vault.add("anna", "p:+79161 e:a@x.ru n:иванова n:анна n:петровна n:анна").unwrap();
    vault.add("boris", "p:+79162 e:a@x.ru n:борис").unwrap();
    vault.add("vera", "p:+79163 n:вера n:петровна").unwrap();
    for (looked_for, found) in FOUND {
        assert_eq!(vault.by(looked_for), *found, "{looked_for}");
    }
    assert_eq!(vault.answers("boris").unwrap(), "p:+79162 e:a@x.ru n:борис");
    let registered = vault.read(|tx, _| tx.customer(&CustomerId("vera".to_owned()))).unwrap();
    assert_eq!(registered.unwrap().network.0, "vault");

    // A change moves what he is found by; a change of another version changes nothing.
    assert!(vault.put("boris", "p:+79164 n:борис", 1).unwrap());
    assert!(!vault.put("boris", "p:+79165 n:борис", 1).unwrap());
    assert_eq!(["p:+79162", "p:+79164", "e:a@x.ru"].map(|p| vault.by(p)), ["", "boris", "anna"]);
    let twice = [vault.add("gleb", "p:+79161"), vault.put("vera", "p:+79161", 1).map(drop)];
    let conflict = |done: &Result<(), _>| matches!(done, Err(DbError::Constraint { .. }));
    assert!(twice.iter().all(conflict), "one phone, two people: {twice:?}");
    assert_eq!(vault.by("p:+79161 n:иванова"), "anna");

    vault.write(|tx, keys| tx.add_person_change(keys, &change("anna", "было, стало"))).unwrap();
    vault.write(|tx, keys| tx.add_person_change(keys, &change("anna", "стало, есть"))).unwrap();
    let anna = CustomerId("anna".to_owned());
    let changes = vault.read(|tx, keys| tx.person_changes(keys, &anna, 0, 10)).unwrap();
    let what = |(_, change): &(i64, PersonChange)| change.what.expose().to_owned();
    assert_eq!(changes.iter().map(what).collect::<Vec<_>>(), ["было, стало", "стало, есть"]);
    assert_eq!(changes[0].1.shop.as_deref(), Some("s1"));

    other_keys(&mut vault);

    consents(&vault);
    let known =
        |vault: &Vault<'_>| vault.read(|tx, _| tx.known_customers()).unwrap().contains(&anna);
    assert!(known(&vault));
    let id = anna.clone();
    let still = vault.write(move |tx, _| tx.forget_registration(&id));
    assert!(matches!(still, Err(DbError::Constraint { .. })), "he is a person still");
    let id = anna.clone();
    let rows = vault.write(move |tx, _| tx.destroy_person(&id)).unwrap();
    assert_eq!((rows, vault.answers("anna"), vault.by("n:иванова")), (9, None, String::new()));
    let id = anna.clone();
    assert_eq!(vault.write(move |tx, _| tx.forget_registration(&id)).unwrap(), 3);
    assert!(!known(&vault));
    erasures(&vault);
    assert!(vault.write(|tx, keys| tx.add_person_change(keys, &change("anna", "x"))).is_err());
    vault.add("gleb", "p:+79161").unwrap();
}

/// What was agreed to comes back as it was stored, in its sequence.
fn consents(vault: &Vault<'_>) {
    let anna = CustomerId("anna".to_owned());
    let consent = |given, at| ConsentEvent {
        purpose: ConsentPurpose::Advertising(Channel::Sms),
        given,
        text_version: "2026-01".to_owned(),
        at: Instant(NOW.0 + at),
        place: Some("s1".to_owned()),
        operator: "staff:anna".to_owned(),
        means: Means::TillScreen,
    };
    let events = [consent(true, 1), consent(false, 0)];
    let (id, stored) = (anna.clone(), events.clone());
    let add = move |tx: &mut Tx<'_>, _: &VaultKeys| {
        stored.iter().try_for_each(|event| tx.add_consent(&id, event, "r"))
    };
    vault.write(add).unwrap();
    assert_eq!(vault.read(|tx, _| tx.consents(&anna)).unwrap(), events);
}

fn erasures(vault: &Vault<'_>) {
    let add =
        |sha256: &'static str| vault.write(move |tx, _| tx.add_erasure(sha256, "{}", NOW)).unwrap();
    let (first, second) = (add("aa"), add("bb"));
    assert!(first < second);
    vault.write(move |tx, _| tx.put_erasure(second, "{\"rows\":1}")).unwrap();
    let was = |sha256| vault.read(|tx, _| tx.was_erased(sha256)).unwrap();
    assert_eq!((was("bb"), was("cc")), (true, false));
    assert_eq!(vault.read(|tx, _| tx.erasures(first, 10)).unwrap()[0].act, "{\"rows\":1}");
    let after = |number| {
        let erasures = vault.read(|tx, _| tx.erasures(number, 10)).unwrap();
        erasures.into_iter().map(|erasure| erasure.customer_sha256).collect::<Vec<_>>()
    };
    assert_eq!(
        (after(0), after(first)),
        (vec!["aa".to_owned(), "bb".to_owned()], vec!["bb".to_owned()])
    );
}

/// A new programme key, then a new key of the index, while people come and change.
fn other_keys(vault: &mut Vault<'_>) {
    vault.with_keys(2, &[1]);
    vault.add("dina", "p:+79166 n:дина").unwrap();
    let reseal = |tx: &mut Tx<'_>, keys: &VaultKeys, after: &str| tx.reseal_persons(keys, after, 2);
    assert_eq!(vault.walk(reseal).unwrap(), 3);
    assert_eq!(vault.walk(reseal).unwrap(), 0);
    let by_key = vault.read(|tx, _| tx.persons_by_key()).unwrap();
    assert!(by_key.contains(&(vault.keys.in_use_id().to_owned(), 4)), "{by_key:?}");
    assert_eq!(by_key.len(), 2, "the former seals the index: {by_key:?}");
    assert_eq!(vault.write(|tx, keys| tx.reseal_index_keys(keys)).unwrap(), 1);
    vault.with_keys(2, &[]);
    assert!(vault.answers("anna").unwrap().starts_with("p:+79161 "));
    assert_eq!((vault.by("n:петровна"), vault.by("n:дина")), ("anna vera".into(), "dina".into()));

    let index = |tx: &mut Tx<'_>, keys: &VaultKeys, after: &str| {
        tx.index_persons_anew(keys, &terms_of, after, 2)
    };
    let leave =
        |tx: &mut Tx<'_>, keys: &VaultKeys, after: &str| tx.leave_former_index(keys, after, 2);
    vault.write(|tx, keys| tx.begin_index_key(keys)).unwrap();
    vault.write(|tx, keys| tx.begin_index_key(keys)).unwrap();
    assert!(!vault.write(|tx, keys| tx.use_newest_index_key(keys)).unwrap(), "nobody is in it");
    // Who comes or changes now stands under both.
    vault.add("egor", "p:+79167 n:егор").unwrap();
    vault.put("vera", "p:+79168 n:вера", 1).unwrap();
    assert_eq!(["p:+79167", "p:+79168", "p:+79163"].map(|p| vault.by(p)), ["egor", "vera", ""]);
    assert_eq!(vault.walk(index).unwrap(), 3);
    assert!(vault.write(|tx, keys| tx.use_newest_index_key(keys)).unwrap());
    let all =
        |vault: &Vault<'_>| ["p:+79161", "p:+79164", "p:+79167", "p:+79168"].map(|p| vault.by(p));
    assert_eq!(all(vault), ["anna", "boris", "egor", "vera"]);
    let ended = vault.write(|tx, _| tx.end_former_index());
    assert!(matches!(ended, Err(DbError::Constraint { .. })), "somebody stands under the former");
    // Who changes now leaves the former.
    vault.put("vera", "p:+79169 n:вера", 2).unwrap();
    assert_eq!(vault.walk(leave).unwrap(), 5);
    vault.write(|tx, _| tx.end_former_index()).unwrap();
    assert_eq!(all(vault), ["anna", "boris", "egor", ""]);
    assert_eq!(vault.by("p:+79169"), "vera");
}

static MOVE: Statement = Statement::new(
    "test/move",
    "UPDATE person SET sealed = (SELECT a.sealed FROM person AS a WHERE a.customer = 'anna')
     WHERE customer = 'boris'",
);
static MOVE_KEY: Statement = Statement::new(
    "test/move_key",
    "UPDATE person_key SET sealed = (SELECT a.sealed FROM person_key AS a WHERE a.customer = 'anna')
     WHERE customer = 'boris'",
);
static CUT: Statement = Statement::new(
    "test/cut",
    "UPDATE person SET sealed = substr(sealed, 1, 9) WHERE customer = 'boris'",
);

/// (what an intruder or an accident does to the database, what is said)
const SPOILT: &[(&Statement, &str)] =
    &[(&MOVE, "was changed since"), (&MOVE_KEY, "was changed since"), (&CUT, "was changed since")];

#[test]
fn what_was_moved_or_cut_does_not_open() {
    for (spoil, said) in SPOILT {
        for database in databases() {
            let store = database.open();
            let vault = Vault::of(&store);
            vault.add("anna", "p:+79161 n:анна").unwrap();
            vault.add("boris", "p:+79162 n:борис").unwrap();
            assert_eq!(vault.sql(spoil), 1);
            let boris = CustomerId("boris".to_owned());
            let error = vault.read(|tx, keys| tx.person(keys, &boris)).unwrap_err();
            let text = error.to_string();
            assert!(matches!(error, DbError::Sealed { .. }) && text.contains(said), "{text}");
            assert_eq!(vault.answers("anna").unwrap(), "p:+79161 n:анна");
        }
    }
}

#[test]
fn without_its_key_nothing_opens_and_nothing_is_stored() {
    for database in databases() {
        let store = database.open();
        let mut vault = Vault::of(&store);
        vault.add("anna", "p:+79161 n:анна").unwrap();
        let known = vault.keys.in_use_id().to_owned();
        vault.with_keys(7, &[8]);
        let anna = CustomerId("anna".to_owned());
        for error in [
            vault.read(|tx, keys| tx.person(keys, &anna)).err(),
            vault.read(|tx, keys| tx.customers_by(keys, &terms("p:+79161"), "", 1)).err(),
            vault.add("boris", "p:+79162").err(),
            vault.put("anna", "p:+79163", 1).err(),
            vault.write(|tx, keys| tx.reseal_persons(keys, "", 10)).err(),
        ] {
            let text = error.unwrap().to_string();
            assert!(text.contains(&format!("key {known} is not at hand")), "{text}");
        }
        vault.with_keys(7, &[1]);
        assert_eq!((vault.by("p:+79161"), vault.by("p:+79162")), ("anna".into(), String::new()));
    }
}

#[test]
fn many_registered_at_once_have_one_index() {
    for database in databases() {
        let store = database.open();
        let vault = Vault::of(&store);
        std::thread::scope(|scope| {
            let add = |n: u32| {
                let vault = &vault;
                move || vault.add(&format!("c{n}"), &format!("p:+7916{n} n:анна")).unwrap()
            };
            let calls: Vec<_> = (0..16).map(|n| scope.spawn(add(n))).collect();
            calls.into_iter().for_each(|call| call.join().unwrap());
        });
        let found = vault.read(|tx, keys| tx.customers_by(keys, &terms("n:анна"), "", 100));
        assert_eq!(found.unwrap().len(), 16, "{}", database.name);
        let one = |n: u32| vault.by(&format!("p:+7916{n}"));
        assert_eq!((0..16).map(one).filter(|id| !id.is_empty()).count(), 16);
    }
}

#[test]
fn the_file_shows_nothing_of_anybody() {
    let database = Database::sqlite();
    let store = database.open();
    let vault = Vault::of(&store);
    vault.add("anna", "p:+79161234567 e:anna@example.com n:иванова").unwrap();
    vault
        .write(|tx, keys| tx.add_person_change(keys, &change("anna", "Сидорова Ivanova")))
        .unwrap();
    let folder = std::path::Path::new(&database.url()).parent().unwrap().to_owned();
    let mut seen = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        seen.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    let there = |text: &str| seen.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(there("staff:anna"), "what is not sealed is seen");
    for planted in ["79161234567", "9161234567", "anna@example", "иванова", "Сидорова", "Ivanova"]
    {
        assert!(!there(planted), "{planted}");
    }
}

static SEALED: Statement = Statement::new("test/sealed", "SELECT sealed FROM person_key");

#[test]
fn what_is_destroyed_is_in_no_file() {
    let database = Database::sqlite();
    let store = database.open();
    let vault = Vault::of(&store);
    for number in 0..20 {
        vault.add(&format!("c{number}"), &format!("p:+7916{number} n:анна")).unwrap();
    }
    let sealed = vault.read(|tx, _| tx.rows(&SEALED, &[], |row| row.text())).unwrap();
    let folder = std::path::Path::new(&database.url()).parent().unwrap().to_owned();
    let found = || {
        let mut seen = Vec::new();
        for file in std::fs::read_dir(&folder).unwrap() {
            seen.extend(std::fs::read(file.unwrap().path()).unwrap());
        }
        let there = |text: &&String| seen.windows(text.len()).any(|w| w == text.as_bytes());
        sealed.iter().filter(there).count()
    };
    assert_eq!(found(), 20);
    for number in 0..20 {
        let id = CustomerId(format!("c{number}"));
        vault.write(move |tx, _| tx.destroy_person(&id)).unwrap();
    }
    assert!(store.empty_log().unwrap());
    assert_eq!(found(), 0);
}
