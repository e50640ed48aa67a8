//! Networks, shops, tills, rules, wallets and cards come back as they were stored.

use ledger::Unit;
use membership::{CardKind, CardState, NumberRange, Scheme};
use retail::{CardId, CustomerId, Day, Instant, NetworkId, ShopId, TillId, WalletId};
use store::{
    Card, CardEvent, DbError, Network, OpeningPosted, Printed, RangeOfNumbers, Ruleset, ScatterKey,
    ShopPlace, Store, Till, Tx, Wallet, WalletLevel,
};

use super::fixture::NOW;

fn write<T: Send + 'static>(
    store: &Store,
    run: impl Fn(&mut Tx<'_>) -> Result<T, DbError> + Send + 'static,
) -> T {
    store.write(run).unwrap()
}

fn read<T>(store: &Store, run: impl FnOnce(&mut Tx<'_>) -> Result<T, DbError>) -> T {
    store.read(run).unwrap()
}

pub fn exercise(store: &Store) {
    places(store);
    rules(store);
    wallets(store);
    openings(store);
    cards(store);
    numbers(store);
}

fn places(store: &Store) {
    let network = Network {
        id: "n".into(),
        name_en: "Pyramid".to_owned(),
        name_ru: "Пирамида".to_owned(),
        scheme: Scheme::Ean13,
        created_at: NOW,
        version: 1,
    };
    let shop = ShopPlace {
        id: "s".into(),
        network: "n".into(),
        name_en: "First".to_owned(),
        name_ru: "Первый".to_owned(),
        time_zone: "Europe/Moscow".to_owned(),
        closed: false,
        created_at: NOW,
        version: 1,
    };
    let till =
        Till { shop: "s".into(), id: "1".into(), closed: false, created_at: NOW, version: 1 };
    let (n, s, t) = (network.clone(), shop.clone(), till.clone());
    let add = move |tx: &mut Tx<'_>| Ok((tx.add_network(&n)?, tx.add_shop(&s)?, tx.add_till(&t)?));
    assert_eq!(write(store, add.clone()), (true, true, true));
    assert_eq!(write(store, add), (false, false, false), "ids are taken");
    let (n, s, t) = (NetworkId::from("n"), ShopId::from("s"), TillId::from("1"));
    assert_eq!(read(store, |tx| tx.network(&n)), Some(network.clone()));
    assert_eq!(read(store, |tx| tx.shop(&s)), Some(shop.clone()));
    assert_eq!(read(store, |tx| tx.till(&s, &t)), Some(till.clone()));
    assert_eq!(read(store, |tx| tx.networks("", 5)), std::slice::from_ref(&network));
    assert_eq!(read(store, |tx| tx.networks("n", 5)), []);
    assert_eq!(read(store, |tx| tx.shops(&n, "", 5)), std::slice::from_ref(&shop));
    assert_eq!(read(store, |tx| tx.tills(&s, "", 5)), std::slice::from_ref(&till));
    // A change names the version it was made upon, and only the first of two wins.
    let change = move |tx: &mut Tx<'_>| {
        Ok((
            tx.put_network(&Network { name_en: "P".to_owned(), ..network.clone() })?,
            tx.put_shop(&ShopPlace { closed: true, ..shop.clone() })?,
            tx.put_till(&Till { closed: true, ..till.clone() })?,
        ))
    };
    assert_eq!(write(store, change.clone()), (true, true, true));
    assert_eq!(write(store, change), (false, false, false), "versions are old");
    let shop = read(store, |tx| tx.shop(&s)).unwrap();
    assert_eq!((shop.closed, shop.version), (true, 2));
}

fn rules(store: &Store) {
    let version = |version| Ruleset {
        kind: "accrual".to_owned(),
        scope: String::new(),
        version,
        body: format!("{{\"version\":{version}}}"),
        published_at: NOW,
        published_by: "staff:anna".to_owned(),
    };
    for number in [1, 2, 10] {
        let ruleset = version(number);
        write(store, move |tx| tx.add_ruleset(&ruleset));
    }
    assert_eq!(read(store, |tx| tx.ruleset("accrual", "")), Some(version(10)));
    assert_eq!(read(store, |tx| tx.ruleset_for("accrual", "n")), Some(version(10)));
    assert_eq!(read(store, |tx| tx.ruleset("accrual", "n")), None);
    assert_eq!(read(store, |tx| tx.ruleset_version("accrual", "", 2)), Some(version(2)));
    let again = version(10);
    assert!(store.write(move |tx| tx.add_ruleset(&again)).is_err(), "a version is never replaced");
}

