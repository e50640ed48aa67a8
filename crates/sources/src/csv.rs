//! Rows of delimited text.
//!
//! A splitter of our own rather than a library's: after a quote that is never closed it must go back
//! to the next physical line, so that one bad row does not swallow the good ones behind it, and it
//! must never hold more than one row of bounded length.

use crate::cell::{Cells, Row};
use crate::input::{Intake, Opened};
use crate::mapping::{FeedMapping, nearest};
use crate::problem::{Fault, ProblemCode, ReadError, ReadErrorCode, Stop};
use crate::text::{ROW_BYTES_MAX, TextFile};

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Reads a file; gives what is worth a warning.
pub(crate) fn read(
    opened: Opened<'_>,
    mapping: &FeedMapping,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<Option<String>, Stop> {
    let mut file = TextFile::open(opened, mapping.defaults.encoding)?;
    let (mut splitter, slots, width) = header(&mut file, mapping)?;
    loop {
        if file.unread().is_empty() && !file.more()? {
            break;
        }
        intake.tell(file.bytes);
        let finished = file.finished();
        match splitter.split(file.unread(), finished) {
            Split::Incomplete if file.unread().len() <= ROW_BYTES_MAX => {
                file.more()?;
            }
            Split::Row { bytes, .. } if bytes <= ROW_BYTES_MAX => {
                row(&mut file, &splitter, bytes, &slots, width, intake)?;
            }
            Split::Incomplete | Split::Row { .. } => {
                let reason = "the row is longer than 1 MiB; perhaps a quote is not closed";
                intake.bad(file.line, Fault::row(ProblemCode::TooLong, reason));
                file.skip_line()?;
            }
            Split::Stray(reason) => {
                intake.bad(file.line, Fault::row(ProblemCode::Quote, reason));
                file.skip_line()?;
            }
        }
    }
    let warning = file.warning.take();
    file.close()?;
    Ok(warning)
}

/// Hands on one complete row of the window and consumes it.
fn row(
    file: &mut TextFile<'_>,
    splitter: &Splitter,
    bytes: usize,
    slots: &[usize],
    width: usize,
    intake: &mut Intake<'_, '_, '_>,
) -> Result<(), Stop> {
    let number = file.line;
    let raw = &file.unread()[..bytes];
    let lines = splitter.lines;
    if splitter.ranges.len() == 1 && raw.trim_ascii().is_empty() {
        file.consume(bytes, lines);
        return Ok(());
    }
    let found = splitter.ranges.len();
    if found != width {
        let reason = if lines > 1 && splitter.quoted {
            format!("{found} fields instead of {width}; perhaps a quote is not closed")
        } else {
            format!("{found} fields instead of {width}")
        };
        intake.bad(number, Fault::row(ProblemCode::Columns, reason));
        // A wrong row of several lines is given up line by line: the others may be good rows.
        return Ok(file.skip_line()?);
    }
    let cells = if splitter.quoted { &splitter.unquoted[..] } else { raw };
    match std::str::from_utf8(cells) {
        Ok(text) if !text.as_bytes().contains(&0) => {
            intake.row(&Row {
                number,
                cells: Cells::Text { text, ranges: &splitter.ranges, slots },
            })?;
        }
        Ok(_) => intake.bad(number, Fault::row(ProblemCode::Encoding, "the row has NUL bytes")),
        Err(_) => {
            let reason = "the row is not UTF-8; perhaps encoding = \"windows-1251\"";
            intake.bad(number, Fault::row(ProblemCode::Encoding, reason));
        }
    }
    file.consume(bytes, lines);
    Ok(())
}

/// Finds the delimiter, and each mapped column in the header; leaves the file behind it.
fn header(
    file: &mut TextFile<'_>,
    mapping: &FeedMapping,
) -> Result<(Splitter, Vec<usize>, usize), ReadError> {
    while file.unread().len() <= ROW_BYTES_MAX && file.more()? {
        if file.unread().contains(&b'\n') {
            break;
        }
    }
    let defaults = &mapping.defaults;
    let candidates = defaults.delimiter.map_or(DELIMITERS.to_vec(), |delimiter| vec![delimiter]);
    let mut best: Option<(usize, usize, Splitter, Vec<String>, usize)> = None;
    for delimiter in candidates {
        let mut splitter = Splitter::new(delimiter, defaults.quote);
        let Split::Row { bytes } = splitter.split(file.unread(), true) else { continue };
        let names = splitter.texts(&file.unread()[..bytes]);
        let Some(names) = names else {
            let reason = "the header is not UTF-8; perhaps encoding = \"windows-1251\"";
            return Err(file.error(ReadErrorCode::Encoding, reason));
        };
        let known = mapping.columns.iter().filter(|column| names.contains(column)).count();
        if best.as_ref().is_none_or(|best| (known, names.len()) > (best.0, best.1)) {
            best = Some((known, names.len(), splitter, names, bytes));
        }
    }
    let Some((_, width, splitter, names, bytes)) = best.filter(|best| best.4 <= ROW_BYTES_MAX)
    else {
        return Err(file.error(ReadErrorCode::Header, "there is no header of at most 1 MiB"));
    };
    let mut slots = Vec::with_capacity(mapping.columns.len());
    for column in &mapping.columns {
        slots.push(find(&names, column).map_err(|(code, reason)| file.error(code, reason))?);
    }
    let lines = splitter.lines;
    file.consume(bytes, lines);
    Ok((splitter, slots, width))
}

/// The place of a column in a header.
pub(crate) fn find(names: &[String], column: &str) -> Result<usize, (ReadErrorCode, String)> {
    let mut places = (0..names.len()).filter(|&place| names[place] == column);
    match (places.next(), places.next()) {
        (Some(place), None) => Ok(place),
        (Some(_), Some(_)) => {
            Err((ReadErrorCode::Column, format!("the header has two columns {column:?}")))
        }
        (None, _) => {
            let known: Vec<&str> = names.iter().map(String::as_str).collect();
            let known: Vec<&str> = known.into_iter().filter(|name| !name.is_empty()).collect();
            let hint = match nearest(column, &known) {
                Some(name) => format!("did you mean {name:?}?"),
                None => {
                    let shown: Vec<String> =
                        known.iter().take(40).map(|name| name.chars().take(60).collect()).collect();
                    format!("there are {}", shown.join(", "))
                }
            };
            Err((ReadErrorCode::Column, format!("there is no column {column:?}; {hint}")))
        }
    }
}

/// What stands at the beginning of a window.
enum Split {
    /// A row; its fields are in the splitter.
    Row { bytes: usize },
    /// A row that does not end within the window.
    Incomplete,
    /// A quote that cannot be understood.
    Stray(&'static str),
}

/// Splits one row at a time into ranges, of the window or, where a field is quoted, of `unquoted`.
struct Splitter {
    delimiter: u8,
    quote: Option<u8>,
    ranges: Vec<(usize, usize)>,
    unquoted: Vec<u8>,
    quoted: bool,
    /// Line ends within the last row.
    lines: u64,
}

impl Splitter {
    fn new(delimiter: u8, quote: Option<u8>) -> Self {
        let (ranges, unquoted) = (Vec::new(), Vec::new());
        Self { delimiter, quote, ranges, unquoted, quoted: false, lines: 0 }
    }

    /// Splits the row at the beginning of `bytes`; `last` if nothing follows them.
    fn split(&mut self, bytes: &[u8], last: bool) -> Split {
        self.ranges.clear();
        self.quoted = false;
        self.lines = 0;
        let mut start = 0;
        for (at, &b) in bytes.iter().enumerate() {
            if b == self.delimiter {
                self.ranges.push((start, at));
                start = at + 1;
            } else if b == b'\n' {
                let end = if at > start && bytes[at - 1] == b'\r' { at - 1 } else { at };
                self.ranges.push((start, end));
                self.lines = 1;
                return Split::Row { bytes: at + 1 };
            } else if at == start && Some(b) == self.quote {
                return self.split_quoted(bytes, last, b);
            }
        }
        if !last {
            return Split::Incomplete;
        }
        let end = if bytes.ends_with(b"\r") && bytes.len() > start {
            bytes.len() - 1
        } else {
            bytes.len()
        };
        self.ranges.push((start, end));
        Split::Row { bytes: bytes.len() }
    }

    /// The same for a row with a quoted field: fields are copied without their quotes.
    fn split_quoted(&mut self, bytes: &[u8], last: bool, quote: u8) -> Split {
        self.ranges.clear();
        self.unquoted.clear();
        self.quoted = true;
        let mut at = 0;
        loop {
            let start = self.unquoted.len();
            if bytes.get(at) == Some(&quote) {
                at += 1;
                loop {
                    match (bytes.get(at), bytes.get(at + 1)) {
                        (None, _) if last => return Split::Stray("a quote is not closed"),
                        (None, _) => return Split::Incomplete,
                        (Some(&b), None) if b == quote && !last => return Split::Incomplete,
                        (Some(&b), Some(&next)) if b == quote && next == quote => {
                            self.unquoted.push(quote);
                            at += 2;
                        }
                        (Some(&b), _) if b == quote => {
                            at += 1;
                            break;
                        }
                        (Some(&b), _) => {
                            self.lines += u64::from(b == b'\n');
                            self.unquoted.push(b);
                            at += 1;
                        }
                    }
                }
            } else {
                let field = bytes[at..].iter().take_while(|&&b| b != self.delimiter && b != b'\n');
                let end = at + field.count();
                self.unquoted.extend_from_slice(&bytes[at..end]);
                at = end;
                if matches!(bytes.get(at), Some(b'\n') | None)
                    && self.unquoted.len() > start
                    && self.unquoted.ends_with(b"\r")
                {
                    self.unquoted.pop();
                }
            }
            self.ranges.push((start, self.unquoted.len()));
            match (bytes.get(at), bytes.get(at + 1)) {
                (None, _) if last => return Split::Row { bytes: at },
                (None, _) => return Split::Incomplete,
                (Some(&b), _) if b == self.delimiter => at += 1,
                (Some(b'\n'), _) => {
                    self.lines += 1;
                    return Split::Row { bytes: at + 1 };
                }
                (Some(b'\r'), Some(b'\n')) => {
                    self.lines += 1;
                    return Split::Row { bytes: at + 2 };
                }
                (Some(b'\r'), None) if !last => return Split::Incomplete,
                (Some(b'\r'), None) => return Split::Row { bytes: at + 1 },
                _ => return Split::Stray("text follows a closed quote"),
            }
        }
    }

    /// The fields of the last row, trimmed, if they are text.
    fn texts(&self, row: &[u8]) -> Option<Vec<String>> {
        let bytes = if self.quoted { &self.unquoted[..] } else { row };
        let text = std::str::from_utf8(bytes).ok()?;
        Some(self.ranges.iter().map(|&(a, b)| text[a..b].trim().to_owned()).collect())
    }
}
