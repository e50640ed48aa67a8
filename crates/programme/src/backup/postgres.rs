//! PostgreSQL's own tools: `pg_dump` and `pg_restore`.

use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Copies a database, one state of it, into a file.
pub(super) fn dump(url: &str, to: &Path) -> Result<()> {
    let mut command = Command::new("pg_dump");
    command.args(["--format=custom", "--no-owner", "--no-privileges", "--no-password", "--file"]);
    run(connected(command.arg(to), url))
}

/// Brings a file back into an empty database, all or nothing.
pub(super) fn restore(url: &str, from: &Path) -> Result<()> {
    let mut command = Command::new("pg_restore");
    command.args(["--no-owner", "--no-privileges", "--no-password"]);
    command.args(["--single-transaction", "--exit-on-error"]);
    run(connected(&mut command, url).arg(from)).context(
        "the dump cannot be brought into the database, which must be new and empty; nothing was changed",
    )
}

/// Reads the table of contents of a file.
pub(super) fn list(from: &Path) -> Result<()> {
    run(Command::new("pg_restore").arg("--list").arg(from))
}

/// Names the database. A password goes by the environment: arguments are seen by everybody here.
fn connected<'c>(command: &'c mut Command, url: &str) -> &'c mut Command {
    let (url, password) = without_password(url);
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    command.arg("--dbname").arg(url)
}

fn without_password(url: &str) -> (String, Option<String>) {
    let whole = || (url.to_owned(), None);
    let Some((scheme, rest)) = url.split_once("://") else { return whole() };
    let authority_end = rest.find(['/', '?']).unwrap_or(rest.len());
    let Some((user, host)) = rest[..authority_end].rsplit_once('@') else { return whole() };
    let Some((name, password)) = user.split_once(':') else { return whole() };
    let plain = format!("{scheme}://{name}@{host}{}", &rest[authority_end..]);
    (plain, Some(percent_decoded(password)))
}

fn percent_decoded(text: &str) -> String {
    // These two mean themselves in this part of an address.
    let text = text.replace('+', "%2B").replace('&', "%26");
    let pair = format!("p={text}");
    let decoded = url::form_urlencoded::parse(pair.as_bytes()).next();
    decoded.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = match command.output() {
        Ok(output) => output,
        Err(error) if error.kind() == ErrorKind::NotFound => bail!(
            "{name} is not installed here: it comes with PostgreSQL's client programs (on Debian and \
             Ubuntu the package postgresql-client), of your server's version or a newer one"
        ),
        Err(error) => return Err(error).context(name),
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{name}: {}", said.trim());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn a_password_is_taken_out_of_an_address() {
        for (url, plain, password) in [
            ("postgres://a@h/d", "postgres://a@h/d", None),
            ("postgres://h:5432/d", "postgres://h:5432/d", None),
            ("postgres://a:p%40%2f+&@h:1/d?x=y@z", "postgres://a@h:1/d?x=y@z", Some("p@/+&")),
            ("postgresql://a:@h", "postgresql://a@h", Some("")),
        ] {
            let found = without_password(url);
            assert_eq!(found, (plain.to_owned(), password.map(str::to_owned)), "{url}");
        }
    }
}
