//! Figures of many sizes in one table: a row a measure, a column a size.

use std::fmt::{self, Display};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;

/// What a figure should reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Asked {
    /// It is only shown.
    Nothing,
    /// Not more than this.
    AtMost(f64),
    /// Not less than this.
    AtLeast(f64),
}

impl Asked {
    /// Whether a figure reaches it.
    pub fn met_by(self, figure: f64) -> bool {
        match self {
            Self::Nothing => true,
            Self::AtMost(most) => figure <= most,
            Self::AtLeast(least) => figure >= least,
        }
    }
}

impl Display for Asked {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => Ok(()),
            Self::AtMost(most) => write!(out, "<= {}", shown(*most)),
            Self::AtLeast(least) => write!(out, ">= {}", shown(*least)),
        }
    }
}

/// The table while it fills.
#[derive(Default)]
pub struct Figures {
    /// What the columns are numbers of.
    heading: String,
    columns: Vec<String>,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    asked: Asked,
    /// A figure a column; nothing where it was not measured.
    figures: Vec<Option<f64>>,
}

impl Figures {
    /// A table whose columns are numbers of something.
    pub fn by(heading: &str) -> Self {
        Self { heading: heading.to_owned(), ..Self::default() }
    }

    /// Begins the next column.
    pub fn column(&mut self, name: &str) {
        self.columns.push(name.to_owned());
    }

    /// Sets a figure of the column begun last.
    pub fn row(&mut self, name: &str, asked: Asked, figure: f64) {
        let place = self.rows.iter().position(|row| row.name == name).unwrap_or_else(|| {
            self.rows.push(Row { name: name.to_owned(), asked, figures: Vec::new() });
            self.rows.len() - 1
        });
        let figures = &mut self.rows[place].figures;
        figures.resize(self.columns.len().max(1), None);
        if let Some(last) = figures.last_mut() {
            *last = Some(figure);
        }
    }

    /// Shows the table; a figure that misses what was asked bears a mark.
    pub fn print(&self) {
        let names = self.rows.iter().map(|row| &row.name).chain([&self.heading]);
        let width = names.map(|name| name.chars().count()).max().unwrap_or(0);
        let line = |name: &str, cells: &[String], asked: &str| {
            let cells: String = cells.iter().map(|cell| format!("{cell:>14}")).collect();
            println!("{name:<width$}{cells}  {asked}");
        };
        println!();
        line(&self.heading, &self.columns, "asked");
        for row in &self.rows {
            let cells: Vec<String> =
                (0..self.columns.len()).map(|column| row.cell(column)).collect();
            line(&row.name, &cells, &row.asked.to_string());
        }
        println!("\n! misses what was asked; - was not measured at this size");
    }

    /// Keeps the table as JSON.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let rows = self.rows.iter().map(|row| {
            let met = |figure: &Option<f64>| figure.map(|figure| row.asked.met_by(figure));
            json!({
                "name": row.name,
                "asked": row.asked.to_string(),
                "figures": row.figures,
                "met": row.figures.iter().map(met).collect::<Vec<_>>(),
            })
        });
        let table = json!({ "columns": self.columns, "rows": rows.collect::<Vec<_>>() });
        fs::write(path, serde_json::to_string_pretty(&table)?)
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

impl Row {
    fn cell(&self, column: usize) -> String {
        match self.figures.get(column).copied().flatten() {
            None => "-".to_owned(),
            Some(figure) if self.asked.met_by(figure) => shown(figure),
            Some(figure) => format!("{} !", shown(figure)),
        }
    }
}

/// Three digits that count, and thousands apart.
fn shown(figure: f64) -> String {
    if figure.abs() < 100.0 {
        let digits = if figure.abs() < 1.0 {
            3
        } else if figure.abs() < 10.0 {
            2
        } else {
            1
        };
        return format!("{figure:.digits$}");
    }
    let digits = format!("{figure:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stand_in_their_columns_and_misses_are_marked() {
        let mut figures = Figures::default();
        for (column, rows) in [
            ("10", vec![("a", Asked::AtMost(5.0), 4.0), ("b", Asked::AtLeast(300_000.0), 2e5)]),
            ("20", vec![("a", Asked::AtMost(5.0), 6.0)]),
            ("30", vec![("b", Asked::AtLeast(300_000.0), 3e5), ("c", Asked::Nothing, 0.01234)]),
        ] {
            figures.column(column);
            for (name, asked, figure) in rows {
                figures.row(name, asked, figure);
            }
        }
        let cells: Vec<[String; 3]> =
            figures.rows.iter().map(|row| [0, 1, 2].map(|column| row.cell(column))).collect();
        assert_eq!(
            cells,
            [["4.00", "6.00 !", "-"], ["200 000 !", "-", "300 000"], ["-", "-", "0.012"]]
        );
        assert_eq!(Asked::AtLeast(1e6).to_string(), ">= 1 000 000");
    }
}
