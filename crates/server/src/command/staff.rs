//! `proffer staff link|add|disable|list`: letting people in from the machine itself.

use std::io::{IsTerminal, Write};

use anyhow::{Context, Result};
use programme::{Act, Bounds, NewStaff, Programme, Secret, StaffRights, StaffView, now};
use serde_json::json;

use super::{open, say, say_json};
use crate::cli::{Cli, StaffAdd, StaffCommand};
use crate::language::Language;
use crate::text::table;

/// Staff read at once.
const PAGE: u32 = 500;

pub fn run(cli: &Cli, command: &StaffCommand) -> Result<()> {
    let (programme, language) = open(cli)?;
    match command {
        StaffCommand::Link { json } => link(&programme, language, *json),
        StaffCommand::Add(arguments) => add(&programme, language, arguments),
        StaffCommand::Disable { id, json } => {
            let staff = programme.disable_staff(&console(), id)?;
            let gone =
                language.pick("is dismissed; all sessions ended", "уволен; все сеансы завершены");
            told(&staff, gone, *json)
        }
        StaffCommand::List { json } => list(&programme, language, *json),
    }
}

/// Whoever stands before the machine may do anything to the programme already.
fn console() -> Act {
    Act::of_job("console", now())
}

fn link(programme: &Programme, language: Language, as_json: bool) -> Result<()> {
    let link = programme.invite_administrator(&console())?;
    let token = link.token.expose();
    if as_json {
        return say_json(&json!({ "token": token, "expires_at": link.expires_at }));
    }
    let hours = programme.settings().access.link_hours;
    say(&match language {
        Language::En => format!(
            "{token}\nGood once, for {hours} hours: whoever has it becomes an administrator with a name and \
             password of his own."
        ),
        Language::Ru => format!(
            "{token}\nДействует один раз, часов: {hours}. Кто им воспользуется, станет администратором со \
             своим именем и паролем."
        ),
    })
}

fn add(programme: &Programme, language: Language, arguments: &StaffAdd) -> Result<()> {
    let bounds = Bounds {
        networks: arguments.network.clone(),
        shops: arguments.shop.clone(),
        partner: arguments.partner.clone(),
    };
    let rights = StaffRights { role: arguments.role, door: arguments.door, bounds };
    let new = NewStaff { id: arguments.id.clone(), rights };
    let staff = programme.add_staff(&console(), &new, &password(language)?)?;
    told(&staff, language.pick("is added", "добавлен"), arguments.json)
}

/// The first line of the input; it never stands among the arguments, which others can see.
fn password(language: Language) -> Result<Secret> {
    let input = std::io::stdin();
    if input.is_terminal() {
        let mut out = std::io::stderr().lock();
        let ask =
            language.pick("Password (it will be seen here): ", "Пароль (будет виден здесь): ");
        out.write_all(ask.as_bytes())?;
        out.flush()?;
    }
    let mut line = String::new();
    input.read_line(&mut line).context("cannot read the password")?;
    Ok(Secret::new(line.trim_end_matches(['\r', '\n'])))
}

fn told(staff: &StaffView, what: &str, as_json: bool) -> Result<()> {
    if as_json { say_json(staff) } else { say(&format!("{} {what}.", staff.id)) }
}

fn list(programme: &Programme, language: Language, as_json: bool) -> Result<()> {
    let mut staff: Vec<StaffView> = Vec::new();
    loop {
        let after = staff.last().map_or("", |last| last.id.as_str());
        let page = programme.staff_after(&console(), after, PAGE)?;
        if page.is_empty() {
            break;
        }
        staff.extend(page);
    }
    if as_json {
        return say_json(&staff);
    }
    if staff.is_empty() {
        return say(language.pick(
            "There is no staff yet; `proffer staff link` lets the first administrator in.",
            "Сотрудников ещё нет; `proffer staff link` впустит первого администратора.",
        ));
    }
    let header = match language {
        Language::En => ["name", "role", "door", "bound to", "device", "state"],
        Language::Ru => ["имя", "роль", "вход", "ограничен", "устройство", "состояние"],
    };
    let rows: Vec<_> = staff.iter().map(|staff| row(staff, language)).collect();
    say(&table(&header, &rows, &[]))
}

fn row(staff: &StaffView, language: Language) -> Vec<String> {
    let StaffRights { role, door, bounds } = &staff.rights;
    let all = [&bounds.networks[..], &bounds.shops[..]].concat();
    let bound = all.into_iter().chain(bounds.partner.clone()).collect::<Vec<_>>().join(", ");
    let locked = staff.locked_until.is_some_and(|until| until > now());
    let state = match (staff.disabled, locked) {
        (true, _) => language.pick("dismissed", "уволен"),
        (false, true) => language.pick("locked", "заблокирован"),
        (false, false) => "",
    };
    let device = if staff.totp { language.pick("yes", "да") } else { "" };
    vec![
        staff.id.clone(),
        role.to_string(),
        door.to_string(),
        bound,
        device.to_owned(),
        state.to_owned(),
    ]
}
