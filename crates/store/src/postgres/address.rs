//! The URL of a PostgreSQL, understood: where the server is, and what protects that which goes there.
//!
//! What goes to another machine is enciphered, and the server proves by a certificate that it is the one
//! the URL names; only `sslmode=disable` says otherwise. On this machine nothing is, unless it is asked for.

use std::net::IpAddr;
use std::path::PathBuf;

use postgres::Config;
use postgres::config::{ChannelBinding, Host, SslMode, SslNegotiation, TargetSessionAttrs};

use crate::DbError;

/// Where a database is and how it is reached.
#[derive(Debug)]
pub(crate) struct Address {
    /// What the driver knows of it; its `sslmode` is either `disable` or `require`.
    pub config: Config,
    /// Whom to trust, where TLS is spoken.
    pub tls: Option<Tls>,
}

/// The certificates of a conversation. Files are PEM.
#[derive(Debug)]
pub(crate) struct Tls {
    /// The authorities that may vouch for the server; without a file, those this machine trusts.
    pub authority: Option<PathBuf>,
    /// Our own certificate and its key, for a server that asks for one.
    pub own: Option<(PathBuf, PathBuf)>,
}

impl Address {
    /// Understands a URL; what it leaves open comes from the variables of PostgreSQL's own programs
    /// (`PGPASSWORD`, `PGSSLROOTCERT`, `PGSSLCERT`, `PGSSLKEY`).
    pub fn of(url: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Self, DbError> {
        let (url, parameters) = without_tls(url);
        let mut config: Config = url.parse().map_err(|error: postgres::Error| {
            // Not the text: a password may stand in it.
            wrong(format!("its address cannot be understood: {error}"))
        })?;
        if let (None, Some(password)) = (config.get_password(), variable("PGPASSWORD")) {
            config.password(password);
        }
        let said = |name: &str| {
            let last = parameters.iter().rev().find(|(key, _)| *key == name);
            last.map(|(_, value)| value.clone()).filter(|value| !value.is_empty())
        };
        let here = is_here(&config);
        let wanted = match said("sslmode").as_deref() {
            Some("disable") => false,
            None | Some("allow" | "prefer") => !here,
            Some("require" | "verify-ca" | "verify-full") => true,
            Some(_) => {
                return Err(wrong(
                    "sslmode in its address is none of disable, prefer, require, verify-full"
                        .to_owned(),
                ));
            }
        };
        if !wanted {
            config.ssl_mode(SslMode::Disable);
            return Ok(Self { config, tls: None });
        }
        config.ssl_mode(SslMode::Require);
        let file = |name, other| said(name).or_else(|| variable(other)).map(PathBuf::from);
        let authority = file("sslrootcert", "PGSSLROOTCERT").filter(|path| path != "system");
        let own = match (file("sslcert", "PGSSLCERT"), file("sslkey", "PGSSLKEY")) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err(wrong("sslcert and sslkey belong together: name both".to_owned())),
        };
        Ok(Self { config, tls: Some(Tls { authority, own }) })
    }

    /// Variables by which PostgreSQL's own programs connect as we do.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let Self { config, tls } = self;
        let mut all = Vec::new();
        let hosts: Vec<String> = config.get_hosts().iter().map(name_of).collect();
        let lists = [
            ("PGHOST", hosts),
            ("PGHOSTADDR", config.get_hostaddrs().iter().map(IpAddr::to_string).collect()),
            ("PGPORT", config.get_ports().iter().map(u16::to_string).collect()),
        ];
        all.extend(lists.into_iter().filter(|(_, list)| !list.is_empty()).map(joined));
        all.extend(config.get_user().map(|user| ("PGUSER", user.to_owned())));
        all.extend(config.get_dbname().map(|name| ("PGDATABASE", name.to_owned())));
        let password = config.get_password().map(String::from_utf8_lossy);
        all.extend(password.map(|password| ("PGPASSWORD", password.into_owned())));
        if config.get_target_session_attrs() == TargetSessionAttrs::ReadWrite {
            all.push(("PGTARGETSESSIONATTRS", "read-write".to_owned()));
        }
        if config.get_channel_binding() == ChannelBinding::Require {
            all.push(("PGCHANNELBINDING", "require".to_owned()));
        }
        let Some(Tls { authority, own }) = tls else {
            all.push(("PGSSLMODE", "disable".to_owned()));
            return all;
        };
        let text = |path: &PathBuf| path.display().to_string();
        all.push(("PGSSLMODE", "verify-full".to_owned()));
        all.push(("PGSSLROOTCERT", authority.as_ref().map_or("system".to_owned(), text)));
        if config.get_ssl_negotiation() == SslNegotiation::Direct {
            all.push(("PGSSLNEGOTIATION", "direct".to_owned()));
        }
        if let Some((certificate, key)) = own {
            all.extend([("PGSSLCERT", text(certificate)), ("PGSSLKEY", text(key))]);
        }
        all
    }
}

