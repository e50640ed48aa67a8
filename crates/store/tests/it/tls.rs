//! TLS between us and PostgreSQL, which tells what it sees.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use store::{Limits, Location, Store};

use crate::fixture::{Database, NOW};

/// How one connection goes, by the server's own word, or why there is none.
fn wire(url: &str, admin: &mut postgres::Client) -> String {
    let limits = Limits { wait_max: Duration::from_secs(2), ..Limits::default() };
    let store = match Store::open(&Location::Postgres(url.to_owned()), &limits, NOW) {
        Ok(store) => store,
        Err(error) => return error.to_string(),
    };
    let ask = "SELECT ssl, bits >= 128 FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
               WHERE application_name = 'proffer' AND datname = current_database()";
    let seen = admin.query_one(ask, &[]).unwrap();
    drop(store);
    match (seen.get(0), seen.get(1)) {
        (false, None) => "plain".to_owned(),
        (true, Some(true)) => "TLS".to_owned(),
        other => format!("{other:?}"),
    }
}

/// Whether PostgreSQL's own program connects by the same URL.
fn dumps(url: &str) -> bool {
    let Ok(variables) = store::postgres_variables(url) else { return false };
    let mut dump = Command::new("pg_dump");
    dump.args(["--schema-only", "--no-password", "--dbname", "application_name=test"]);
    dump.envs(variables).output().unwrap().status.success()
}

/// The parameters of a URL: `sslmode` as it is, `key=value`, and files by their names: who may vouch for
/// the server, or `certified`, which is our own certificate with its key.
fn parameters(words: &str, folder: &str) -> String {
    let said = words.split_whitespace().map(|word| match word {
        "authority" | "stranger" | "none" => format!("sslrootcert={folder}/{word}.pem"),
        "certified" => format!("sslcert={folder}/certified.pem&sslkey={folder}/certified.key"),
        _ if word.contains('=') => word.to_owned(),
        _ => format!("sslmode={word}"),
    });
    said.collect::<Vec<_>>().join("&")
}

#[test]
fn a_server_is_believed_by_its_certificate_and_name() {
    let Some(database) = Database::postgres() else { return };
    let Some(folder) = Database::certificates() else { return };
    let url = database.url();
    let mut admin = postgres::Client::connect(&url, postgres::NoTls).unwrap();
    let roles = "DROP ROLE IF EXISTS scram, certified; CREATE ROLE certified LOGIN SUPERUSER; \
                 CREATE ROLE scram LOGIN SUPERUSER PASSWORD 'secret'";
    admin.batch_execute(roles).unwrap();
    let (_, place) = url.rsplit_once(':').unwrap();
    let (port, name) = place.split_once('/').unwrap();
    for (who, how, expected) in [
        ("proffer@localhost", "", "plain"),
        ("proffer@localhost", "prefer authority", "plain"),
        ("proffer@localhost", "disable authority", "plain"),
        ("proffer@localhost", "require authority", "TLS"),
        ("proffer@localhost", "verify-full authority", "TLS"),
        ("proffer@localhost", "require stranger", "sslrootcert=FILE"),
        ("proffer@localhost", "require", "sslrootcert=FILE"),
        ("proffer@localhost", "require none", "none.pem"),
        ("proffer@127.0.0.1", "require authority", "it is for another name"),
        // This machine by a number that we take for another's.
        ("proffer@0.0.0.0", "disable", "plain"),
        ("proffer@0.0.0.0", "prefer authority", "it is for another name"),
        ("proffer@0.0.0.0", "", "sslrootcert=FILE"),
        ("proffer@localhost", "hostaddr=0.0.0.0 authority", "TLS"),
        // A password, bound to the certificate: nobody stands between.
        ("scram:secret@localhost", "require authority channel_binding=require", "TLS"),
        ("scram:wrong@localhost", "require authority", "password authentication failed"),
        ("certified@localhost", "require authority", "client certificate"),
        ("certified@localhost", "require authority sslcert=x", "sslkey"),
        ("certified@localhost", "require authority certified", "TLS"),
    ] {
        let url = format!("postgres://{who}:{port}/{name}?{}", parameters(how, &folder));
        let found = wire(&url, &mut admin);
        assert!(found.contains(expected) && !found.contains("secret"), "{who} {how}: {found}");
        assert_eq!(dumps(&url), ["TLS", "plain"].contains(&expected), "{who} {how}: pg_dump");
    }
    admin.batch_execute("DROP ROLE scram, certified").unwrap();
}

#[test]
fn a_server_without_tls_is_told_nothing() {
    let Some(folder) = Database::certificates() else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut heard = vec![0; 8];
        stream.read_exact(&mut heard).unwrap();
        stream.write_all(b"N").unwrap();
        stream.read_to_end(&mut heard).unwrap();
        heard.len()
    });
    let parameters = parameters("require authority", &folder);
    let url = format!("postgres://proffer:secret@127.0.0.1:{port}/x?{parameters}");
    let refused = Store::open(&Location::Postgres(url), &Limits::default(), NOW);
    let error = refused.unwrap_err().to_string();
    assert!(error.contains("switch it on there"), "{error}");
    assert_eq!(heard.join().unwrap(), 8, "it heard more than the question for TLS");
}
