//! Rows of JSON Lines: one object a line.

use serde_json::Value;

use crate::cell::{Cells, Row};
use crate::input::{Intake, Opened};
use crate::mapping::{Encoding, FeedMapping};
use crate::problem::{Fault, ProblemCode, Stop};
use crate::text::{ROW_BYTES_MAX, TextFile};

/// Reads a file; gives what is worth a warning.
pub(crate) fn read(
    opened: Opened<'_>,
    mapping: &FeedMapping,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<Option<String>, Stop> {
    let mut file = TextFile::open(opened, Encoding::Utf8)?;
    let names = &mapping.columns;
    let mut seen = vec![false; names.len()];
    loop {
        if file.unread().is_empty() && !file.more()? {
            break;
        }
        intake.tell(file.bytes);
        let unread = file.unread();
        let end = unread.iter().position(|&b| b == b'\n');
        match end {
            None if !file.finished() && unread.len() <= ROW_BYTES_MAX => {
                file.more()?;
                continue;
            }
            _ => {}
        }
        let line = &unread[..end.unwrap_or(unread.len())];
        if line.len() > ROW_BYTES_MAX {
            let reason = "the line is longer than 1 MiB";
            intake.bad(file.line, Fault::row(ProblemCode::TooLong, reason));
            file.skip_line()?;
            continue;
        }
        let bytes = line.len() + usize::from(end.is_some());
        if !line.trim_ascii().is_empty() {
            row(line, file.line, names, &mut seen, intake)?;
        }
        file.consume(bytes, u64::from(end.is_some()));
    }
    let missing: Vec<&str> =
        names.iter().zip(&seen).filter(|(_, seen)| !**seen).map(|(name, _)| &**name).collect();
    let warning = (!missing.is_empty() && intake.rows > 0)
        .then(|| format!("no line has the key {}", missing.join(", ")));
    file.close()?;
    Ok(warning)
}

fn row(
    line: &[u8],
    number: u64,
    names: &[String],
    seen: &mut [bool],
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), Stop> {
    let fault = match serde_json::from_slice::<Value>(line) {
        Ok(Value::Object(object)) => {
            for (seen, name) in seen.iter_mut().zip(names) {
                *seen = *seen || object.contains_key(name);
            }
            return intake.row(&Row { number, cells: Cells::Object { object: &object, names } });
        }
        Ok(_) => Fault::row(ProblemCode::NotAnObject, "the line is JSON, but not an object"),
        Err(_) if std::str::from_utf8(line).is_err() => {
            Fault::row(ProblemCode::Encoding, "the line is not UTF-8")
        }
        Err(error) => {
            let reason = format!("the line is not JSON: {error}");
            Fault::row(ProblemCode::NotAnObject, reason)
        }
    };
    intake.bad(number, fault);
    Ok(())
}
