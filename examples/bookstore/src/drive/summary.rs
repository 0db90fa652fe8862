//! What the drive did, for a person.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use http::StatusCode;

/// The answers of a drive, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Answers by status.
    pub by_status: BTreeMap<u16, u32>,
    /// How long it took.
    pub took: Duration,
}

impl Summary {
    /// Counts an answer.
    pub fn add(&mut self, status: StatusCode) {
        *self.by_status.entry(status.as_u16()).or_default() += 1;
    }

    /// All answers.
    pub fn requests(&self) -> u32 {
        self.by_status.values().sum()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} requests in {:.2} s", self.requests(), self.took.as_secs_f64())?;
        for (status, count) in &self.by_status {
            let reason = StatusCode::from_u16(*status).ok().and_then(|status| status.canonical_reason());
            writeln!(f, "  {status} {:<22} {count:>6}", reason.unwrap_or(""))?;
        }
        Ok(())
    }
}
