//! Who is let in: from the first link to a till's key, sessions of browsers, and what guessing brings.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use programme::{
    Act, Activity, Bounds, Day, Doer, Doing, Door, NewStaff, Programme, Role, Secret,
    SettingsLanguage, SignIn, StaffRights,
};
use serde_json::{Value, json};
use server::http::access::by_programme;
use server::http::limit::Allowances;
use server::http::{Settings, routes};
use totp_rs::{Builder, Secret as Shared};

use super::http_client::{Answer, Ask};
use super::http_probe::Server;

const PASSWORD: &str = "correct horse battery";
const OTHER: &str = "a long walk in the rain";

/// A programme that is served with its own routes and callers.
struct House {
    server: Server,
    programme: Arc<Programme>,
    folder: std::path::PathBuf,
}

/// What a browser holds after signing in.
#[derive(Clone, Debug)]
pub struct Browser {
    token: String,
    csrf: String,
}

pub fn add_staff(programme: &Programme, id: &str, role: Role) {
    let rights = StaffRights { role, door: Door::Office, bounds: Bounds::default() };
    let new = NewStaff { id: id.to_owned(), rights };
    let act = Act::of_job("console", programme::now());
    programme.add_staff(&act, &new, &Secret::new(PASSWORD)).unwrap();
}

impl Browser {
    /// Signed in past the door.
    pub fn signed_in(programme: &Programme, id: &str) -> Self {
        let shown = SignIn {
            id: id.to_owned(),
            password: Secret::new(PASSWORD),
            code: None,
            request: "r".to_owned(),
        };
        let signed_in = programme.sign_in(&shown, programme::now()).unwrap();
        let text = |secret: &Secret| secret.expose().to_owned();
        Self { token: text(&signed_in.token), csrf: text(&signed_in.csrf) }
    }

    /// A request as it sends it.
    pub fn sends(&self, ask: Ask) -> Ask {
        let cookie = format!("theme=dark; __Host-session={}", self.token);
        ask.with("Cookie", &cookie).with("X-CSRF-Token", &self.csrf)
    }

    fn get(&self, path: &str) -> Ask {
        self.sends(Ask::new("GET", path))
    }

    fn write(&self, method: &str, path: &str, body: &Value) -> Ask {
        self.sends(write(method, path, body))
    }
}

/// A write by nobody yet, with a key of its own.
fn write(method: &str, path: &str, body: &Value) -> Ask {
    static KEYS: AtomicU32 = AtomicU32::new(0);
    let key = KEYS.fetch_add(1, Ordering::Relaxed).to_string();
    let ask = Ask::new(method, path).with("Content-Type", "application/json");
    ask.with("Idempotency-Key", &key).body(body.to_string())
}

impl House {
    fn new() -> Self {
        Self::with_allowance(None)
    }

    /// Attempts to sign in are limited so, nothing else is.
    fn with_allowance(sign_in: Option<NonZeroU32>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p");
        let programme = Arc::new(Programme::init(&path, SettingsLanguage::En).unwrap());
        let allowances = Allowances { address: None, key: None, card: None, sign_in };
        let settings = Settings { allowances, ..Settings::default() };
        let authenticate = by_programme(programme.clone());
        let server = Server::of(folder, programme.clone(), settings, authenticate, routes());
        Self { server, programme, folder: path }
    }

    fn send(&self, ask: Ask) -> Answer {
        ask.send(self.server.address)
    }

    /// What must be done; gives its body.
    fn done(&self, ask: Ask) -> Value {
        let answer = self.send(ask.clone());
        assert!(answer.status < 300, "{}: {}", ask.line, answer.text());
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    }

    fn told(&self, ask: Ask) -> String {
        reason(&self.send(ask))
    }

    fn add(&self, id: &str, role: Role) -> Browser {
        add_staff(&self.programme, id, role);
        Browser::signed_in(&self.programme, id)
    }

    fn try_to_sign_in(&self, id: &str, password: &str, code: Option<&str>) -> Answer {
        let body = json!({"id": id, "password": password, "code": code});
        self.send(write("POST", "/api/v1/session", &body))
    }

    fn with_key(&self, text: &str, ask: Ask) -> Answer {
        self.send(ask.with("Authorization", &format!("Bearer {text}")))
    }

