//! Who may come in, on both databases.

mod keys;
mod limits;
mod links;
mod sign_in;
mod staff;

use std::path::Path;

use programme::{
    Act, Bounds, Caller, Door, NewStaff, Programme, Refused, Role, Secret, SignIn, SignedIn,
    StaffRights, StaffView,
};
use retail::Instant;

use super::audit::House;
use super::fixture::NOW;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const PASSWORD: &str = "correct horse battery";

fn after(microseconds: i64) -> Instant {
    Instant(NOW.0 + microseconds)
}

fn console(at: Instant) -> Act {
    Act::of_job("console", at)
}

fn rights(role: Role) -> StaffRights {
    StaffRights { role, door: Door::Office, bounds: Bounds::default() }
}

fn in_networks(networks: &[&str]) -> Bounds {
    let networks = networks.iter().map(|id| (*id).to_owned()).collect();
    Bounds { networks, ..Bounds::default() }
}

impl House {
    fn add(&self, id: &str, rights: StaffRights) -> StaffView {
        let new = NewStaff { id: id.to_owned(), rights };
        self.programme.add_staff(&console(NOW), &new, &Secret::new(PASSWORD)).unwrap()
    }

    fn try_to_sign_in(
        &self,
        id: &str,
        password: &str,
        code: Option<&str>,
        at: Instant,
    ) -> Result<SignedIn, Refused> {
        let shown = SignIn {
            id: id.to_owned(),
            password: Secret::new(password),
            code: code.map(Secret::new),
            request: "r".to_owned(),
        };
        self.programme.sign_in(&shown, at)
    }

    fn sign_in(&self, id: &str, at: Instant) -> SignedIn {
        self.try_to_sign_in(id, PASSWORD, None, at).unwrap()
    }

    fn caller(&self, signed_in: &SignedIn, at: Instant) -> Result<Caller, Refused> {
        self.programme.authenticate_session(signed_in.token.expose(), None, false, at)
    }

    /// The circumstances of somebody who has just signed in.
    fn act(&self, id: &str, at: Instant) -> Act {
        self.caller(&self.sign_in(id, at), at).unwrap().act("r", None, at)
    }

    /// Actions of all deeds done to one thing.
    fn deeds(&self, kind: &str, object: &str) -> Vec<String> {
        let deeds = self.programme.store().unwrap().read(|tx| tx.deeds_of(kind, object, 0, 1000));
        deeds.unwrap().into_iter().map(|(_, deed)| deed.action).collect()
    }

    fn again(&self) -> Programme {
        Programme::open(&self.dir()).unwrap()
    }

    /// Whether a text stands anywhere in the files of SQLite.
    fn is_written(&self, text: &str) -> bool {
        let folder = Path::new(&self.database.url()).parent().map(Path::to_owned).unwrap();
        let Ok(files) = std::fs::read_dir(folder) else { return false };
        files
            .map(|file| std::fs::read(file.unwrap().path()).unwrap_or_default())
            .any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
    }
}

/// The code, or `ok`.
fn code<T>(result: &Result<T, Refused>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(Refused::Invalid { problems }) => problems[0].code,
        Err(error) => error.code(),
    }
}
