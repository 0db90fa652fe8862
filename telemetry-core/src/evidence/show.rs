//! A report as text: what was open, as trees, then what ended last.

use std::collections::HashMap;
use std::fmt::{self, Display, Formatter, Write};

use super::report::{Cause, CauseKind, Fate, OpenSpan, Report, Thread};
use crate::id::TraceId;
use crate::record::{Attribute, EventRecord, SpanRecord, Status, Value};
use crate::sink::tty::text::{Node, Row, escaped, human, rows, time_of_day};

/// Ended spans that are listed, at the most.
const LISTED: usize = 20;
/// Characters of a value that are shown.
const VALUE_CHARS: usize = 200;

/// The whole report, for a person. What came from the file has its control characters escaped.
impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let version =
            if self.version.is_empty() { String::new() } else { format!(" {}", escaped(&self.version)) };
        let service = if self.service.is_empty() { "?".into() } else { escaped(&self.service) };
        writeln!(f, "{service}{version}, process {}: {}", self.process_id, Ended(self))?;
        let until = moment(self.until_unix_nanos);
        let ran = human(self.until_unix_nanos.saturating_sub(self.started_unix_nanos));
        let verb = match &self.fate {
            Fate::Died(Cause { kind: CauseKind::Signal { .. }, .. }) => "died",
            Fate::Died(Cause { kind: CauseKind::Panic { .. }, .. }) => "panicked",
            Fate::Stopped | Fate::Unknown => "last seen",
        };
        writeln!(f, "  started {}, {verb} {until}, after {ran}", moment(self.started_unix_nanos))?;
        if !self.executable.is_empty() {
            writeln!(f, "  {}", escaped(&self.executable))?;
        }
        if let Some(panic) = &self.last_panic {
            writeln!(f, "  before that, at {}, it {}", time_of_day(panic.unix_nanos), Said(panic))?;
        }
        for note in self.notes() {
            writeln!(f, "  {note}")?;
        }
        self.show_open(f)?;
        self.show_ended(f)
    }
}

impl Report {
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.has_slots {
            notes.push("the ring lay outside of the file, and nothing wrote it down".to_owned());
        }
        if self.cut_short {
            notes.push("the file ends before its last slot".to_owned());
        }
        if self.lost_records != 0 {
            notes.push(format!("{} records of call sites, threads or texts are lost", self.lost_records));
        }
        notes
    }

    fn show_open(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let count = self.open.len() as u64 + self.open_beyond;
        if count == 0 {
            return writeln!(f, "\nno span was open");
        }
        // Traces in the order of their first open span; what has ended of them stands in the same trees.
        let mut order: Vec<TraceId> = Vec::new();
        let mut traces: HashMap<TraceId, Vec<SpanRecord>> = HashMap::new();
        let mut open = HashMap::new();
        for span in &self.open {
            let spans = traces.entry(span.record.trace_id).or_insert_with(|| {
                order.push(span.record.trace_id);
                Vec::new()
            });
            spans.push(span.record.clone());
            open.insert((span.record.trace_id, span.record.span_id), span);
        }
        for span in &self.ended {
            if let Some(spans) = traces.get_mut(&span.trace_id) {
                spans.push(span.clone());
            }
        }
        let (spans, were) = if count == 1 { ("span", "was") } else { ("spans", "were") };
        let of = if order.len() == 1 { String::new() } else { format!(", of {} traces", order.len()) };
        writeln!(f, "\n{count} {spans} {were} open{of}")?;
        for id in order {
            writeln!(f, "\ntrace {id}")?;
            for row in rows(&traces[&id]) {
                show_row(f, &row, |span| open.get(&(id, span.span_id)).copied())?;
            }
        }
        if self.open_beyond != 0 {
            writeln!(f, "\n… and {} more", self.open_beyond)?;
        }
        Ok(())
    }

    fn show_ended(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.ended.is_empty() {
            return Ok(());
        }
        let listed = &self.ended[self.ended.len().saturating_sub(LISTED)..];
        writeln!(f, "\nended last: {} of the {} in the ring", listed.len(), self.ended_count)?;
        for span in listed {
            let (end, took) = (time_of_day(span.end_unix_nanos()), human(span.duration_nanos));
            write!(f, "  {end}  {took:>9}  {}", Name(span))?;
            writeln!(f, "{}", Attributes(&span.attributes))?;
        }
        Ok(())
    }
}

fn show_row<'a>(
    f: &mut Formatter<'_>,
    row: &Row<'_>,
    open: impl Fn(&SpanRecord) -> Option<&'a OpenSpan>,
) -> fmt::Result {
    let (lead, below) = branches(row);
    match row.node {
        Node::Missing(id) => writeln!(f, "{lead}(span {id} is not in the file)"),
        Node::Span(span) => {
            match open(span) {
                Some(open) => {
                    write!(f, "{lead}● {}  open for {}", Name(span), human(span.duration_nanos))?;
                    match &open.thread {
                        Some(thread) => write!(f, ", on {}", Named(thread))?,
                        None => f.write_str(", waiting")?,
                    }
                }
                None => write!(f, "{lead}○ {}  {}", Name(span), human(span.duration_nanos))?,
            }
            writeln!(f, "{}", Attributes(&span.attributes))?;
            for event in &span.events {
                writeln!(f, "{below}  {}", Event { event, start: span.start_unix_nanos })?;
            }
            Ok(())
        }
    }
}