    /// Whether a text stands anywhere in the programme's files.
    fn is_written(&self, text: &str) -> bool {
        let files = std::fs::read_dir(&self.folder).unwrap().map(|file| file.unwrap().path());
        files.filter(|path| path.is_file()).any(|path| {
            let bytes = std::fs::read(path).unwrap();
            bytes.windows(text.len()).any(|window| window == text.as_bytes())
        })
    }
}

/// Status and the reason of the trade, or what was wrong with the form.
pub fn reason(answer: &Answer) -> String {
    if answer.status < 400 {
        return answer.status.to_string();
    }
    let body = answer.json();
    let fault = &body["errors"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let code = if fault.is_null() { text(&body["code"]) } else { text(&fault["code"]) };
    format!("{} {} {}", answer.status, text(&fault["pointer"]), code).replace("  ", " ")
}

/// What a browser keeps of an answer that let somebody in.
fn browser(answer: &Answer) -> Browser {
    assert_eq!(answer.status, 201, "{}", answer.text());
    let cookie = answer.header("set-cookie").unwrap();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(attributes, "Secure; HttpOnly; SameSite=Lax; Path=/");
    let token = pair.strip_prefix("__Host-session=").unwrap().to_owned();
    assert_eq!(token.len(), 64);
    assert!(!answer.text().contains(&token), "the token is in the cookie only");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    Browser { token, csrf: answer.json()["csrf"].as_str().unwrap().to_owned() }
}

/// Comes in by the first link and signs in.
fn first_administrator(house: &House) -> Browser {
    let link = house.programme.invite_first_administrator(programme::now()).unwrap().unwrap();
    let accept = |password: &str, token: &str| {
        let body = json!({"token": token, "id": "anna", "password": password});
        house.send(write("POST", "/api/v1/staff-links/accept", &body))
    };
    let token = link.token.expose();
    assert_eq!(reason(&accept(PASSWORD, &"0".repeat(64))), "401 link_invalid");
    assert_eq!(reason(&accept("short", token)), "422 /password password_short");
    let accepted = accept(PASSWORD, token);
    assert_eq!(accepted.told(), "201", "{}", accepted.text());
    assert_eq!(accepted.json()["role"], "administrator");
    assert!(accepted.header("set-cookie").is_none());
    assert_eq!(reason(&accept(PASSWORD, token)), "401 link_invalid");
    let anna = browser(&house.try_to_sign_in("anna", PASSWORD, None));
    let session = house.done(anna.get("/api/v1/session"));
    assert_eq!((&session["actor"], &session["live"]), (&json!("staff:anna"), &json!(true)));
    assert_eq!(session["csrf"], anna.csrf);
    assert!(session["scopes"].as_array().unwrap().contains(&json!("keys:write")));
    anna
}

/// A network with a shop, a till and a card; gives the card's number.
fn network(house: &House, anna: &Browser) -> String {
    let add = |path: &str, body: Value| house.done(anna.write("POST", path, &body));
    let names = json!({"id": "pyramid", "name_en": "Pyramid", "name_ru": "Пирамида"});
    let with = |fields: Value| {
        let mut body = names.clone();
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        body
    };
    add("/api/v1/networks", with(json!({"scheme": "ean13"})));
    let shop = json!({"id": "pyramid-1", "time_zone": "Europe/Moscow"});
    add("/api/v1/networks/pyramid/shops", with(shop));
    add("/api/v1/shops/pyramid-1/tills", json!({"id": "1"}));
    let range = json!({
        "id": "v", "kind": "virtual", "scheme": "ean13", "prefix": "400", "digits": 9,
        "from": 0, "to": 999,
    });
    add("/api/v1/networks/pyramid/ranges", range);
    let card = add("/api/v1/ranges/v/virtual-cards", json!({}));
    card["number"].as_str().unwrap().to_owned()
}

fn till_key() -> Value {
    json!({
        "name": "till 1", "live": true, "role": "operator", "door": "till",
        "scopes": ["cards:read", "balance:read"], "bounds": {"networks": ["pyramid"], "shops": ["pyramid-1"]},
        "till": "1",
    })
}

#[test]
fn from_the_first_link_to_a_till() {
    let house = House::new();
    let anna = first_administrator(&house);
    let card = network(&house, &anna);
    let make = anna.write("POST", "/api/v1/keys", &till_key());
    let made = house.done(make.clone());
    let text = made["text"].as_str().unwrap();
    let again = house.done(make.clone());
    assert_eq!(again["key"], made["key"]);
    assert!(again["text"].is_null(), "a key's text is shown once");
    let other =
        json!({"name": "till 2", "live": true, "role": "operator", "door": "till", "scopes": []});
    let other = make.body(other.to_string());
    assert_eq!(house.told(other), "409 key_reused");

    let id = made["key"]["id"].as_str().unwrap();
    let path = format!("/api/v1/cards/{card}");
    let block = json!({"operation": "block", "reason": "lost"});
    let former = json!({"former": PASSWORD, "new": OTHER});
    for (ask, expected) in [
        (Ask::new("GET", &path), "200"),
        (Ask::new("GET", "/api/v1/session"), "200"),
        (write("POST", &format!("{path}/operations"), &block), "403 forbidden"),
        (write("POST", "/api/v1/keys", &till_key()), "403 forbidden"),
        (write("POST", "/api/v1/session/password", &former), "403 forbidden"),
        (write("POST", "/api/v1/session/totp", &json!({})), "403 forbidden"),
        (write("DELETE", "/api/v1/session", &json!({})), "204"),
        (Ask::new("GET", &path), "200"),
    ] {
        assert_eq!(reason(&house.with_key(text, ask.clone())), expected, "{}", ask.line);
    }
    let who = house.with_key(text, Ask::new("GET", "/api/v1/session")).json();
    let expected = json!([format!("key:{id}"), "pyramid-1", "1", null]);
    assert_eq!(json!([who["actor"], who["shop"], who["till"], who["csrf"]]), expected);

    let opens = |text: &str| house.with_key(text, Ask::new("GET", &path)).status;
    let rotate = |until: &str| {
        let path = format!("/api/v1/keys/{id}/rotate");
        house.done(anna.write("POST", &path, &json!({"former_until": until})))
    };
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    let second = rotate(&soon.to_string())["text"].as_str().unwrap().to_owned();
    assert_eq!([opens(text), opens(&second)], [200, 200]);
    let third = rotate("2026-01-01T00:00:00Z")["text"].as_str().unwrap().to_owned();
    assert_eq!([opens(text), opens(&second), opens(&third)], [401, 401, 200]);
    let path = format!("/api/v1/keys/{id}");
    assert_eq!(house.done(anna.write("DELETE", &path, &json!({})))["revoked"], true);
    assert_eq!(opens(&third), 401);
    let revoked = anna.write("DELETE", &path, &json!({}));
    assert_eq!(house.told(revoked), "409 key_revoked");
    assert_eq!(house.done(anna.get("/api/v1/keys"))["items"][0]["id"], id);
    assert_eq!(house.told(anna.get("/api/v1/keys/0000000000000000")), "404 not_found");

    let secret = |text: &str| text.rsplit('_').next().unwrap().to_owned();
    assert!(house.is_written("key.revoke"), "the files are read");
    for hidden in [PASSWORD, &anna.token, &anna.csrf, &secret(text), &secret(&third)] {
        assert!(!house.is_written(hidden), "{hidden}");
    }
}

#[test]
fn what_a_key_may_be_is_looked_over() {
    let house = House::new();
    let anna = house.add("anna", Role::Administrator);
    for (field, value, expected) in [
        ("name", json!(""), "422 /name name_unsound"),
        ("role", json!("king"), "422 /role value"),
        ("door", json!("window"), "422 /door value"),
        ("scopes", json!(["staff:write"]), "422 /scopes/0 beyond_role"),
        ("scopes", json!(["cards:read", "all"]), "422 /scopes/1 value"),
        ("bounds", json!({"shops": []}), "422 /bounds/shops shop_missing"),
        ("bounds", json!({"planet": 1}), "422 /bounds/planet unknown"),
        ("expires_at", json!("tomorrow"), "422 /expires_at value"),
        ("expires_at", json!("2026-01-01T00:00:00Z"), "422 /expires_at in_the_past"),
        ("secret", json!("of mine"), "422 /secret unknown"),
    ] {
        let mut body = till_key();
        body[field] = value;
        assert_eq!(house.told(anna.write("POST", "/api/v1/keys", &body)), expected, "{body}");
    }
    let until = |until: &str| {
        let key = house.done(anna.write("POST", "/api/v1/keys", &till_key()));
        let path = format!("/api/v1/keys/{}/rotate", key["key"]["id"].as_str().unwrap());
        house.told(anna.write("POST", &path, &json!({"former_until": until})))
    };
    assert_eq!(until("9999-01-01T00:00:00Z"), "422 /former_until too_late");
    assert_eq!(until("99999-01-01T00:00:00Z"), "422 /former_until value");
}

#[test]
fn a_foreign_page_writes_nothing() {
    let house = House::new();
    let anna = house.add("anna", Role::Administrator);
    let boris = house.add("boris", Role::Administrator);
    let ask = || anna.write("POST", "/api/v1/staff/boris/sessions/end", &json!({}));
    let ended = || house.told(boris.get("/api/v1/session")) != "200";
    for (ask, expected) in [
        (ask().without("X-CSRF-Token"), "403 forbidden"),
        (ask().with("X-CSRF-Token", ""), "403 csrf_failed"),
        (ask().with("X-CSRF-Token", &"0".repeat(64)), "403 csrf_failed"),
        (ask().with("X-CSRF-Token", &boris.csrf), "403 csrf_failed"),
        (ask().with("X-CSRF-Token", &anna.token), "403 csrf_failed"),
        (ask().with("Sec-Fetch-Site", "cross-site"), "403 forbidden"),
        (ask().with("Sec-Fetch-Site", "same-site"), "403 forbidden"),
        (ask().without("Cookie"), "401 unauthenticated"),
        (ask().with("Cookie", "__Host-session=x"), "401 unauthenticated"),
        (ask().with("Cookie", &format!("session={}", anna.token)), "401 unauthenticated"),
        (ask().without("Idempotency-Key"), "400 Idempotency-Key: value"),
    ] {
        assert_eq!(house.told(ask), expected);
        assert!(!ended());
    }
    // What a page's form can send is no JSON.
    let body = json!({"id": "anna", "password": PASSWORD});
    let form = write("POST", "/api/v1/session", &body).with("Content-Type", "text/plain");
    assert_eq!(house.told(form), "415 media_type");
    assert_eq!(house.done(ask())["ended"], 1);
    assert!(ended());
    let reading = anna.get("/api/v1/session").without("X-CSRF-Token");
    assert_eq!(house.done(reading)["csrf"], anna.csrf);
}

#[test]
fn a_browser_has_one_session_and_ends_it() {
    let house = House::new();
    let anna = house.add("anna", Role::Administrator);
    let elsewhere = Browser::signed_in(&house.programme, "anna");
    add_staff(&house.programme, "boris", Role::Marketer);
    let sign_in = |browser: &Browser, id: &str, password: &str| {
        let body = json!({"id": id, "password": password});
        house.send(browser.write("POST", "/api/v1/session", &body))
    };
    let who = |browser: &Browser| house.send(browser.get("/api/v1/session"));
    assert_eq!(reason(&sign_in(&anna, "boris", "wrong")), "401 sign_in_failed");
    assert_eq!(who(&anna).status, 200, "failing takes nothing away");
    let boris = browser(&sign_in(&anna, "boris", PASSWORD));
    assert_eq!(who(&boris).json()["actor"], "staff:boris");
    assert_eq!([who(&anna).status, who(&elsewhere).status], [401, 200]);
    let stale = browser(&sign_in(&anna, "boris", PASSWORD));
    assert_eq!(who(&stale).status, 200, "a cookie that is over is no hindrance");

    // One key in two sessions signs out of both.
    for browser in [&boris, &stale] {
        let out = browser.write("DELETE", "/api/v1/session", &json!({}));
        let out = house.send(out.with("Idempotency-Key", "out"));
        assert_eq!(out.status, 204, "{}", out.text());
        let cookie = out.header("set-cookie").unwrap();
        assert_eq!(cookie, "__Host-session=; Secure; HttpOnly; SameSite=Lax; Path=/; Max-Age=0");
        assert_eq!(reason(&who(browser)), "401 unauthenticated");
    }
    assert_eq!(who(&elsewhere).status, 200);
}

#[test]
fn staff_is_added_changed_and_dismissed() {
    let house = House::new();
    let anna = house.add("anna", Role::Administrator);
    let new =
        json!({"id": "boris", "password": PASSWORD, "role": "operator", "door": "call_centre"});
    let add = anna.write("POST", "/api/v1/staff", &new);
    let boris = house.done(add.clone());
    assert_eq!(boris["bounds"], json!({"networks": [], "shops": [], "partner": null}));
    assert_eq!(house.done(add.clone()), boris);
    let mut other = new.clone();
    other["password"] = json!(OTHER);
    assert_eq!(
        house.done(add.clone().body(other.to_string())),
        boris,
        "a password is not compared"
    );
    other["role"] = json!("administrator");
    assert_eq!(house.told(add.body(other.to_string())), "409 key_reused");
    for (field, value, expected) in [
        ("id", json!("boris"), "409 staff_exists"),
        ("id", json!("b@shop.example"), "422 /id id_unsound"),
        ("password", json!("short"), "422 /password password_short"),
        ("password", json!(123_456_789_012_i64), "422 /password type"),
        ("role", json!("partner"), "422 /bounds bounds_missing"),
    ] {
        let mut body = new.clone();
        body["id"] = json!("vera");
        body[field] = value;
        let answer = house.send(anna.write("POST", "/api/v1/staff", &body));
        assert_eq!(reason(&answer), expected, "{}", answer.text());
        assert!(!answer.text().contains("123456789012"), "{}", answer.text());
    }

    let his = Browser::signed_in(&house.programme, "boris");
    let seen = |id: &str| {
        let answer = house.send(anna.get(&format!("/api/v1/staff/{id}")));
        answer.header("etag").unwrap().to_owned()
    };
    let change = |id: &str, tag: &str, body: Value| {
        anna.write("PATCH", &format!("/api/v1/staff/{id}"), &body).with("If-Match", tag)
    };
    let first = seen("boris");
    let promote = change("boris", &first, json!({"role": "marketer", "door": "office"}));
    assert_eq!(house.told(promote.clone().without("If-Match")), "428 version_missing");
    let promoted = house.done(promote.clone());
    assert_eq!(json!([promoted["role"], promoted["version"]]), json!(["marketer", 2]));
    assert_eq!(house.done(promote), promoted, "asked again it is answered alike");
    assert_eq!(
        house.told(change("boris", &first, json!({"disabled": true}))),
        "412 version_changed"
    );
    assert_eq!(house.done(his.get("/api/v1/session"))["role"], "marketer", "at once");
    let last = |body: Value| house.told(change("anna", &seen("anna"), body));
    assert_eq!(last(json!({"disabled": true})), "409 last_administrator");
    assert_eq!(last(json!({"role": "analyst"})), "409 last_administrator");
    assert_eq!(last(json!({"bounds": {"shops": ["a"]}})), "409 last_administrator");
    assert_eq!(last(json!({"id": "b"})), "422 /id unknown");
    house.done(change("boris", &seen("boris"), json!({"disabled": true, "role": "analyst"})));
    assert_eq!(house.told(his.get("/api/v1/session")), "401 unauthenticated");
    assert_eq!(reason(&house.try_to_sign_in("boris", PASSWORD, None)), "401 sign_in_failed");
    let back = house.done(change("boris", &seen("boris"), json!({"disabled": false})));
    assert_eq!(json!([back["role"], back["disabled"]]), json!(["analyst", false]));

    let path = "/api/v1/staff/boris/password";
    house.done(anna.write("POST", path, &json!({"password": OTHER})));
    assert_eq!(house.try_to_sign_in("boris", OTHER, None).status, 201);
    assert_eq!(house.told(anna.get("/api/v1/staff/vera")), "404 not_found");
    let page = house.done(anna.get("/api/v1/staff?limit=1"));
    let next = format!("/api/v1/staff?limit=1&cursor={}", page["next"].as_str().unwrap());
    assert_eq!(house.done(anna.get(&next))["items"][0]["id"], "boris");
    let link = house.done(anna.write("POST", "/api/v1/staff-links", &json!({})));
    let accept = json!({"token": link["token"], "id": "vera", "password": PASSWORD});
    house.done(write("POST", "/api/v1/staff-links/accept", &accept));
}

#[test]
fn a_password_of_ones_own() {
    let house = House::new();
    let anna = house.add("anna", Role::Marketer);
    let change = |browser: &Browser, former: &str, new: &str| {
        let body = json!({"former": former, "new": new});
        house.send(browser.write("POST", "/api/v1/session/password", &body))
    };
    assert_eq!(reason(&change(&anna, "wrong", OTHER)), "422 /former sign_in_failed");
    assert_eq!(reason(&change(&anna, PASSWORD, "short")), "422 /new password_short");
    assert_eq!(reason(&change(&anna, PASSWORD, PASSWORD)), "422 /new password_same");
    let changed = change(&anna, PASSWORD, OTHER);
    assert_eq!(changed.status, 204, "{}", changed.text());
    assert!(changed.header("set-cookie").unwrap().ends_with("Max-Age=0"));
    assert_eq!(house.told(anna.get("/api/v1/session")), "401 unauthenticated");
    let anna = browser(&house.try_to_sign_in("anna", OTHER, None));
    for _ in 0..5 {
        assert_eq!(reason(&change(&anna, "wrong", PASSWORD)), "422 /former sign_in_failed");
    }
    assert_eq!(reason(&change(&anna, OTHER, PASSWORD)), "429 locked", "it is no way to guess");
    assert_eq!(house.told(anna.get("/api/v1/session")), "200");
}

#[test]
fn a_device_of_ones_own() {
    let house = House::new();
    let anna = house.add("anna", Role::Administrator);
    let setup = house.done(anna.write("POST", "/api/v1/session/totp", &json!({})));
    let secret = setup["secret"].as_str().unwrap();
    assert!(setup["uri"].as_str().unwrap().contains(secret));
    let shared = Shared::try_from_base32(secret).unwrap();
    let device = Builder::new().with_secret(shared).build().unwrap();
    let seconds = jiff::Timestamp::now().as_second();
    let code = |seconds: i64| device.generate(seconds as u64).to_string();
    let confirm = |code: &str| {
        house.told(anna.write("POST", "/api/v1/session/totp/confirm", &json!({"code": code})))
    };
    let wrong = code(seconds + 3_000_000);
    assert_eq!(confirm(&wrong), "422 /code totp_wrong");
    assert_eq!(confirm(&code(seconds)), "200");
    assert_eq!(confirm(&code(seconds)), "409 totp_not_begun");
    let next = code(seconds + 30);
    for (password, code, expected) in [
        (PASSWORD, None, "401 totp_required"),
        (OTHER, None, "401 sign_in_failed"),
        (OTHER, Some(next.as_str()), "401 sign_in_failed"),
        (PASSWORD, Some(wrong.as_str()), "401 sign_in_failed"),
        (PASSWORD, Some(next.as_str()), "201"),
        (PASSWORD, Some(next.as_str()), "401 sign_in_failed"),
    ] {
        let answer = house.try_to_sign_in("anna", password, code);
        assert_eq!(reason(&answer), expected);
    }
    let removed = house.done(anna.write("DELETE", "/api/v1/staff/anna/totp", &json!({})));
    assert_eq!(removed["totp"], false);
    assert_eq!(house.try_to_sign_in("anna", PASSWORD, None).status, 201);
}

#[test]
fn a_thousand_guesses_bring_nothing_and_tell_nothing() {
    let house = House::new();
    let anna = house.add("anna", Role::Administrator);
    house.add("boris", Role::Operator);
    let key = house.done(anna.write("POST", "/api/v1/keys", &till_key()));
    let known = key["key"]["id"].as_str().unwrap();
    let unlocked = house.send(anna.get("/api/v1/staff/boris"));
    // All but the request's id, and the seconds of a lock, which pass.
    let shape = |answer: &Answer| {
        let mut body = answer.json();
        body["instance"] = json!("");
        let retry = answer.header("retry-after").map(|seconds| seconds.parse::<u32>().unwrap());
        assert!(retry.is_none_or(|seconds| (1..=60).contains(&seconds)), "{retry:?}");
        let names: Vec<String> = answer.headers.iter().map(|header| header.0.clone()).collect();
        (answer.status, body, names)
    };
    for n in 0..250 {
        let guess = format!("guess number {n}");
        let told = ["anna", "boris", "carol", "nobody.at-all"]
            .map(|id| shape(&house.try_to_sign_in(id, &guess, None)));
        assert!(told.iter().all(|one| *one == told[0]), "{n}: {told:?}");
        assert_eq!(told[0].0, if n < 5 { 401 } else { 429 }, "{n}");
    }
    let locked = anna.get("/api/v1/staff/boris");
    let locked = locked.with("If-None-Match", unlocked.header("etag").unwrap());
    assert!(house.done(locked)["locked_until"].is_string(), "who looks again sees the lock");
    // Nor does the right one tell while the name is locked.
    let right = ["anna", "carol"].map(|id| shape(&house.try_to_sign_in(id, PASSWORD, None)));
    assert_eq!((right[0].0, &right[0]), (429, &right[1]));
    assert_eq!(house.told(anna.get("/api/v1/session")), "200", "who is in stays in");

    for n in 0..1000_u64 {
        let guess = format!("{:064x}", u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c));
        let keys = [known, "0123456789abcdef"].map(|id| {
            let text = format!("lk_live_{id}_{guess}");
            shape(&house.with_key(&text, Ask::new("GET", "/api/v1/session")))
        });
        assert_eq!((keys[0].0, &keys[0]), (401, &keys[1]));
        let session = Browser { token: guess.clone(), csrf: guess.clone() };
        assert_eq!(house.told(session.get("/api/v1/session")), "401 unauthenticated");
        let accept = json!({"token": guess, "id": "anna", "password": PASSWORD});
        let accept = write("POST", "/api/v1/staff-links/accept", &accept);
        assert_eq!(house.told(accept), "401 link_invalid");
    }
}

