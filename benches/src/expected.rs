//! The file of expected instruction counts: what they hold for, and a count for each operation.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

#[cfg(test)]
mod tests;

/// How far a count may move before it is a change.
pub const TOLERANCE: f64 = 0.03;

/// What the file begins with.
const HEADING: &str = "\
# Instructions a call, by callgrind, the called function's own included; see README.md.
# Written by: cargo bench -p benches --bench instructions -- --update
";

/// Instruction counts and what they hold for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// What the counts depend on: the compiler, the target, the clock.
    pub conditions: BTreeMap<String, String>,
    /// Instructions a call, by operation.
    pub counts: BTreeMap<String, f64>,
}

/// What became of a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Within the tolerance.
    Kept,
    /// Above it: a regression.
    Risen,
    /// Below it: the file holds a figure that is too high.
    Fallen,
    /// The file has no figure.
    Missing,
}

impl Change {
    /// What became of a count, `expected` being what the file says.
    pub fn of(counted: f64, expected: Option<f64>) -> Self {
        match expected {
            None => Self::Missing,
            Some(expected) if counted > expected * (1.0 + TOLERANCE) => Self::Risen,
            Some(expected) if counted < expected * (1.0 - TOLERANCE) => Self::Fallen,
            Some(_) => Self::Kept,
        }
    }
}

impl Counts {
    /// The conditions that differ, each as a line; counts are comparable only when there are none.
    pub fn differences(&self, now: &Self) -> Vec<String> {
        let names = self
            .conditions
            .keys()
            .chain(now.conditions.keys().filter(|name| !self.conditions.contains_key(*name)));
        names
            .filter_map(|name| {
                let of = |counts: &Self| {
                    counts.conditions.get(name).cloned().unwrap_or_else(|| "nothing".to_owned())
                };
                let (expected, here) = (of(self), of(now));
                (expected != here).then(|| format!("the {name} is {here}, the file says {expected}"))
            })
            .collect()
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{HEADING}")?;
        for (name, value) in &self.conditions {
            writeln!(f, "{name}: {value}")?;
        }
        writeln!(f)?;
        for (name, count) in &self.counts {
            writeln!(f, "{name:28} {count:8.2}")?;
        }
        Ok(())
    }
}

/// A line that is neither a comment, `name: value` nor `name count`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineError {
    /// Its number, from 1.
    pub line: usize,
    /// What it says.
    pub text: String,
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} is {:?}: expected `name: value`, `name count` or a comment", self.line, self.text)
    }
}

impl std::error::Error for LineError {}

impl FromStr for Counts {
    type Err = LineError;

    fn from_str(text: &str) -> Result<Self, LineError> {
        let mut counts = Self::default();
        for (line, text) in (1..).zip(text.lines()) {
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let error = || LineError { line, text: text.to_owned() };
            if let Some((name, value)) = text.split_once(": ") {
                counts.conditions.insert(name.to_owned(), value.to_owned());
            } else {
                let (name, count) = text.split_once(' ').ok_or_else(error)?;
                let count = count.trim().parse().map_err(|_| error())?;
                counts.counts.insert(name.to_owned(), count);
            }
        }
        Ok(counts)
    }
}