fn wallets(store: &Store) {
    let wallet = Wallet {
        id: "w1".into(),
        network: "n".into(),
        customer: None,
        created_at: NOW,
        version: 1,
    };
    let level = WalletLevel {
        wallet: "w1".into(),
        scope: "n".to_owned(),
        level: "gold".to_owned(),
        since: Day(20_000),
        review_on: Some(Day(20_100)),
        granted_until: None,
        granted_by: None,
    };
    let (w, l) = (wallet.clone(), level.clone());
    write(store, move |tx| {
        tx.add_wallet(&w)?;
        tx.put_level(&WalletLevel { level: "silver".to_owned(), ..l.clone() })?;
        tx.put_level(&l)
    });
    let id = WalletId::from("w1");
    assert_eq!(read(store, |tx| tx.wallet(&id)), Some(wallet.clone()));
    let owned = Wallet { customer: Some("c1".into()), ..wallet };
    let put = move |tx: &mut Tx<'_>| tx.put_wallet(&owned);
    assert!(write(store, put.clone()));
    assert!(!write(store, put));
    assert_eq!(read(store, |tx| tx.wallets_of(&CustomerId::from("c1"))).len(), 1);
    assert_eq!(read(store, |tx| tx.levels_of(&id)), std::slice::from_ref(&level));
    let due = |day, after: (&'static str, &'static str)| {
        read(store, |tx| tx.levels_due(Day(day), after, 9)).len()
    };
    assert_eq!([due(20_099, ("", "")), due(20_100, ("", "")), due(20_100, ("w1", "n"))], [0, 1, 0]);
}

fn openings(store: &Store) {
    let id = WalletId::from("w1");
    let posted = |chain: &str, amount, expires_at| OpeningPosted {
        chain: chain.into(),
        wallet: "w1".into(),
        unit: Unit::from("POINT"),
        amount,
        activates_at: None,
        expires_at,
    };
    let all = vec![posted("opening/b/0", 70, Some(NOW)), posted("opening/b/1", -20, None)];
    let rows = all.clone();
    write(store, move |tx| {
        let account = ("A-1".to_owned(), "w1".into());
        tx.add_opening_accounts(&[account.clone(), account])?;
        tx.add_opening_balances(&rows)
    });
    let account = read(store, |tx| tx.opening_account("A-1"));
    assert_eq!(account, Some(("w1".into(), "n".into())));
    let accounts = read(store, |tx| tx.opening_accounts(&["A-0", "A-1", "A-2"]));
    assert_eq!(accounts, [("A-1".to_owned(), "w1".into(), "n".into())]);
    assert_eq!(read(store, |tx| tx.opening_balances(&id)), all);
    let sum = |unit: &str| read(store, |tx| tx.opening_sum(&Unit::from(unit)));
    assert_eq!((sum("POINT"), sum("RUB")), (50, 0));
}

