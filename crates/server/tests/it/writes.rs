//! Every write that the API has, as somebody does it in earnest, on a server of one's own; and all that
//! the database holds, so that a test sees whether anything changed.

use std::collections::{BTreeMap, BTreeSet};

use programme::{Act, Activity, Bounds, Day, Doer, Doing, Door, NewKey, Programme, Role, Scope};
use serde_json::Value;
use totp_rs::{Builder, Secret as Shared};

use super::database::Database;
use super::fixture::Shop;
use super::http_access::{Browser, add_staff};
use super::http_client::{Answer, Ask};
use super::http_process::Serving;

/// (method and path as the document has it, the body, what is kept of the answer: a name and where it
/// stands). Names in braces are what was kept before; `{now}` is a while ago, `{later}` a day to come.
/// Lines are done one after the other, and each must be done.
#[rustfmt::skip]
pub const WRITES: &[(&str, &str, &str)] = &[
    ("POST /api/v1/networks", r#"{"id":"north","name_en":"North","name_ru":"Север","scheme":"ean13"}"#, "networks/{network}=/id"),
    ("POST /api/v1/networks/{network}/shops", r#"{"id":"north-1","name_en":"First","name_ru":"Первый","time_zone":"Europe/Moscow"}"#, "shops/{shop}=/id"),
    ("POST /api/v1/shops/{shop}/tills", r#"{"id":"1"}"#, ""),
    ("PATCH /api/v1/shops/{shop}", r#"{"closed":false}"#, ""),
    ("POST /api/v1/networks/{network}/ranges", r#"{"id":"plastic","kind":"plastic","scheme":"ean13","prefix":"400","digits":9,"from":0,"to":999}"#, "ranges/{range}=/id"),
    ("POST /api/v1/ranges/{range}/print-batches", r#"{"id":"b1","cards":3}"#, "print-batches/{batch}=/id"),
    ("POST /api/v1/print-batches/{batch}/prepare", r#"{"shop":"{shop}"}"#, ""),
    ("POST /api/v1/networks/{network}/ranges", r#"{"id":"virtual","kind":"virtual","scheme":"ean13","prefix":"400","digits":9,"from":1000,"to":1999}"#, "ranges/{range}=/id"),
    ("POST /api/v1/ranges/{range}/virtual-cards", r#"{"customer":"1042"}"#, "other=/number"),
    ("POST /api/v1/ranges/{range}/virtual-cards", r#"{"customer":"1043"}"#, "cards/{number}=/number"),
    ("POST /api/v1/rules/{kind}", r#"{"body":{"rounding":"down","points_scale":10000,"activates_after_days":0,"expires_after_days":365,"rows":[{"network":null,"category":"dairy","level":null,"rate":100}]}}"#, ""),
    ("POST /api/v1/customers", r#"{"id":"1042","network":"{network}","card":"{other}","answers":{"phone":"+79161234567","consent_processing":true},"means":"app"}"#, ""),
    ("PATCH /api/v1/customers/{id}/answers", r#"{"answers":{"first_name":"Анна"},"means":"app"}"#, ""),
    ("POST /api/v1/customers/find", r#"{"phone":"+79161234567"}"#, ""),
    ("POST /api/v1/cards/{number}/operations", r#"{"operation":"block","reason":"lost"}"#, ""),
    ("POST /api/v1/cards/{number}/operations", r#"{"operation":"unblock","reason":"found"}"#, ""),
    ("POST /api/v1/cards/{number}/family", r#"{"card":"{other}"}"#, "kind=levels"),
    ("POST /api/v1/rules/{kind}", r#"{"body":{"measure":"turnover","period":{"sliding_days":365},"scope":"programme","review":{"day_of_quarter":1},"levels":[{"id":"base","name_en":"Base","name_ru":"Базовый","threshold":0,"discount":0,"accrual":10000},{"id":"gold","name_en":"Gold","name_ru":"Золотой","threshold":10000000,"discount":500,"accrual":20000}]}}"#, ""),
    ("POST /api/v1/cards/{number}/level", r#"{"level":"gold","until":"{later}","reason":"compensation"}"#, ""),
    ("POST /api/v1/discounts", r#"{"body":{"currency":"RUB","regulated":{"profile":"ru","confirmed":true},"rules":[{"id":"r1","name":{"ru":"Скидка","en":"Discount"},"priority":5,"when":{"card":true},"then":[{"percent":{"discount_bps":1000}}]}]}}"#, "discounts/{version}=1"),
    ("PUT /api/v1/discounts/{version}", r#"{"body":{"currency":"RUB","regulated":{"profile":"ru","confirmed":true},"rules":[{"id":"r1","name":{"ru":"Скидка","en":"Discount"},"priority":5,"when":{"card":true},"then":[{"percent":{"discount_bps":1000}}]}]}}"#, ""),
    ("POST /api/v1/discounts/{version}/verify", "", ""),
    ("POST /api/v1/discounts/{version}/publish", r#"{"starts_at":"{later}T00:00:00Z"}"#, ""),
    ("POST /api/v1/discounts/{version}/retire", "", ""),
    ("POST /api/v1/coupon-series", r#"{"id":"lottery","kind":"unique","name_en":"Lottery","name_ru":"Лотерея","uses_max":1}"#, "coupon-series/{series}=/id"),
    ("POST /api/v1/coupon-series/{series}/batches", r#"{"id":"b1","count":3}"#, ""),
    ("POST /api/v1/coupon-series", r#"{"id":"own","kind":"personal","name_en":"Own","name_ru":"Личный","starts_at":"2026-01-01T00:00:00Z","ends_at":"2099-01-01T00:00:00Z"}"#, ""),
    ("POST /api/v1/coupons", r#"{"series":"own","customer":"1042","product":"milk","price":6900}"#, "coupons/{coupon}=/id"),
    ("POST /api/v1/coupons/{coupon}/withdraw", "", ""),
    ("POST /api/v1/coupon-series", r#"{"id":"summer","kind":"generic","name_en":"Summer","name_ru":"Лето","uses_max":100,"customer_uses_max":1,"code":"SUMMER26"}"#, "coupon-series/{series}=/id"),
    ("POST /api/v1/coupon-series/{series}/withdraw", "", ""),
    ("POST /api/v1/receipts", r#"{"number":"1","at":"{now}","shop":"{shop}","till":"1","card":"{number}","channel":"online","fiscal":{"drive":"9960440300000001","document":"1"},"lines":[{"product":"milk","category":"dairy","quantity":2000,"net":17800,"discount":500,"retailer_coupon":100,"supplier_coupon":10,"points_allowed":true}]}"#, ""),
    ("POST /api/v1/returns", r#"{"number":"2","at":"{now}","shop":"{shop}","till":"1","original":{"number":"1","shop":"{shop}","till":"1"},"lines":[{"product":"milk","quantity":-1000,"net":-8900}]}"#, ""),
    ("POST /api/v1/receipts/batch", r#"{"receipts":[{"number":"3","at":"{now}","shop":"{shop}","till":"1","lines":[{"product":"bread","quantity":1000,"net":5000}]}]}"#, ""),
    ("POST /api/v1/quotes", r#"{"hold":true,"seconds":900,"at":"{now}","shop":"{shop}","till":"1","channel":"online","currency":"RUB","card":"{number}","lines":[{"id":"1","product":"milk","quantity":2000,"price":8900,"regular_price":9900,"min_price":100,"competitor_price":9000,"categories":["dairy"],"brand":"b","supplier":"s","marks":["fresh"],"vat_bps":1000,"measured":false}],"shipping":[{"id":"courier","price":100}],"payment":"card","coupons":["SPRING"],"points":0}"#, "quotes/{id}=/id"),
    ("POST /api/v1/quotes/{id}/confirm", r#"{"number":"8","at":"{now}","till":"1","fiscal":{"drive":"9960440300000001","document":"8"},"lines":[{"line":"1","quantity":1000}]}"#, "receipts/{id}=/receipt/receipt"),
    ("POST /api/v1/refunds", r#"{"take":true,"original":{"number":"8","shop":"{shop}","till":"1"},"lines":[{"line":"1","quantity":1000}],"number":"9","at":"{now}","shop":"{shop}","till":"1","fiscal":{"drive":"9960440300000001","document":"9"}}"#, ""),
    ("POST /api/v1/quotes", r#"{"hold":true,"shop":"{shop}","till":"1","customer":"1043","lines":[{"product":"milk","quantity":1000,"price":8900}]}"#, "quotes/{id}=/id"),
    ("POST /api/v1/quotes/{id}/cancel", "", ""),
    ("POST /api/v1/keys", r#"{"name":"till 1","live":true,"role":"operator","door":"till","scopes":["cards:read"],"bounds":{"networks":["{network}"],"shops":["{shop}"],"partner":null},"till":"1","expires_at":"2099-01-01T00:00:00Z"}"#, "keys/{id}=/key/id"),
    ("POST /api/v1/keys/{id}/rotate", r#"{"former_until":"{now}"}"#, ""),
    ("DELETE /api/v1/keys/{id}", "", ""),
    ("POST /api/v1/flags/{id}/close", r#"{"release":true}"#, ""),
    ("POST /api/v1/staff", r#"{"id":"boris","password":"correct horse battery","role":"operator","door":"office","bounds":{"networks":["{network}"],"shops":[],"partner":null}}"#, "staff/{id}=/id"),
    ("PATCH /api/v1/staff/{id}", r#"{"role":"marketer","door":"office","bounds":{"networks":[],"shops":["{shop}"],"partner":null},"disabled":false}"#, ""),
    ("POST /api/v1/staff/{id}/password", r#"{"password":"a long walk in the rain"}"#, ""),
    ("POST /api/v1/staff/{id}/sessions/end", "", ""),
    ("DELETE /api/v1/staff/{id}/totp", "", ""),
    ("POST /api/v1/staff-links", "", "token=/token"),
    ("POST /api/v1/staff-links/accept", r#"{"token":"{token}","id":"olga","password":"correct horse battery"}"#, ""),
    ("POST /api/v1/session", r#"{"id":"olga","password":"correct horse battery"}"#, ""),
    ("POST /api/v1/session/totp", "", "code=/secret"),
    ("POST /api/v1/session/totp/confirm", r#"{"code":"{code}"}"#, ""),
    ("POST /api/v1/session/password", r#"{"former":"correct horse battery","new":"a long walk in the rain"}"#, ""),
    ("DELETE /api/v1/session", "", ""),
    ("POST /api/v1/webhooks", r#"{"url":"https://example.com/hooks","events":["card.*","receipt.take"]}"#, "webhooks/{id}=/webhook/id"),
    ("POST /api/v1/webhooks/{id}/rotate", r#"{"former_seconds":60}"#, ""),
    ("POST /api/v1/webhooks/{id}/try-again", "", ""),
    ("PATCH /api/v1/webhooks/{id}", r#"{"disabled":true}"#, ""),
    ("DELETE /api/v1/webhooks/{id}", "", ""),
];

/// A server with everything that the writes need.
pub struct World {
    pub serving: Serving,
    pub document: Value,
    pub named: BTreeMap<String, String>,
    /// A key that may do everything and stores nothing.
    test_key: String,
    anna: Browser,
    vera: Browser,
    database: Database,
    _shop: Shop,
}

impl World {
    pub fn on(database: Database) -> Self {
        let shop = Shop::new();
        shop.set("url = \"store.sqlite\"", &format!("url = \"{}\"", database.url()));
        let programme = Programme::open(&shop.dir()).unwrap();
        let act = Act::of_job("console", programme::now());
        let new = NewKey {
            name: "test".to_owned(),
            live: false,
            role: Role::Administrator,
            door: Door::Office,
            scopes: Scope::ALL.to_vec(),
            bounds: Bounds::default(),
            till: None,
            expires_at: None,
        };
        let test_key = programme.make_key(&act, &new).unwrap().text.unwrap();
        let [anna, vera] = ["anna", "vera"].map(|id| {
            add_staff(&programme, id, Role::Administrator);
            Browser::signed_in(&programme, id)
        });
        let doing = Doing {
            what: Activity::Receipt,
            network: "north",
            shop: "north-1",
            till: "1",
            card: None,
            // So late that no job takes it away as old while the test runs.
            day: Day(30_000),
            times: 11,
            amount: 0,
        };
        let flag = move |tx: &mut store::Tx<'_>| {
            programme::judge(tx, &act, Doer::Card, "4000000000013", &doing)
        };
        programme.store().unwrap().write(flag).unwrap();
        drop(programme);
        let limits = ["--limit-key", "0", "--limit-address", "0", "--limit-card", "0"];
        let serving = Serving::start(&shop, &[&limits[..], &["--limit-sign-in", "0"]].concat());
        let document = Ask::new("GET", "/api/v1/openapi.json").send(serving.address).json();
        let hour = jiff::SignedDuration::from_hours(1);
        let now = (jiff::Timestamp::now() - hour).to_string();
        let later = (jiff::Timestamp::now() + hour * 24 * 30).to_string();
        let flag = serving.get("all", "/api/v1/flags").send(serving.address).json();
        let known = [
            ("now", now.as_str()),
            ("later", &later[..10]),
            ("rules/{kind}", "accrual"),
            ("customers/{id}", "1042"),
            ("rules/{rule}", "none"),
            ("flags/{id}", flag["items"][0]["id"].as_str().unwrap()),
        ];
        let named = known.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let test_key = format!("Bearer {}", test_key.expose());
        Self { serving, document, named, test_key, anna, vera, database, _shop: shop }
    }

    pub fn name(&self) -> &'static str {
        self.database.name
    }

    /// A path of the document with things that are there in it.
    pub fn path(&self, template: &str) -> String {
        let parts: Vec<&str> = template.split('/').collect();
        let filled = parts.iter().enumerate().map(|(place, part)| {
            let name = |place: usize| format!("{}/{part}", parts[place - 1]);
            match part.starts_with('{') {
                true => self.named[&name(place)].clone(),
                false => (*part).to_owned(),
            }
        });
        filled.collect::<Vec<_>>().join("/")
    }

    /// A body with things that are there in it.
    pub fn body(&self, template: &str) -> String {
        let mut body = template.to_owned();
        for (name, value) in &self.named {
            let name = name.rsplit('/').next().unwrap().trim_matches(['{', '}']);
            body = body.replace(&format!("{{{name}}}"), value);
        }
        body
    }

    /// What the document says of a write.
    pub fn operation(&self, line: &str) -> &Value {
        let (method, path) = line.split_once(' ').unwrap();
        &self.document["paths"][path][method.to_lowercase()]
    }

    /// Whether a key does it: else a person does, or somebody who is not in yet.
    pub fn is_by_key(&self, line: &str) -> bool {
        let scopes = self.operation(line)["security"][0]["key"].as_array();
        scopes.is_some_and(|scopes| !scopes.is_empty())
    }

    /// A write by somebody who may do it.
    pub fn ask(&self, line: &str, key: &str, body: impl Into<Vec<u8>>) -> Ask {
        let (method, path) = line.split_once(' ').unwrap();
        let ask = self.serving.write("all", method, &self.path(path), body);
        let ask = ask.with("Idempotency-Key", key).with("If-Match", "\"1\"");
        if self.is_by_key(line) {
            return ask;
        }
        let ask = ask.without("Authorization");
        match line {
            "DELETE /api/v1/session" => self.vera.sends(ask),
            _ if self.operation(line)["security"].is_null() => ask,
            _ => self.anna.sends(ask),
        }
    }

    /// The same by a key that stores nothing.
    pub fn rehearsed(&self, ask: Ask) -> Ask {
        ask.with("Authorization", &self.test_key)
    }

    pub fn send(&self, ask: &Ask) -> Answer {
        ask.send(self.serving.address)
    }

    /// Keeps of an answer what later writes need.
    pub fn keep(&mut self, keeps: &str, answer: &Answer) {
        let Some((name, place)) = keeps.split_once('=') else { return };
        let value = match place.starts_with('/') {
            true => answer.json().pointer(place).unwrap().as_str().unwrap().to_owned(),
            false => place.to_owned(),
        };
        let (name, value) = match name {
            "code" => (name, code_of(&value)),
            "kind" => ("rules/{kind}", value),
            name => (name, value),
        };
        self.named.insert(name.to_owned(), value);
    }

    /// Whether every write of the document has a line.
    pub fn all_writes_are_known(&self) {
        let mut written = BTreeSet::new();
        for (path, operations) in self.document["paths"].as_object().unwrap() {
            let methods = operations.as_object().unwrap().keys().filter(|method| *method != "get");
            written.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
        }
        let known: BTreeSet<String> = WRITES.iter().map(|line| line.0.to_owned()).collect();
        assert_eq!(known, written, "a write has no line in WRITES");
    }

    pub fn state(&self) -> State {
        State::of(&self.database)
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.serving.log).unwrap()
    }
}

/// What a device shows now.
fn code_of(secret: &str) -> String {
    let shared = Shared::try_from_base32(secret).unwrap();
    let device = Builder::new().with_secret(shared).build().unwrap();
    device.generate(jiff::Timestamp::now().as_second() as u64).to_string()
}

/// All rows of a database, each as a text with the name of its table.
#[derive(Debug, PartialEq, Eq)]
pub struct State(BTreeSet<String>);

/// What changes by itself, as do deeds of jobs: deeds are sealed, receipts go to the lake, and it is noted
/// when a key was last used.
const RESTLESS: [&str; 6] =
    ["seal", "seal_head", "journal", "journal_batch", "api_key.used_at", "session.seen_at"];

impl State {
    pub fn of(database: &Database) -> Self {
        let mut rows = BTreeSet::new();
        match &database.location {
            store::Location::File(path) => {
                let connection = rusqlite::Connection::open(path).unwrap();
                let names = "SELECT name FROM sqlite_schema WHERE type = 'table'";
                for table in of_sqlite(&connection, "", names) {
                    let (_, table) = table.rsplit_once('=').unwrap();
                    rows.extend(of_sqlite(&connection, table, &format!("SELECT * FROM {table}")));
                }
            }
            store::Location::Postgres(url) => {
                let mut client = postgres::Client::connect(url, postgres::NoTls).unwrap();
                let names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'";
                for table in of_postgres(&mut client, "", names) {
                    let (_, table) = table.rsplit_once('=').unwrap();
                    let select = format!("SELECT * FROM {table}");
                    rows.extend(of_postgres(&mut client, table, &select));
                }
            }
        }
        let by_itself = |row: &String| {
            RESTLESS.contains(&row.split(' ').next().unwrap())
                || row.starts_with("audit ") && row.contains(" actor=job:")
        };
        Self(rows.into_iter().filter(|row| !by_itself(row)).collect())
    }

    /// Rows that only one of two states has.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let seen = |row: &String| row.chars().take(300).collect();
        self.0.symmetric_difference(&other.0).map(seen).collect()
    }
}

/// A row as a text.
fn shown<'a>(table: &str, columns: impl Iterator<Item = (&'a str, String)>) -> String {
    let columns =
        columns.filter(|(name, _)| !RESTLESS.contains(&format!("{table}.{name}").as_str()));
    let columns: Vec<String> = columns.map(|(name, value)| format!("{name}={value}")).collect();
    format!("{table} {}", columns.join(" "))
}

fn of_sqlite(connection: &rusqlite::Connection, table: &str, select: &str) -> Vec<String> {
    let mut statement = connection.prepare(select).unwrap();
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let row = |row: &rusqlite::Row<'_>| {
        let value = |place| match row.get_unwrap(place) {
            rusqlite::types::Value::Text(text) => text,
            other => format!("{other:?}"),
        };
        let columns = names.iter().enumerate().map(|(place, name)| (name.as_str(), value(place)));
        Ok(shown(table, columns))
    };
    statement.query_map([], row).unwrap().map(Result::unwrap).collect()
}

fn of_postgres(client: &mut postgres::Client, table: &str, select: &str) -> Vec<String> {
    let messages = client.simple_query(select).unwrap();
    let rows = messages.iter().filter_map(|message| match message {
        postgres::SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let row = |row: &postgres::SimpleQueryRow| {
        let columns = row.columns().iter().enumerate();
        shown(table, columns.map(|(place, c)| (c.name(), row.get(place).unwrap_or("-").to_owned())))
    };
    rows.map(row).collect()
}