/// What stands before a row, and before the lines that belong to it.
fn branches(row: &Row<'_>) -> (String, String) {
    let (mut lead, mut below) = (String::new(), String::new());
    for (level, last) in row.lasts.iter().enumerate() {
        let own = level + 1 == row.lasts.len();
        lead.push_str(match (own, last) {
            (true, true) => "└─ ",
            (true, false) => "├─ ",
            (false, true) => "   ",
            (false, false) => "│  ",
        });
        below.push_str(if *last { "   " } else { "│  " });
    }
    below.push_str(if row.has_children { "│" } else { " " });
    (lead, below)
}

/// How the process ended.
struct Ended<'a>(&'a Report);

impl Display for Ended<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.0.fate {
            Fate::Stopped => f.write_str("stopped as it should"),
            Fate::Unknown => f.write_str("ended without a word, as by kill -9 or for want of memory"),
            Fate::Died(cause) => Said(cause).fmt(f),
        }
    }
}

/// What a process did when it died.
struct Said<'a>(&'a Cause);

impl Display for Said<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            CauseKind::Panic { message } => write!(f, "panicked: {}", escaped(message))?,
            CauseKind::Signal { number, code, address } => {
                write!(f, "got {}", signal_name(*number))?;
                if *code > 0 {
                    write!(f, " at address {address:#x}")?;
                }
            }
        }
        write!(f, ", on {}", Named(&self.0.thread))
    }
}

/// A thread.
struct Named<'a>(&'a Thread);

impl Display for Named<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match (&self.0.name, self.0.id) {
            (Some(name), id) => write!(f, "thread {id} ({})", escaped(name)),
            (None, 0) => f.write_str("a thread that is not known"),
            (None, id) => write!(f, "thread {id}"),
        }
    }
}

/// A span's name, and whether it failed.
struct Name<'a>(&'a SpanRecord);

impl Display for Name<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&escaped(&self.0.name))?;
        if self.0.status == Status::Error { f.write_str("  ERROR") } else { Ok(()) }
    }
}

/// Attributes behind a name.
struct Attributes<'a>(&'a [Attribute]);

impl Display for Attributes<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for Attribute { key, value } in self.0 {
            write!(f, "  {}=", escaped(key))?;
            match value {
                Value::Bool(value) => write!(f, "{value}")?,
                Value::I64(value) => write!(f, "{value}")?,
                Value::U64(value) => write!(f, "{value}")?,
                Value::F64(value) => write!(f, "{value}")?,
                Value::Str(text) => f.write_str(&shortened(text))?,
                Value::Bytes(bytes) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?,
            }
        }
        Ok(())
    }
}

/// An event below its span.
struct Event<'a> {
    event: &'a EventRecord,
    start: u64,
}

impl Display for Event<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let after = human(self.event.time_unix_nanos.saturating_sub(self.start));
        write!(f, "· {} after {after}{}", escaped(&self.event.name), Attributes(&self.event.attributes))
    }
}

fn shortened(text: &str) -> String {
    let mut characters = text.chars();
    let mut shown = escaped(&characters.by_ref().take(VALUE_CHARS).collect::<String>());
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}

/// A moment in UTC, to the millisecond.
fn moment(unix_nanos: u64) -> String {
    // Civil dates in eras of 400 years, which begin in March (Howard Hinnant, "chrono-compatible low-level date algorithms").
    let days = unix_nanos / 86_400_000_000_000 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let mut text = String::new();
    let _ = write!(text, "{year}-{month:02}-{day:02} {}", time_of_day(unix_nanos));
    text
}

fn signal_name(number: i32) -> String {
    // By the numbers of Linux on x86-64 and ARM.
    const NAMES: [(i32, &str); 6] =
        [(4, "SIGILL"), (5, "SIGTRAP"), (6, "SIGABRT"), (7, "SIGBUS"), (8, "SIGFPE"), (11, "SIGSEGV")];
    let known = NAMES.iter().find(|(known, _)| *known == number);
    known.map_or_else(|| format!("signal {number}"), |(_, name)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_calendar() {
        for (unix_seconds, expected) in [
            (0, "1970-01-01 00:00:00.000Z"),
            (951_782_399, "2000-02-28 23:59:59.000Z"),
            (951_782_400, "2000-02-29 00:00:00.000Z"),
            (1_763_744_401, "2025-11-21 17:00:01.000Z"),
            (4_107_542_400, "2100-03-01 00:00:00.000Z"),
        ] {
            assert_eq!(moment(unix_seconds * 1_000_000_000), expected);
        }
        assert!(moment(u64::MAX).starts_with("2554-"));
    }
}
