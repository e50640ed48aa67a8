//! Rulesets of discounts through their life, on both databases: what keeps one from being published, and
//! which one counts when.

use pricing::bundle::Trust;
use programme::{Act, Bounds, BundleTo, DiscountsView, Programme, Progress, Refused, RequestKey};
use retail::Instant;
use serde_json::{Value, json};

use super::audit::House;
use super::fixture::{NOW, databases};

const MINUTE: i64 = 60_000_000;

pub struct Silence;

impl Progress for Silence {
    fn stage(&self, _: &str, _: Option<u64>) {}
    fn done(&self, _: u64) {}
}

pub fn at(minutes: i64) -> Act {
    Act::of_job("test", Instant(NOW.0 + minutes * MINUTE))
}

/// A house with a catalogue of five products and the price of two.
pub fn house(database: super::fixture::Database) -> House {
    let house = House::new(database);
    let write = |name: &str, text: &str| {
        std::fs::write(house.folder.path().join(name), text).unwrap();
    };
    write(
        "products.csv",
        "id,brand,supplier,department,category,mark\n\
         milk,Dom,s1,food,dairy,fresh\n\
         kefir,Dom,s1,food,dairy,fresh\n\
         bread,Pek,s2,food,bakery,\n\
         vodka,Vod,s3,drinks,spirits,alcohol\n\
         cigarettes,Tab,s4,kiosk,tobacco,tobacco\n",
    );
    write("prices.csv", "product,from,price\nmilk,2025-01-01,89.00\nkefir,2025-01-01,70.00\n");
    let tag = |name: &str| format!("{name} = {{ column = \"mark\", is = [\"{name}\"] }}\n");
    let tags: String = ["fresh", "alcohol", "tobacco"].map(tag).concat();
    let same = |names: &[&str]| -> String {
        names.iter().map(|name| format!("{name} = \"{name}\"\n")).collect()
    };
    write(
        "mapping.toml",
        &format!(
            "[products]\nfiles = \"products.csv\"\n[products.fields]\n{}[products.fields.tags]\n{tags}\
             [prices]\nfiles = \"prices.csv\"\n[prices.fields]\n{}",
            same(&["id", "brand", "supplier", "department", "category"]),
            same(&["product", "from", "price"]),
        ),
    );
    let mapping = house.folder.path().join("mapping.toml");
    house.programme.import(&mapping, None, &Silence).unwrap();
    house
}

/// Rules with one rule, which takes 10 % off everything unless its fields say otherwise.
pub fn rules(rule: &Value) -> Value {
    let mut whole = json!({
        "id": "r1", "name": { "ru": "Скидка", "en": "Discount" },
        "then": [{ "percent": { "discount_bps": 1000 } }],
    });
    for (name, value) in rule.as_object().unwrap() {
        whole[name] = value.clone();
    }
    json!({
        "currency": "RUB", "regulated": { "profile": "ru", "confirmed": true }, "rules": [whole],
    })
}

/// `draft 1`, `!code`, or the first problem's place and code.
fn told(answer: Result<DiscountsView, Refused>) -> String {
    match answer {
        Ok(view) => format!("{} {}", view.state, view.version),
        Err(Refused::Invalid { problems }) => {
            format!("!{} {}", problems[0].pointer, problems[0].code)
        }
        Err(refused) => format!("!{}", refused.code()),
    }
}

pub fn publish(programme: &Programme, act: &Act, body: &Value) -> i64 {
    let version = programme.draft_discounts(act, body).unwrap().version;
    let verdict = programme.verify_discounts(act, version).unwrap();
    assert_eq!(verdict.problems, [], "{body}");
    programme.publish_discounts(act, version, None).unwrap();
    version
}

