//! Cards, balances and levels of an old programme.

use retail::OpeningOwner;

use crate::{problems, read, written};

/// Reads one feed of these fields; gives its rows as `line: …` and its problems.
fn check(feed: &str, fields: &str, text: &str, expected: &[&str]) {
    let fields = fields.replace("; ", "\n");
    let mapping = format!(
        "[{feed}]\nfiles = 'f.csv'\ntime_zone = 'Europe/Moscow'\nday_starts = '04:00'\n\
         [{feed}.fields]\n{fields}"
    );
    let feed = read(&mapping, &[("f.csv", text.as_bytes())]);
    let owner = |owner: &OpeningOwner| match owner {
        OpeningOwner::Card(card) => format!("card {card}"),
        OpeningOwner::Account(account) => format!("account {account}"),
    };
    let batch = &feed.batch;
    let cards = batch.cards.iter().map(|card| {
        let texts = [&card.account, &card.reason];
        let texts = texts.map(|text| text.as_deref().unwrap_or("-")).join(" ");
        let day = card.expires_on.map_or("-".to_owned(), |day| day.to_string());
        let by = card.replaced_by.as_ref().map_or("-", |by| by.0.as_str());
        let (number, network) = (&card.number, &card.network);
        let (line, kind, state) = (card.place.line, &card.kind, &card.state);
        format!("{line}: {number} {network} {kind} {state} {texts} {by} {day}")
    });
    let hour = |at: Option<retail::Instant>| at.map_or(-1, |at| at.0 / 3_600_000_000);
    let balances = batch.balances.iter().map(|row| {
        let (line, owner, unit, amount) =
            (row.place.line, owner(&row.owner), &row.unit, row.amount);
        format!(
            "{line}: {owner} {amount} {unit} {} {}",
            hour(row.activates_at),
            hour(row.expires_at)
        )
    });
    let levels = batch.levels.iter().map(|row| {
        let day = |day: Option<retail::Day>| day.map_or("-".to_owned(), |day| day.to_string());
        let (line, owner) = (row.place.line, owner(&row.owner));
        format!("{line}: {owner} {} {} {}", row.level, day(row.since), day(row.granted_until))
    });
    let shown: Vec<String> = cards.chain(balances).chain(levels).chain(problems(&feed)).collect();
    assert_eq!(shown, expected, "{text}");
}

#[test]
fn cards_have_their_states_in_the_retailers_words() {
    check(
        "cards",
        "number = 'n'; network = { constant = 'n1' }; state = { column = 's', words = { 'Да' = 'active' } }; \
         kind = 'k'; account = 'a'; reason = 'r'; replaced_by = 'by'; expires = 'e'",
        "n,s,k,a,r,by,e\n\
         4001,Да,,A 1,,,31.12.2030\n\
         4002,blocked,virtual,,lost,,\n\
         4003,Нет,,,,,\n\
         4004,,,,,,\n\
         4005,Да,wood,,,,\n\
         8 916 123 45 67,Да,,,,,\n\
         4006,Да,,,звонить +7 916 123-45-67,,\n\
         4007,Да,,,,anna@example.org,\n\
         4008,Да,,,,,31.02.2030\n",
        &[
            "2: 4001 n1 plastic active A 1 - - 2030-12-31",
            "3: 4002 n1 virtual blocked - lost - -",
            "!4 word state Нет",
            "!5 missing state",
            "!6 word kind wood",
            "!7 personal-data number 8***67",
            "!8 personal-data reason 7***67",
            "!9 personal-data replaced_by a***@***",
            "!10 date expires 31.02.2030",
        ],
    );
}

#[test]
fn balances_are_whole_and_days_are_of_the_feeds_clock() {
    // 2026-01-01 begins at 01:00 UTC, and 2026-01-31 is good until 2026-02-01 01:00 UTC.
    check(
        "balances",
        "card = 'c'; amount = 'n'; unit = 'u'; activates = 'from'; expires = 'to'",
        "c,n,u,from,to\n\
         1,1 000,,01.01.2026,31.01.2026\n\
         1,-5,RUB,,\n\
         1,5.00,STAMP:coffee,,\n\
         1,5.5,,,\n\
         1,,,,\n\
         1,5,,02.01.2026,01.01.2026\n\
         1,5,a/b,,\n",
        &[
            "2: card 1 1000 POINT 490897 491641",
            "3: card 1 -5 RUB -1 -1",
            "4: card 1 5 STAMP:coffee -1 -1",
            "!5 number amount 5.5",
            "!6 missing amount",
            "!7 date expires 2026-01-01",
            "!8 value unit a/b",
        ],
    );
    check(
        "balances",
        "account = 'c'; amount = { column = 'n', unit = 'major' }",
        "c,n\nA,12.34\nA,12.345\n,1\n",
        &["2: account A 1234 POINT -1 -1", "!3 number amount 12.345", "!4 missing account"],
    );
}

#[test]
fn levels_have_their_names_in_the_retailers_words() {
    check(
        "levels",
        "account = 'a'; level = { column = 'l', words = { 'Золото' = 'gold' } }; since = 's'; granted_until = 'u'",
        "a,l,s,u\nA,Золото,,\nB,silver,2025-01-01,2025-12-31\nC,,,\nD,gold,2025-01-01,2024-01-01\n",
        &[
            "2: account A gold - -",
            "3: account B silver 2025-01-01 2025-12-31",
            "!4 missing level",
            "!5 date granted_until 2024-01-01",
        ],
    );
}

#[test]
fn mappings_that_would_bring_wrong_words_or_people_are_refused() {
    let check = |feed: &str, fields: &str, expected: &str| {
        let text = format!("[{feed}]\nfiles = 'f.csv'\n[{feed}.fields]\n{fields}");
        let folder = written(&[]);
        let error = sources::Mapping::read(&folder.path().join("m.toml"), &text, |_| None);
        let message = error.unwrap_err().message;
        assert!(message.contains(expected), "{fields}: {message}");
    };
    let cards = |state: &str| format!("number = 'n'\nnetwork = 'w'\nstate = {state}");
    check("cards", &cards("{ constant = 'activ' }"), "did you mean `active`?");
    check("cards", &cards("{ column = 's', words = { 'Да' = 'blockd' } }"), "`blocked`?");
    check("cards", "number = 'Телефон'\nnetwork = 'w'\nstate = 's'", "would bring a phone");
    check("cards", &(cards("'s'") + "\nname = 'x'"), "would bring a name");
    check("cards", &(cards("'s'") + "\nshop = 'Адрес'"), "would bring an address");
    check("balances", "amount = 'n'", "needs card or account");
    check("levels", "card = 'c'\naccount = 'a'\nlevel = 'l'", "needs card or account");
}
