//! What a drive did, for a person.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use http::StatusCode;
use telemetry_core::Telemetry;

use super::joint::JointTrace;

const WIDTH: usize = 72;
const BAR: usize = 30;

/// The answers of a drive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Answers by status.
    pub by_status: BTreeMap<u16, u32>,
    /// How long it took.
    pub took: Duration,
    /// The metrics as they were scraped at the end; none where there is nothing to scrape.
    pub scrape: Option<String>,
    /// A trace that went over to the inventory; none where its spans are not to be had.
    pub joint: Option<JointTrace>,
}

impl Report {
    /// All answers.
    pub fn requests(&self) -> u32 {
        self.by_status.values().sum()
    }

    /// The report with what became of the spans.
    pub fn with_spans<'a>(&'a self, telemetry: &'a Telemetry) -> WithSpans<'a> {
        WithSpans { report: self, telemetry }
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(scrape) = &self.scrape {
            heading(f, "GET /metrics")?;
            writeln!(f, "{scrape}")?;
        }
        if let Some(joint) = &self.joint {
            heading(f, "one trace, two processes")?;
            writeln!(f, "{joint}")?;
        }
        heading(f, "summary")?;
        let requests = self.requests();
        let seconds = self.took.as_secs_f64();
        let rate = f64::from(requests) / seconds.max(f64::EPSILON);
        writeln!(f, "{:<12}{requests} in {seconds:.2} s, {rate:.0} a second\n", "requests")?;
        for (status, count) in &self.by_status {
            let reason = StatusCode::from_u16(*status).ok().and_then(|status| status.canonical_reason());
            let bar = bar(*count, requests);
            writeln!(f, "  {status} {:<23}{count:>6}  {bar}", reason.unwrap_or(""))?;
        }
        writeln!(f)
    }
}

/// A [`Report`] with what became of the spans.
#[derive(Clone, Copy, Debug)]
pub struct WithSpans<'a> {
    report: &'a Report,
    telemetry: &'a Telemetry,
}

impl Display for WithSpans<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.report.fmt(f)?;
        let spans = self.telemetry.accounting();
        let (started, exported, dropped) = (spans.started, spans.taken, spans.dropped());
        writeln!(f, "{:<12}{started} started, {exported} exported, {dropped} dropped", "spans")?;
        for sink in self.telemetry.sinks() {
            let (delivered, lost) = (sink.delivered, sink.dropped_total());
            writeln!(f, "{:<12}{}: {delivered} delivered, {lost} dropped", "", sink.sink)?;
        }
        Ok(())
    }
}

fn heading(f: &mut Formatter<'_>, title: &str) -> fmt::Result {
    let rule = "─".repeat(WIDTH.saturating_sub(title.chars().count() + 4));
    writeln!(f, "── {title} {rule}")
}

/// A bar for a share, at least a sliver for any.
fn bar(count: u32, of: u32) -> String {
    let eighths = (u64::from(count) * BAR as u64 * 8).div_ceil(u64::from(of.max(1))) as usize;
    let sliver = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
    "█".repeat(eighths / 8) + sliver
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_shows_with_its_count_and_share() {
        let report = Report {
            by_status: BTreeMap::from([(200, 150), (404, 49), (500, 1)]),
            took: Duration::from_millis(500),
            scrape: None,
            joint: None,
        };
        let text = report.to_string();
        assert!(text.contains("200 in 0.50 s, 400 a second"), "{text}");
        assert!(text.contains("  200 OK                        150  ██████████████████████▌\n"), "{text}");
        assert!(
            text.contains("  500 Internal Server Error       1  ▏\n") || text.contains("  ▎\n"),
            "{text}"
        );
    }
}