#[test]
fn attempts_to_sign_in_are_few() {
    let house = House::with_allowance(NonZeroU32::new(3));
    let anna = house.add("anna", Role::Administrator);
    let link = json!({"token": "x", "id": "anna", "password": PASSWORD});
    let link = || house.told(write("POST", "/api/v1/staff-links/accept", &link));
    let sign_in = |id: &str| house.try_to_sign_in(id, "wrong", None);
    assert_eq!(reason(&sign_in("anna")), "401 sign_in_failed");
    assert_eq!(reason(&sign_in("carol")), "401 sign_in_failed");
    assert_eq!(link(), "401 link_invalid");
    let fourth = sign_in("boris");
    assert_eq!(reason(&fourth), "429 too_many");
    assert_eq!(fourth.header("ratelimit-policy"), Some("\"sign-in-address\";q=3;w=60"));
    assert_eq!(fourth.header("retry-after"), Some("20"));
    assert_eq!(link(), "429 too_many");
    let own = json!({"former": "wrong", "new": OTHER});
    assert_eq!(house.told(anna.write("POST", "/api/v1/session/password", &own)), "429 too_many");
    assert_eq!(house.told(anna.get("/api/v1/session")), "200", "who is in is not concerned");
}

#[test]
fn flags_are_looked_at_and_closed() {
    let house = House::new();
    let anna = house.add("anna", Role::Administrator);
    let marketer = house.add("boris", Role::Marketer);
    let act = Act::of_job("console", programme::now());
    let store = house.programme.store().unwrap();
    let doing = Doing {
        what: Activity::Receipt,
        network: "pyramid",
        shop: "pyramid-1",
        till: "1",
        card: None,
        day: Day(20_000),
        times: 11,
        amount: 0,
    };
    store
        .write(move |tx| {
            programme::judge(tx, &act, Doer::Card, "4000000000013", &doing)?;
            programme::judge(tx, &act, Doer::Card, "4000000000020", &doing)
        })
        .unwrap();
    assert_eq!(house.told(marketer.get("/api/v1/flags")), "403 forbidden");
    let page = house.done(anna.get("/api/v1/flags?limit=1"));
    let flag = &page["items"][0];
    assert_eq!(
        json!([flag["kind"], flag["object"], flag["day"], flag["what"], flag["bound"]]),
        json!(["card.receipt", "4000000000013", "2024-10-04", "times", 10])
    );
    let path = format!("/api/v1/flags/{}/close", flag["id"].as_str().unwrap());
    assert_eq!(house.told(anna.write("POST", &path, &json!({}))), "422 /release missing");
    let closed = house.done(anna.write("POST", &path, &json!({"release": false})));
    assert_eq!(json!([closed["closed_by"], closed["released"]]), json!(["staff:anna", false]));
    assert_eq!(house.done(anna.write("POST", &path, &json!({"release": false}))), closed);
    let released = house.done(anna.write("POST", &path, &json!({"release": true})));
    assert_eq!(released["released"], true, "somebody thought better of it");
    let next = format!("/api/v1/flags?cursor={}", page["next"].as_str().unwrap());
    for path in [next.as_str(), "/api/v1/flags"] {
        let left = house.done(anna.get(path));
        assert_eq!(left["items"].as_array().unwrap().len(), 1, "{path}");
        assert_eq!(left["items"][0]["object"], "4000000000020");
    }
    for id in ["99", "x"] {
        let close = format!("/api/v1/flags/{id}/close");
        let close = anna.write("POST", &close, &json!({"release": true}));
        assert!(house.told(close).starts_with("404"), "{id}");
    }
}
