//! A table for the terminal.

use std::fmt::Write as _;
use std::io::{self, Write};

use anstyle::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::harmless::harmless;

/// The columns to draw in when nobody knows.
const DEFAULT_WIDTH: usize = 80;
/// Columns between two cells.
const GAP: usize = 2;
/// No column is made narrower than this.
const LEAST: usize = 8;

const HEAD: Style = Style::new().bold();

/// What stands in a cell; numbers stand to the right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Text(String),
    Number(String),
}

/// Rows under a head; made as narrow as the terminal by cutting the widest columns.
#[derive(Debug)]
pub(super) struct Table {
    head: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(super) const fn new(head: Vec<String>) -> Self {
        Self { head, rows: Vec::new() }
    }

    pub(super) fn push(&mut self, row: Vec<Cell>) {
        self.rows.push(row.into_iter().map(Cell::harmless).collect());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Prints to standard output: within the terminal's width, whole where there is none, so that a file or the next
    /// program gets everything.
    pub(super) fn print(&self) -> io::Result<()> {
        let width = match terminal_size::terminal_size_of(io::stdout()) {
            Some((width, _)) => usize::from(width.0),
            None if io::IsTerminal::is_terminal(&io::stdout()) => DEFAULT_WIDTH,
            None => usize::MAX,
        };
        let mut out = anstream::stdout().lock();
        out.write_all(self.draw(width).as_bytes())?;
        out.flush()
    }

    fn draw(&self, width: usize) -> String {
        let aligned = Self { head: self.head.clone(), rows: self.rows_with_aligned_points() };
        aligned.draw_aligned(width)
    }

    /// Numbers of a column with as many decimals as the one that has most, so that their points stand in line.
    fn rows_with_aligned_points(&self) -> Vec<Vec<Cell>> {
        let decimals = |cell: &Cell| match cell {
            Cell::Number(text) => text.split_once('.').map_or(0, |(_, decimals)| decimals.len()),
            Cell::Text(_) => 0,
        };
        let mut rows = self.rows.clone();
        for column in 0..self.head.len() {
            let most = rows.iter().map(|row| decimals(&row[column])).max().unwrap_or(0);
            for row in &mut rows {
                let missing = most - decimals(&row[column]);
                // Whole numbers stay as they are: counts are no measurements.
                if let Cell::Number(text) = &mut row[column]
                    && text.contains('.')
                {
                    text.push_str(&"0".repeat(missing));
                }
            }
        }
        rows
    }

    fn draw_aligned(&self, width: usize) -> String {
        let widths = self.widths(width);
        let mut out = String::new();
        let head: Vec<Cell> = (0..self.head.len()).map(|column| self.head_of(column)).collect();
        let line = drawn(&head, &widths);
        // Writing to a string does not fail.
        let _ = writeln!(out, "{HEAD}{line}{HEAD:#}");
        for row in &self.rows {
            let _ = writeln!(out, "{}", drawn(row, &widths));
        }
        out
    }

    /// Stands where its column does.
    fn head_of(&self, column: usize) -> Cell {
        let name = self.head[column].clone();
        let numbers = self.rows.iter().all(|row| matches!(&row[column], Cell::Number(_)));
        if numbers && !self.rows.is_empty() { Cell::Number(name) } else { Cell::Text(name) }
    }

    fn widths(&self, width: usize) -> Vec<usize> {
        let longest = |column: usize| {
            let cells = self.rows.iter().map(|row| row[column].text().width());
            cells.chain([self.head[column].width()]).max().unwrap_or(0)
        };
        let mut widths: Vec<usize> = (0..self.head.len()).map(longest).collect();
        let gaps = GAP * widths.len().saturating_sub(1);
        while widths.iter().sum::<usize>() + gaps > width {
            let Some(widest) = widths.iter_mut().filter(|width| **width > LEAST).max() else { break };
            *widest -= 1;
        }
        widths
    }
}

impl Cell {
    fn text(&self) -> &str {
        let (Self::Text(text) | Self::Number(text)) = self;
        text
    }

    /// Names and attributes may be anybody's.
    fn harmless(self) -> Self {
        match self {
            Self::Text(text) => Self::Text(harmless(&text).into_owned()),
            number @ Self::Number(_) => number,
        }
    }
}

fn drawn(row: &[Cell], widths: &[usize]) -> String {
    let mut line = String::new();
    for (column, (cell, &width)) in row.iter().zip(widths).enumerate() {
        if column > 0 {
            line.push_str(&" ".repeat(GAP));
        }
        let text = cut(cell.text(), width);
        let pad = " ".repeat(width.saturating_sub(text.width()));
        match cell {
            Cell::Number(_) => line.extend([pad.as_str(), &text]),
            Cell::Text(_) => line.extend([text.as_str(), &pad]),
        }
    }
    line.truncate(line.trim_end().len());
    line
}

/// A text within so many columns, its end marked where it was cut.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let (mut kept, mut used) = (String::new(), 1);
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        kept.push(c);
    }
    kept + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(&str, &str)]) -> Table {
        let mut table = Table::new(vec!["route".to_owned(), "ms".to_owned()]);
        for (route, ms) in rows {
            table.push(vec![Cell::Text((*route).to_owned()), Cell::Number((*ms).to_owned())]);
        }
        table
    }

    fn plain(table: &Table, width: usize) -> String {
        anstream::adapter::strip_str(&table.draw(width)).to_string()
    }

    #[test]
    fn numbers_stand_to_the_right_under_their_head() {
        let table = table(&[("GET /books", "1.5"), ("GET /", "12.25")]);
        assert_eq!(plain(&table, 80), "route          ms\nGET /books   1.50\nGET /       12.25\n");
    }

    #[test]
    fn the_widest_column_is_cut_to_the_terminal() {
        let table = table(&[("GET /a/very/long/route/that/goes/on", "1.5")]);
        assert_eq!(plain(&table, 20), "route             ms\nGET /a/very/lo…  1.5\n");
        let wide = self::table(&[("本の本の本の本の本", "1")]);
        assert!(plain(&wide, 16).lines().all(|line| line.width() <= 16), "{}", plain(&wide, 16));
    }

    #[test]
    fn what_a_terminal_would_act_on_is_shown() {
        let table = table(&[("\u{1b}[31mred\u{202e}\n", "1")]);
        assert!(table.draw(80).contains("\\u{1b}[31mred\\u{202e}\\n"), "{}", table.draw(80));
    }
}