fn cards(store: &Store) {
    let card = Card {
        number: CardId::from("4006381333931"),
        network: "n".into(),
        kind: CardKind::Plastic,
        state: CardState::Created,
        wallet: None,
        customer: None,
        print_batch: None,
        shop: None,
        reason: None,
        replaced_by: None,
        expires_on: Some(Day(20_000)),
        changed_at: NOW,
        version: 1,
    };
    let added = card.clone();
    let add = move |tx: &mut Tx<'_>| tx.add_card(&added);
    assert!(write(store, add.clone()));
    assert!(!write(store, add), "the number is taken");
    assert_eq!(read(store, |tx| tx.card(&card.number)), Some(card.clone()));
    let numbers = ["1".into(), card.number.clone(), "2".into()];
    assert_eq!(read(store, |tx| tx.cards(&numbers)), std::slice::from_ref(&card));
    let changed = Card {
        state: CardState::Active,
        wallet: Some("w1".into()),
        customer: Some("c1".into()),
        shop: Some("s".into()),
        reason: Some("найдена".to_owned()),
        replaced_by: Some(CardId::from("77")),
        changed_at: Instant(NOW.0 + 1),
        version: 2,
        ..card.clone()
    };
    let put = changed.clone();
    write(store, move |tx| {
        assert!(tx.card_to_change(&put.number)?.is_some());
        tx.put_card(&put)
    });
    assert_eq!(read(store, |tx| tx.card(&card.number)), Some(changed.clone()));
    let found = std::slice::from_ref(&changed);
    assert_eq!(read(store, |tx| tx.cards_of_wallet(&"w1".into())), found);
    assert_eq!(read(store, |tx| tx.cards_of_customer(&"c1".into())), found);
    assert_eq!(read(store, |tx| tx.cards_past_their_day(Day(20_000), 9)), []);
    assert_eq!(read(store, |tx| tx.cards_past_their_day(Day(20_001), 9)), found);
    let event = CardEvent {
        card: card.number.clone(),
        operation: "activate".to_owned(),
        from: CardState::Issued,
        to: CardState::Active,
        reason: None,
        other_card: Some(CardId::from("77")),
        actor: "staff:anna".to_owned(),
        role: "operator".to_owned(),
        door: "till".to_owned(),
        shop: Some("s".to_owned()),
        till: Some("1".to_owned()),
        request: "r".to_owned(),
        at: NOW,
    };
    let noted = event.clone();
    write(store, move |tx| tx.add_card_event(&noted));
    let events = read(store, |tx| tx.card_events(&card.number, 0, 9));
    assert_eq!(events.iter().map(|(_, event)| event).collect::<Vec<_>>(), [&event]);
    assert_eq!(read(store, |tx| tx.card_events(&card.number, events[0].0, 9)), []);
    assert_eq!(write(store, |tx| tx.forget_customer(&"c1".into())), 2, "a card and a wallet");
    let former = || read(store, |tx| tx.state_before_block(&card.number));
    assert_eq!(former(), None);
    for from in [CardState::Active, CardState::Issued] {
        let (operation, to) = ("block".to_owned(), CardState::Blocked);
        let blocked = CardEvent { operation, from, to, ..event.clone() };
        write(store, move |tx| tx.add_card_event(&blocked));
        assert_eq!(former(), Some(from));
    }
}

fn numbers(store: &Store) {
    let range = RangeOfNumbers {
        id: "r1".to_owned(),
        network: "n".into(),
        card_kind: CardKind::Plastic,
        range: NumberRange {
            network: "n".into(),
            prefix: "400".to_owned(),
            digits: 9,
            scheme: Scheme::Ean13,
            from: 0,
            to: 999,
        },
        scatter_key: ScatterKey(std::array::from_fn(|place| place as u8 * 7)),
        next_index: 0,
        created_at: NOW,
        version: 1,
    };
    let batch = Printed {
        id: "b1".to_owned(),
        number_range: "r1".to_owned(),
        from_index: 0,
        cards: 10,
        shop: Some("s".into()),
        created_at: NOW,
    };
    let (r, b) = (range.clone(), batch.clone());
    write(store, move |tx| {
        assert!(tx.add_range(&r)?);
        assert_eq!(tx.range_to_take_from("r1")?, Some(r.clone()));
        tx.advance_range("r1", 10)?;
        assert!(tx.add_print_batch(&b)?);
        tx.add_card(&Card {
            number: CardId::from("400000000008"),
            network: "n".into(),
            kind: CardKind::Plastic,
            state: CardState::Created,
            wallet: None,
            customer: None,
            print_batch: Some("b1".to_owned()),
            shop: None,
            reason: None,
            replaced_by: None,
            expires_on: None,
            changed_at: NOW,
            version: 1,
        })
    });
    let taken = RangeOfNumbers { next_index: 10, version: 2, ..range };
    assert_eq!(read(store, |tx| tx.ranges()), [taken]);
    assert_eq!(read(store, |tx| tx.print_batch("b1")), Some(batch));
    assert_eq!(read(store, |tx| tx.cards_of_batch("b1", "", 9)).len(), 1);
    assert_eq!(read(store, |tx| tx.cards_of_batch("b1", "5", 9)).len(), 0);
}
