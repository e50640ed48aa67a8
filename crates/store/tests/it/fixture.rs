//! Databases of both kinds, empty and of one test's own. Other crates' tests use this file as well.
#![allow(dead_code)] // not every test binary needs all of it

use std::sync::atomic::{AtomicU32, Ordering};

use retail::Instant;
use store::{Limits, Location, Store};
use tempfile::TempDir;

/// The moment at which every test begins: 2026-01-01.
pub const NOW: Instant = Instant(1_767_225_600_000_000);

/// A place for a database that goes away with the test.
pub struct Database {
    pub name: &'static str,
    pub location: Location,
    folder: Option<TempDir>,
    // The server's URL and the name of our database in it.
    made: Option<(String, String)>,
}

impl Database {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::File(folder.path().join("store.sqlite"));
        Self { name: "sqlite", location, folder: Some(folder), made: None }
    }

    /// On the server that `cargo xtask test` starts; none is there in a plain `cargo test`, which is
    /// said aloud.
    pub fn postgres() -> Option<Self> {
        static USED: AtomicU32 = AtomicU32::new(0);
        let Some(server) = std::env::var("PROFFER_POSTGRES").ok().filter(|url| !url.is_empty())
        else {
            let why = "PROFFER_POSTGRES names no server; `cargo xtask test` starts one";
            assert!(std::env::var_os("CI").is_none(), "{why}: in CI this must run");
            eprintln!("SKIPPED on PostgreSQL: {why}");
            return None;
        };
        let number = USED.fetch_add(1, Ordering::Relaxed);
        let name = format!("proffer_test_{}_{number}", std::process::id());
        let make = format!(
            "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
        );
        at(&server, &make);
        let (before, _) = server.rsplit_once('/').unwrap();
        let location = Location::Postgres(format!("{before}/{name}"));
        Some(Self { name: "postgres", location, folder: None, made: Some((server, name)) })
    }

    /// The folder of the certificates of a server that `cargo xtask test` has started.
    pub fn certificates() -> Option<String> {
        let folder = std::env::var("PROFFER_POSTGRES_CERTIFICATES").ok();
        let why = "PROFFER_POSTGRES_CERTIFICATES names no folder; `cargo xtask test` makes one";
        if folder.is_none() {
            assert!(std::env::var_os("CI").is_none(), "{why}: in CI this must run");
            eprintln!("SKIPPED over TLS: {why}");
        }
        folder
    }

    pub fn open(&self) -> Store {
        self.open_with(&Limits::default())
    }

    pub fn open_with(&self, limits: &Limits) -> Store {
        Store::open(&self.location, limits, NOW).unwrap()
    }

    /// The setting of a programme that uses it.
    pub fn url(&self) -> String {
        match &self.location {
            Location::File(path) => path.display().to_string(),
            Location::Postgres(url) => url.clone(),
        }
    }
}

/// One of each kind that can be had here.
pub fn databases() -> Vec<Database> {
    std::iter::once(Database::sqlite()).chain(Database::postgres()).collect()
}

fn at(server: &str, statement: &str) {
    let mut client = postgres::Client::connect(server, postgres::NoTls).unwrap();
    client.batch_execute(statement).unwrap();
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.made {
            at(server, &format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

pub fn soak() -> bool {
    std::env::var_os("PROFFER_SOAK").is_some()
}