/// What a rule has in place of 10 % off everything, and what is told when it is looked over: problems
/// first, then warnings behind a question mark.
#[rustfmt::skip]
const VERDICTS: &[(&str, &[&str])] = &[
    (r#"{}"#, &[]),
    (r#"{"then": [{"percent": {"discount_bps": 10001}}]}"#, &["/rules/0/then/0/percent/discount_bps range"]),
    (r#"{"then": [{"percent": {"discount_bps": 1000, "on": {"products": ["milk", "mlik"]}}}]}"#, &["/rules/0/then/0/percent/on/products/1 unknown_product"]),
    (r#"{"then": [{"percent": {"discount_bps": 1000, "on": {"categories": ["dairy", "food", "cars"]}}}]}"#, &["/rules/0/then/0/percent/on/categories/2 unknown_category"]),
    (r#"{"then": [{"percent": {"discount_bps": 1000, "on": {"brands": ["Nobody"]}}}]}"#, &["/rules/0/then/0/percent/on/brands/0 unknown_brand"]),
    (r#"{"then": [{"percent": {"discount_bps": 1000, "on": {"suppliers": ["s9"]}}}]}"#, &["/rules/0/then/0/percent/on/suppliers/0 unknown_supplier"]),
    (r#"{"then": [{"percent": {"discount_bps": 1000, "on": {"marks": ["frehs"]}}}]}"#, &["/rules/0/then/0/percent/on/marks/0 unknown_mark"]),
    (r#"{"then": [{"percent": {"discount_bps": 1000, "on": {"categories": ["dairy"], "except": {"products": ["cheese"]}}}}]}"#, &["/rules/0/then/0/percent/on/except/products/0 unknown_product"]),
    (r#"{"when": {"any": [{"card": true}, {"goods": {"goods": {"products": ["cheese"]}, "quantity": {"min": 1000}}}]}}"#, &["/rules/0/when/any/1/goods/goods/products/0 unknown_product"]),
    (r#"{"then": [{"gift": {"product": "nothing", "price": 100}}]}"#, &["/rules/0/then/0/gift/product unknown_product"]),
    (r#"{"then": [{"gift": {"product": "cigarettes", "price": 100}}]}"#, &["/rules/0/then/0/gift/product regulated_gift"]),
    (r#"{"then": [{"gift": {"product": "vodka", "price": 100}}]}"#, &["/rules/0/then/0/gift/product regulated_gift"]),
    (r#"{"payer": {"supplier": "s9", "supplier_bps": 5000}}"#, &["/rules/0/payer/supplier unknown_supplier"]),
    (r#"{"scope": {"networks": ["n9"], "shops": ["s9"]}}"#, &["/rules/0/scope/networks/0 unknown_network", "/rules/0/scope/shops/0 unknown_shop"]),
    (r#"{"when": {"coupon": "SUMMER"}}"#, &["?/rules/0/when/coupon unknown_series"]),
    (r#"{"when": {"segment": "young"}}"#, &["/rules/0/when/segment unknown"]),
    (r#"{"then": [{"tiers": {"by": "amount", "tiers": [{"from": 100, "discount_bps": 500}, {"from": 100, "discount_bps": 700}]}}]}"#, &["/rules/0/then/0/tiers/tiers/1/from overlap"]),
    (r#"{"then": [{"bundle": {"price": 15900, "parts": [{"goods": {"products": ["milk"]}, "units": 1}, {"goods": {"products": ["kefir"]}, "units": 1}]}}]}"#, &["/rules/0/then/0/bundle/price bundle_never_cheaper"]),
    (r#"{"then": [{"bundle": {"price": 15899, "parts": [{"goods": {"products": ["milk"]}, "units": 1}, {"goods": {"products": ["kefir"]}, "units": 1}]}}]}"#, &[]),
    (r#"{"then": [{"bundle": {"price": 99999, "parts": [{"goods": {"products": ["bread"]}, "units": 1}]}}]}"#, &[]),
    (r#"{"then": [{"bundle": {"price": 100, "parts": [{"goods": {"brands": ["Pek"], "categories": ["dairy"]}, "units": 1}]}}]}"#, &["/rules/0/then/0/bundle/parts/0/goods no_product_fits"]),
    (r#"{"then": [{"percent": {"discount_bps": 1000, "on": {"brands": ["Pek"], "categories": ["dairy"]}}}]}"#, &["?/rules/0/then/0/percent/on no_product_fits"]),
];

#[test]
fn rules_are_looked_over_before_they_are_published() {
    for database in databases() {
        let house = house(database);
        for (rule, expected) in VERDICTS {
            let body = rules(&serde_json::from_str(rule).unwrap());
            let act = at(0);
            let version = house.programme.draft_discounts(&act, &body).unwrap().version;
            let verdict = house.programme.verify_discounts(&act, version).unwrap();
            let problems = verdict.problems.iter().map(|p| format!("{} {}", p.pointer, p.code));
            // What the rules say about themselves alone is told elsewhere.
            let of_data = |code: &str| code.starts_with("unknown_") || code == "no_product_fits";
            let warnings = verdict.warnings.iter().filter(|p| of_data(&p.code));
            let warnings = warnings.map(|p| format!("?{} {}", p.pointer, p.code));
            assert_eq!(problems.chain(warnings).collect::<Vec<_>>(), *expected, "{rule}");
            let good = verdict.problems.is_empty();
            assert_eq!(verdict.view.state, if good { "checked" } else { "draft" }, "{rule}");
            let published = house.programme.publish_discounts(&act, version, None);
            let refused = published.err().map_or("", |refused| refused.code());
            assert_eq!(refused, if good { "" } else { "not_checked" }, "{rule}");
        }
    }
}

/// A text in place of another in good rules, and where it is refused as it is written.
#[rustfmt::skip]
const FORMS: &[(&str, &str, &str)] = &[
    (r#""id":"r1""#, r#""id":"r1","colour":"red""#, "!/body/rules/0/colour type"),
    (r#"{"discount_bps":1000}"#, r#"{"discount_bps":1000,"of":1}"#, "!/body/rules/0/then/0/percent/of type"),
    (r#"{"discount_bps":1000}"#, r#"{"discount_bps":10.5}"#, "!/body/rules/0/then/0/percent/discount_bps type"),
    (r#""percent""#, r#""per_cent""#, "!/body/rules/0/then/0 type"),
    (r#""currency":"RUB""#, r#""currency":643"#, "!/body/currency type"),
    (r#""profile":"ru""#, r#""profile":"ru","lawyer":"anna""#, "!/body/regulated/lawyer type"),
    (r#""ru":"Скидка""#, r#""de":"Rabatt""#, "!/body/rules/0/name/de type"),
    (r#""currency":"RUB","#, "", "!/body type"),
];

#[test]
fn what_is_no_rule_is_not_even_a_draft() {
    let house = House::new(super::fixture::Database::sqlite());
    let good = rules(&json!({})).to_string();
    for (text, wrong, expected) in FORMS {
        assert!(good.contains(text), "{text} is not in {good}");
        let body = serde_json::from_str(&good.replace(text, wrong)).unwrap();
        assert_eq!(told(house.programme.draft_discounts(&at(0), &body)), *expected, "{wrong}");
    }
    // Of each wrong rule the first fault, all at once.
    let mut body = rules(&json!({}));
    let rule = body["rules"][0].clone();
    body["rules"] = json!([{ "id": 1 }, rule, { "id": "r3" }]);
    let Err(Refused::Invalid { problems }) = house.programme.draft_discounts(&at(0), &body) else {
        panic!("it is wrong")
    };
    let places: Vec<&str> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
    assert_eq!(places, ["/body/rules/0/id", "/body/rules/2"]);
}

/// One line an event: the minute, what is done, `=>` what is told. `counts 5` asks which version counts at
/// minute 5. Versions are those of two drafts.
const LIFE: &str = "
    0 counts 0 => none
    0 publish 1 => !not_checked
    0 verify 1 => checked 1
    0 replace 1 revision=1 => !stale
    0 replace 1 revision=2 => draft 1
    0 publish 1 => !not_checked
    0 verify 1 => checked 1
    0 publish 1 start=-1 => !/starts_at in_the_past
    0 publish 1 start=99999999 => !/starts_at too_late
    0 publish 1 start=10 => published 1
    0 publish 1 => !published
    0 replace 1 revision=5 => !published
    0 counts 9 => none
    0 counts 10 => 1
    1 verify 2 => checked 2
    1 publish 2 start=20 => published 2
    1 counts 19 => 1
    1 counts 20 => 2
    15 show 1 => published 1
    20 show 1 => retired 1
    20 show 2 => published 2
    20 retire 1 => !not_published
    21 draft => draft 3
    21 verify 3 => checked 3
    21 publish 3 start=30 => published 3
    22 retire 3 => retired 3
    22 counts 31 => 2
    25 retire 2 => retired 2
    25 retire 2 => !not_published
    25 counts 24 => 2
    25 counts 25 => none
    25 counts 15 => 1
    25 show 9 => !not_found
    25 retire 9 => !not_found
    26 draft => draft 4
    26 verify 4 => checked 4
    26 publish 4 => published 4
    26 counts 26 => 4
    26 counts 25 => none
";

#[test]
fn a_ruleset_goes_through_its_life() {
    for database in databases() {
        let house = House::new(database);
        let programme = &house.programme;
        let body = rules(&json!({}));
        for _ in 0..2 {
            programme.draft_discounts(&at(0), &body).unwrap();
        }
        for line in LIFE.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (event, expected) = line.split_once(" => ").unwrap();
            let words: Vec<&str> = event.split(' ').collect();
            let number = |place: usize| {
                let word = words.get(place).copied().unwrap_or_default();
                word.split('=').next_back().and_then(|word| word.parse::<i64>().ok())
            };
            let (act, version) = (at(number(0).unwrap()), number(2).unwrap_or_default());
            let outcome = match words[1] {
                "draft" => told(programme.draft_discounts(&act, &body)),
                "replace" => {
                    told(programme.replace_discounts(&act, version, number(3).unwrap(), &body))
                }
                "verify" => told(programme.verify_discounts(&act, version).map(|said| said.view)),
                "publish" => {
                    let start = number(3).map(|minute| at(minute).at);
                    told(programme.publish_discounts(&act, version, start))
                }
                "retire" => told(programme.retire_discounts(&act, version)),
                "show" => {
                    told(programme.discounts_whole(&act, Some(version)).map(|whole| whole.view))
                }
                "counts" => match programme.discounts_at(at(version).at).unwrap() {
                    Some(compiled) => compiled.version.to_string(),
                    None => "none".to_owned(),
                },
                word => panic!("what is {word}?"),
            };
            assert_eq!(outcome, expected, "{}: {line}", house.database.name);
        }
        assert_eq!(programme.discounts_of(1).unwrap().version, 1, "for receipts of its time");
        let draft = programme.draft_discounts(&at(30), &body).unwrap().version;
        assert_eq!(programme.discounts_of(draft).unwrap_err().code(), "not_found");
        let listed = programme.discounts_before(&at(30), 5, 3).unwrap();
        let listed: Vec<i64> = listed.iter().map(|view| view.version).collect();
        assert_eq!(listed, [4, 3, 2]);
        let current = programme.discounts_whole(&at(30), None).unwrap();
        assert_eq!((current.view.version, &current.body), (4, &body));
    }
}

#[test]
fn what_another_process_publishes_counts_here_soon() {
    for database in databases() {
        let house = House::new(database);
        let other = Programme::open(&house.dir()).unwrap();
        assert!(other.discounts_at(NOW).unwrap().is_none());
        let version = publish(&house.programme, &at(0), &rules(&json!({})));
        let began = std::time::Instant::now();
        while other.discounts_at(NOW).unwrap().is_none_or(|found| found.version != version) {
            assert!(began.elapsed().as_secs() < 30, "it was never noticed");
            std::thread::yield_now();
        }
    }
}

#[test]
fn a_write_asked_twice_is_done_once_and_only_by_who_may() {
    for database in databases() {
        let house = House::new(database);
        let programme = &house.programme;
        let body = rules(&json!({}));
        let keyed = |key: &str| {
            let key = RequestKey { key: key.to_owned(), body_sha256: "b".to_owned() };
            Act { key: Some(key), ..at(0) }
        };
        let first = programme.draft_discounts(&keyed("draft"), &body).unwrap();
        assert_eq!(programme.draft_discounts(&keyed("draft"), &body).unwrap(), first);
        let verdict = programme.verify_discounts(&keyed("verify"), 1).unwrap();
        let published = programme.publish_discounts(&keyed("publish"), 1, None).unwrap();
        assert_eq!(programme.verify_discounts(&keyed("verify"), 1).unwrap(), verdict);
        assert_eq!(programme.publish_discounts(&keyed("publish"), 1, None).unwrap(), published);
        assert_eq!(programme.discounts_before(&at(0), 99, 9).unwrap().len(), 1);

        let bound = Bounds { networks: vec!["n1".to_owned()], ..Bounds::default() };
        let bound = Act { bounds: bound.clone(), ..at(0) };
        assert_eq!(programme.draft_discounts(&bound, &body).unwrap_err().code(), "not_permitted");
        assert_eq!(programme.retire_discounts(&bound, 1).unwrap_err().code(), "not_permitted");
        assert_eq!(programme.discounts_whole(&bound, Some(1)).unwrap_err().code(), "not_found");
        assert_eq!(programme.discounts_before(&bound, 99, 9).unwrap(), []);
    }
}

/// (minutes from now, the shop, a grant, what is told). Rule `r1` has a budget.
type Asked = (i64, &'static str, Option<(&'static str, i64)>, &'static str);
#[rustfmt::skip]
const BUNDLES: &[Asked] = &[
    (60,      "s1", None,              "expires 30"),
    (20,      "s1", None,              "expires 20"),
    (20,      "s1", Some(("r1", 600)), "expires 20"),
    (20,      "s1", Some(("r1", 600)), "!?grant too_much"),
    (20,      "s1", Some(("r1", 400)), "expires 20"),
    (20,      "s1", Some(("r1", 0)),   "expires 20"),
    (20,      "s1", Some(("r1", 1)),   "!?grant too_much"),
    (20,      "s1", Some(("r1", -1)),  "!?grant negative"),
    (20,      "s1", Some(("r9", 1)),   "!?grant unknown_rule"),
    (20,      "s9", None,              "!not_found"),
    (0,       "s1", None,              "!?until range"),
    (-1,      "s1", None,              "!?until range"),
    (44_641,  "s1", None,              "!?until range"),
];

#[test]
fn a_bundle_ends_where_the_next_ruleset_begins() {
    for database in databases() {
        let cards = super::cards::Cards::new(database);
        let programme = &cards.programme;
        let to = |minutes: i64, shop: &str, grant: Option<(&str, i64)>| BundleTo {
            shop: shop.to_owned(),
            till: grant.map(|_| "1".to_owned()),
            until: at(minutes).at,
            grants: grant.map(|(rule, amount)| (rule.to_owned(), amount)).into_iter().collect(),
        };
        // Several tills would each give what is granted.
        let of_all = BundleTo { till: None, ..to(20, "s1", Some(("r1", 1))) };
        let none = programme.export_bundle(&at(0), &to(20, "s1", None)).unwrap_err();
        assert_eq!(none.code(), "no_rules", "nothing counts yet");
        let budget = json!({ "campaign": "c", "counts": "discount", "amount": 1000 });
        let body = rules(&json!({ "limits": { "budget": budget } }));
        publish(programme, &at(0), &body);
        let next = programme.draft_discounts(&at(0), &body).unwrap().version;
        programme.verify_discounts(&at(0), next).unwrap();
        programme.publish_discounts(&at(0), next, Some(at(30).at)).unwrap();
        let of_all = programme.export_bundle(&at(0), &of_all).unwrap_err();
        assert!(of_all.to_string().contains("?till"), "{of_all}");
        for (place, (minutes, shop, grant, expected)) in BUNDLES.iter().enumerate() {
            let act = Act { at: Instant(NOW.0 + place as i64), ..at(0) };
            let told = match programme.export_bundle(&act, &to(*minutes, shop, *grant)) {
                Ok(bytes) => {
                    let keys = std::fs::read_to_string(cards.dir().join("bundle-key.pub")).unwrap();
                    let keys: Vec<String> = keys.lines().map(str::to_owned).collect();
                    assert_eq!(keys.len(), 1, "one key signs them all");
                    let trust =
                        Trust { keys: &keys, shop: Some("s1"), till: Some("1"), now: act.at };
                    let opened = pricing::bundle::open(&bytes, &trust).unwrap();
                    format!("expires {}", (opened.expires_at.0 - NOW.0) / MINUTE)
                }
                Err(Refused::Invalid { problems }) => {
                    format!("!{} {}", problems[0].pointer, problems[0].code)
                }
                Err(refused) => format!("!{}", refused.code()),
            };
            assert_eq!(told, *expected, "{minutes} {shop} {grant:?}");
        }
    }
}
