//! Text for terminals: tables and numbers.

/// A table with a header; the columns named in `right` are aligned to the right.
pub fn table(header: &[&str], rows: &[Vec<String>], right: &[usize]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([header[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let line = |cells: &[String]| {
        let padded = cells.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
            let space = " ".repeat(width.saturating_sub(cell.chars().count()));
            if right.contains(&column) {
                format!("{space}{cell}")
            } else {
                format!("{cell}{space}")
            }
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let header: Vec<String> = header.iter().map(|&cell| cell.to_owned()).collect();
    let rule: Vec<String> = widths.iter().map(|&width| "─".repeat(width)).collect();
    let mut lines = vec![line(&header), line(&rule)];
    lines.extend(rows.iter().map(|row| line(row)));
    lines.join("\n")
}

/// A moment of UTC, given in microseconds since 1970.
pub fn moment(microseconds: i64) -> String {
    match jiff::Timestamp::from_microsecond(microseconds) {
        Ok(moment) => moment.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
        // Nobody's clock says such a time.
        Err(_) => microseconds.to_string(),
    }
}

/// A count with spaces between thousands.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// Minor units in major ones.
pub fn money(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let minor = minor.unsigned_abs();
    format!("{sign}{}.{:02}", minor / 100, minor % 100)
}

/// A share as a percentage.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_easy_to_read() {
        let counts = [0, 999, 1_000, 1_469_307].map(count);
        assert_eq!(counts, ["0", "999", "1 000", "1 469 307"]);
        assert_eq!(percent(0.1234), "12.3 %");
    }

    #[test]
    fn columns_line_up_in_any_script() {
        let rows = [
            vec!["хлеб".to_owned(), "5".to_owned()],
            vec!["milk 3.2 %".to_owned(), "12".to_owned()],
        ];
        let expected = "good         n\n──────────  ──\nхлеб         5\nmilk 3.2 %  12";
        assert_eq!(table(&["good", "n"], &rows, &[1]), expected);
    }
}