fn joined((name, list): (&'static str, Vec<String>)) -> (&'static str, String) {
    (name, list.join(","))
}

fn name_of(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(folder) => folder.display().to_string(),
    }
}

/// Whether every server it names is on this machine. An address by number overrides a name.
fn is_here(config: &Config) -> bool {
    if !config.get_hostaddrs().is_empty() {
        return config.get_hostaddrs().iter().all(IpAddr::is_loopback);
    }
    config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    })
}

/// Takes the parameters out of a URL that the driver does not know, or knows otherwise.
fn without_tls(url: &str) -> (String, Vec<(&str, String)>) {
    // As the driver has it: a name and a password end at the first "@".
    let host = url.find('@').unwrap_or(0);
    let Some(place) = url[host..].find('?') else { return (url.to_owned(), Vec::new()) };
    let (before, query) = (&url[..host + place], &url[host + place + 1..]);
    let mut ours = Vec::new();
    let mut others = Vec::new();
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some((key @ ("sslmode" | "sslrootcert" | "sslcert" | "sslkey"), value)) => {
                let value = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
                ours.push((key, value.into_owned()));
            }
            _ => others.push(pair),
        }
    }
    let url = match others.is_empty() {
        true => before.to_owned(),
        false => format!("{before}?{}", others.join("&")),
    };
    (url, ours)
}

fn wrong(why: String) -> DbError {
    DbError::Setting { why }
}

#[cfg(test)]
mod tests {
    use super::Address;

    /// What PostgreSQL's own programs are told of a URL, where `PGSSLROOTCERT` names the file `/ours`.
    fn told(url: &str) -> String {
        let variable = |name: &str| (name == "PGSSLROOTCERT").then(|| "/ours".to_owned());
        match Address::of(&format!("postgres://{url}"), variable) {
            Ok(address) => {
                let said = address.variables().into_iter();
                let said: Vec<_> = said.map(|(name, value)| format!("{name}={value}")).collect();
                said.join(" ").replace("PG", "")
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_goes_to_another_machine_is_protected() {
        const PLAIN: &str = "SSLMODE=disable";
        const TLS: &str = "SSLMODE=verify-full SSLROOTCERT=/ours";
        for (url, expected) in [
            ("localhost/d", PLAIN),
            ("localhost/d?sslmode=prefer", PLAIN),
            ("localhost/d?sslmode=require", TLS),
            ("127.0.0.1/d", PLAIN),
            ("[::1]/d", PLAIN),
            ("/d?host=/run/postgresql", PLAIN),
            ("db.test/d", TLS),
            ("db.test/d?sslmode=", TLS),
            ("db.test/d?sslmode=allow", TLS),
            ("db.test/d?sslmode=prefer", TLS),
            ("db.test/d?sslmode=require", TLS),
            ("db.test/d?sslmode=verify-ca", TLS),
            ("db.test/d?sslmode=verify-full", TLS),
            ("db.test/d?sslmode=disable", PLAIN),
            ("db.test/d?sslmode=disable&sslmode=require", TLS),
            ("192.0.2.1/d", TLS),
            ("localhost,db.test/d", TLS),
            ("localhost/d?host=db.test", TLS),
            ("localhost/d?hostaddr=192.0.2.1", TLS),
            ("db.test/d?hostaddr=127.0.0.1", PLAIN),
            ("u:p?w/@db.test/d", TLS),
            ("db.test/d?sslrootcert=system", "SSLMODE=verify-full SSLROOTCERT=system"),
            ("db.test/d?sslrootcert=/a%20b", "SSLMODE=verify-full SSLROOTCERT=/a b"),
            ("db.test/d?sslcert=/c&sslkey=/k", &format!("{TLS} SSLCERT=/c SSLKEY=/k")),
            ("db.test/d?sslmode=full", "none of disable, prefer, require, verify-full"),
        ] {
            assert!(told(url).ends_with(expected), "{url}: {}", told(url));
        }
    }

    #[test]
    fn other_programs_are_told_where_we_connect() {
        for (url, expected) in [
            ("a@localhost/d", "HOST=localhost PORT=5432 USER=a DATABASE=d SSLMODE=disable"),
            (
                "a:p%40%2f+&@[::1]:1/d?connect_timeout=9&channel_binding=require",
                "HOST=::1 PORT=1 USER=a DATABASE=d PASSWORD=p@/+& CHANNELBINDING=require SSLMODE=disable",
            ),
            (
                "localhost:1,127.0.0.1:2?target_session_attrs=read-write",
                "HOST=localhost,127.0.0.1 PORT=1,2 TARGETSESSIONATTRS=read-write SSLMODE=disable",
            ),
            (
                "db.test/d?hostaddr=192.0.2.1&sslnegotiation=direct",
                "HOST=db.test HOSTADDR=192.0.2.1 PORT=5432 DATABASE=d SSLMODE=verify-full \
                 SSLROOTCERT=/ours SSLNEGOTIATION=direct",
            ),
        ] {
            assert_eq!(told(url), expected, "{url}");
        }
    }
}
