//! PostgreSQL's own tools: `pg_dump` and `pg_restore`.

use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Copies a database, one state of it, into a file.
pub(super) fn dump(url: &str, to: &Path) -> Result<()> {
    let mut command = Command::new("pg_dump");
    command.args(["--format=custom", "--no-owner", "--no-privileges", "--no-password", "--file"]);
    run(connected(command.arg(to), url)?)
}

/// Brings a file back into an empty database, all or nothing.
pub(super) fn restore(url: &str, from: &Path) -> Result<()> {
    let mut command = Command::new("pg_restore");
    command.args(["--no-owner", "--no-privileges", "--no-password"]);
    command.args(["--single-transaction", "--exit-on-error"]);
    run(connected(&mut command, url)?.arg(from)).context(
        "the dump cannot be brought into the database, which must be new and empty; nothing was changed",
    )
}

/// Reads the table of contents of a file.
pub(super) fn list(from: &Path) -> Result<()> {
    run(Command::new("pg_restore").arg("--list").arg(from))
}

/// Names the database, by the environment.
fn connected<'c>(command: &'c mut Command, url: &str) -> Result<&'c mut Command> {
    command.envs(store::postgres_variables(url)?);
    Ok(command.args(["--dbname", "application_name=proffer"]))
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
        if said.contains(r#"file "system" does not exist"#) {
            bail!(
                "{name} is older than PostgreSQL 16 and does not know which authorities this machine trusts: \
                 name the file of the server's in the database's URL, sslrootcert=FILE"
            );
        }
        bail!("{name}: {}", said.trim());
    }
    Ok(())
}
