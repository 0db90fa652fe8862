//! What grows, and what may become of its cost.

use std::fmt::Write;

use crate::statistics::median;
use crate::table::{Table, figure};

#[cfg(test)]
mod tests;

/// Something that grows, and what is measured at each of its sizes.
#[derive(Debug)]
pub struct Row {
    /// What grows.
    pub name: &'static str,
    /// The sizes, the smallest first.
    pub sizes: &'static [usize],
    /// The figures.
    pub columns: &'static [Column],
    /// Measures in a process of its own; one figure a column.
    pub measure: fn(usize) -> Vec<f64>,
}

/// One figure.
#[derive(Debug)]
pub struct Column {
    /// What it is, with its unit.
    pub title: &'static str,
    /// What it may do.
    pub bound: Bound,
}

/// What a figure may do while the size grows.
#[derive(Clone, Copy, Debug)]
pub enum Bound {
    /// A cost of one: at the largest size at most this many times the lowest of the row.
    One(f64),
    /// A cost of all: from the smallest size to the largest it grows by no more than the size does.
    All,
    /// Shown beside the others.
    Shown,
}

/// The figures of every pass: by size, then by column, then by pass.
pub type Passes = Vec<Vec<Vec<f64>>>;

impl Row {
    /// The medians as a table, and what breaks a bound, each as a line.
    pub fn report(&self, passes: &Passes) -> (String, Vec<String>) {
        let mut table =
            Table::new([self.name].into_iter().chain(self.columns.iter().map(|column| column.title)));
        let medians: Vec<Vec<f64>> = passes
            .iter()
            .map(|columns| columns.iter().map(|passes| median(passes.iter().copied())).collect())
            .collect();
        for (size, figures) in self.sizes.iter().zip(&medians) {
            table.row([thousands(*size)].into_iter().chain(figures.iter().map(|&value| figure(value))));
        }
        let mut broken = Vec::new();
        for (number, column) in self.columns.iter().enumerate() {
            let figures: Vec<f64> = medians.iter().map(|figures| figures[number]).collect();
            if let Some(how) = column.bound.broken(self.sizes, &figures) {
                broken.push(format!("{}, {}: {how}", self.name, column.title));
            }
        }
        (table.to_string(), broken)
    }
}

impl Bound {
    /// How the figures break the bound, if they do; a figure that is not a number does.
    fn broken(self, sizes: &[usize], figures: &[f64]) -> Option<String> {
        let (first, last) = (*figures.first()?, *figures.last()?);
        match self {
            Self::One(times) => {
                let lowest = figures.iter().copied().fold(f64::INFINITY, f64::min);
                let holds = last <= lowest * times;
                (!holds).then(|| {
                    format!(
                        "{} at the largest size, {} at best; at most {times} times that is allowed",
                        figure(last),
                        figure(lowest)
                    )
                })
            }
            Self::All => {
                let growth = *sizes.last()? as f64 / *sizes.first()? as f64;
                let holds = last <= first * growth;
                (!holds).then(|| {
                    format!("from {} to {}, while the size grows {growth} times", figure(first), figure(last))
                })
            }
            Self::Shown => None,
        }
    }
}

/// A number with its thousands apart.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at != 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        // Writing to a string does not fail.
        let _ = write!(text, "{digit}");
    }
    text
}
