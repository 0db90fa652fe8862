//! A trace as text: a pure function of its spans and a style.

use anstyle::{AnsiColor, Style as Ansi};

use crate::id::TraceId;
use crate::record::{Attribute, Outcome, SpanKind, SpanRecord, Status, Value};

use super::bar::bar;
use super::duration::{human, time_of_day};
use super::fold::{Drawn, Run, folded};
use super::line::Line;
use super::tree::{self, Node, Row};
use super::wrap::wrapped;

const PLAIN: Ansi = Ansi::new();
const BOLD: Ansi = Ansi::new().bold();
const DIM: Ansi = Ansi::new().dimmed();
const GUIDE: Ansi = AnsiColor::BrightBlack.on_default();
const SERVICE: Ansi = AnsiColor::Magenta.on_default().bold();
const KIND: Ansi = AnsiColor::Blue.on_default();
const EVENT: Ansi = AnsiColor::Cyan.on_default();
const BAR: Ansi = AnsiColor::Cyan.on_default();
const GOOD: Ansi = AnsiColor::Green.on_default();
const WARNING: Ansi = AnsiColor::Yellow.on_default();
const ERROR: Ansi = AnsiColor::Red.on_default();
const ERROR_NAME: Ansi = AnsiColor::Red.on_default().bold();

/// The columns of a duration, right-aligned.
const DURATION_COLUMNS: usize = 8;
/// The columns of the number of ancestors that are not shown.
const NUMBER_COLUMNS: usize = 6;
/// Below this width there are no bars.
const MIN_WIDTH_WITH_BARS: usize = 60;
const MIN_WIDTH: usize = 20;
/// The bytes of a value that are shown.
const SHOWN_BYTES: usize = 16;

/// How trees are drawn.
#[derive(Clone, Debug)]
pub(crate) struct Style {
    /// The columns to draw in, at least 20.
    pub(crate) width: usize,
    /// Whether to use colours.
    pub(crate) colors: bool,
    /// The service's name for the header line; left out when empty.
    pub(crate) service: String,
}

/// Draws spans as trees, one tree a trace, in the order in which the traces first appear.
pub(crate) fn render(spans: &[SpanRecord], style: &Style) -> String {
    let mut traces: Vec<(TraceId, Vec<SpanRecord>)> = Vec::new();
    if spans.iter().all(|span| span.trace_id == spans[0].trace_id) {
        return render_trace(spans, style);
    }
    let mut places = std::collections::HashMap::new();
    for span in spans {
        let place = *places.entry(span.trace_id).or_insert(traces.len());
        if place == traces.len() {
            traces.push((span.trace_id, Vec::new()));
        }
        traces[place].1.push(span.clone());
    }
    let trees: Vec<_> = traces.iter().map(|(_, spans)| render_trace(spans, style)).collect();
    trees.join("\n")
}

fn render_trace(spans: &[SpanRecord], style: &Style) -> String {
    let Some(first) = spans.iter().min_by_key(|span| span.start_unix_nanos) else { return String::new() };
    let end = spans.iter().map(SpanRecord::end_unix_nanos).max().unwrap_or(first.start_unix_nanos);
    let width = style.width.max(MIN_WIDTH);
    let rows: Vec<_> = folded(tree::rows(spans))
        .into_iter()
        .map(|drawn| match drawn {
            Drawn::Row(row) => (heading(&row, width), Drawn::Row(row)),
            Drawn::Folded(run) => (summary(&run, width), Drawn::Folded(run)),
        })
        .collect();
    let longest = rows.iter().map(|(heading, _)| heading.width()).max().unwrap_or(0);
    let canvas = Canvas::new(width, longest, (first.start_unix_nanos, end), style.colors);
    let mut out = String::new();
    canvas.finish(&mut out, header(first, spans, &style.service));
    for (heading, drawn) in rows {
        let row = match drawn {
            Drawn::Row(row) => row,
            Drawn::Folded(run) => {
                canvas.timed(&mut out, heading, run.times, run.total_nanos, (BAR, DIM));
                continue;
            }
        };
        match row.node {
            Node::Missing(_) => canvas.finish(&mut out, heading),
            Node::Span(span) => {
                let bar = if span.status == Status::Error { ERROR } else { BAR };
                let duration = if row.lasts.is_empty() { BOLD } else { PLAIN };
                let times = (span.start_unix_nanos, span.end_unix_nanos());
                canvas.timed(&mut out, heading, times, span.duration_nanos, (bar, duration));
                for detail in details(&row, width, span) {
                    canvas.finish(&mut out, detail);
                }
            }
        }
    }
    out
}

/// Where things go on a line: text, then the bar, then the duration.
struct Canvas {
    colors: bool,
    width: usize,
    bar_columns: usize,
    text_columns: usize,
    window: (u64, u64),
}

impl Canvas {
    /// The text takes what its longest line needs, from two fifths of the width up to all that the smallest bar
    /// leaves; the bar takes the rest, so that it stands close to the names on a wide terminal too.
    fn new(width: usize, longest: usize, window: (u64, u64), colors: bool) -> Self {
        if width < MIN_WIDTH_WITH_BARS {
            return Self {
                colors,
                width,
                bar_columns: 0,
                text_columns: width - DURATION_COLUMNS - 2,
                window,
            };
        }
        let shared = width - DURATION_COLUMNS - 4;
        let text_columns = longest.clamp(width * 2 / 5, shared - width / 5);
        Self { colors, width, bar_columns: shared - text_columns, text_columns, window }
    }

    /// A line with the bar of what happened between two moments, and its duration, in these colours.
    fn timed(&self, out: &mut String, mut line: Line, times: (u64, u64), nanos: u64, styles: (Ansi, Ansi)) {
        line.cut_to(self.text_columns);
        line.pad_to(self.text_columns + 2);
        if self.bar_columns > 0 {
            line.push(styles.0, &bar(self.window, times, self.bar_columns));
            line.pad_to(self.width - DURATION_COLUMNS);
        }
        line.push(styles.1, &format!("{:>DURATION_COLUMNS$}", human(nanos)));
        line.write(out, self.colors);
    }

    fn finish(&self, out: &mut String, mut line: Line) {
        line.cut_to(self.width);
        line.write(out, self.colors);
    }
}

fn header(first: &SpanRecord, spans: &[SpanRecord], service: &str) -> Line {
    let errors = spans.iter().filter(|span| span.status == Status::Error).count();
    let mut line = Line::default();
    line.push(GUIDE, "▌ ");
    if !service.is_empty() {
        line.push(SERVICE, service);
        line.push(PLAIN, "  ");
    }
    line.push(DIM, "trace ");
    line.push(PLAIN, short(&first.trace_id.to_string()));
    line.push(DIM, &format!("  {}  {}", time_of_day(first.start_unix_nanos), counted(spans.len(), "span")));
    if errors > 0 {
        line.push(ERROR, &format!("  {}", counted(errors, "error")));
    }
    line
}

/// What a row says of its span, uncut.
fn heading(row: &Row<'_>, width: usize) -> Line {
    let mut line = branch(row, width);
    let span = match row.node {
        Node::Span(span) => span,
        Node::Missing(id) => {
            line.push(WARNING, &format!("⋯ span {id} is not here"));
            return line;
        }
    };
    let failed = span.status == Status::Error;
    let top = row.lasts.is_empty();
    match (failed, top) {
        (true, _) => {
            // Apart from a name that runs from right to left.
            line.push(ERROR_NAME, "✗ ");
            line.push(ERROR_NAME, &span.name);
        }
        (false, true) => line.push(BOLD, &span.name),
        (false, false) => line.push(PLAIN, &span.name),
    }
    if span.status == Status::Ok {
        line.push(GOOD, " ✓");
    }
    if span.kind != SpanKind::Internal {
        line.push(KIND, &format!(" {}", span.kind.as_str()));
    }
    if let Some(outcome) = unusual(span.outcome) {
        line.push(WARNING, &format!(" {outcome}"));
    }
    if let (true, Some(parent)) = (top && span.local_root, span.parent_span_id) {
        line.push(DIM, &format!(" ← {parent}"));
    }
    let told_below = |a: &Attribute| failed && matches!(&*a.key, "error.type" | "error.message");
    attributes(&mut line, span.attributes.iter().filter(|a| !told_below(a)));
    dropped(&mut line, span);
    line
}

/// What a row says of spans that are folded into it; their time is that of all of them.
fn summary(run: &Run<'_>, width: usize) -> Line {
    let mut line = branch(&run.row, width);
    line.push(DIM, &format!("⋯ {} more ", run.count));
    line.push(PLAIN, run.name);
    let (shortest, longest) = run.durations;
    line.push(DIM, &format!(" of {} to {}", human(shortest), human(longest)));
    line
}

/// The beginning of a row's line.
fn branch(row: &Row<'_>, width: usize) -> Line {
    let mut line = guides(row, width);
    if let Some(last) = row.lasts.last() {
        line.push(GUIDE, if *last { "└─ " } else { "├─ " });
    }
    line
}

/// The lines under a span: its error, its events, its links.
fn details(row: &Row<'_>, width: usize, span: &SpanRecord) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut below = |write: &dyn Fn(&mut Line)| {
        let mut line = guides(row, width);
        if let Some(last) = row.lasts.last() {
            line.push(GUIDE, if *last { "   " } else { "│  " });
        }
        line.push(GUIDE, if row.has_children { "│  " } else { "   " });
        write(&mut line);
        lines.push(line);
    };
    if let (Status::Error, Some(error)) = (span.status, error_text(span)) {
        // Guides and indents are as wide for every one of them.
        let room = width.saturating_sub(branch(row, width).width() + 3);
        for part in wrapped(&error, room) {
            below(&|line| line.push_shaped(ERROR, part.clone()));
        }
    }
    for event in &span.events {
        below(&|line| {
            line.push(EVENT, "• ");
            line.push(PLAIN, &event.name);
            let offset = event.time_unix_nanos.saturating_sub(span.start_unix_nanos);
            line.push(DIM, &format!(" +{}", human(offset)));
            attributes(line, event.attributes.iter());
        });
    }
    for link in &span.links {
        let trace = link.trace_id.to_string();
        below(&|line| line.push(DIM, &format!("↪ trace {} span {}", short(&trace), link.span_id)));
    }
    lines
}

/// The guides of a row's ancestors; of a row so deep that they would take over a third of the width, those of the
/// nearest ones, behind the number of the others.
fn guides(row: &Row<'_>, width: usize) -> Line {
    let mut line = Line::default();
    let Some((_, ancestors)) = row.lasts.split_last() else { return line };
    let mut shown = ancestors;
    if let Some(excess) = ancestors.len().checked_sub(width / 9).filter(|excess| *excess > 0) {
        shown = &ancestors[(excess + NUMBER_COLUMNS / 3).min(ancestors.len())..];
        line.push(GUIDE, &format!("⋯{}", row.depth - 1 - shown.len()));
        line.pad_to(NUMBER_COLUMNS);
    }
    for last in shown {
        line.push(GUIDE, if *last { "   " } else { "│  " });
    }
    line
}

fn attributes<'a>(line: &mut Line, attributes: impl Iterator<Item = &'a Attribute>) {
    for attribute in attributes {
        line.push(DIM, &format!(" {}={}", attribute.key, value(&attribute.value)));
    }
}

fn value(value: &Value) -> String {
    match value {
        Value::Bool(v) => v.to_string(),
        Value::I64(v) => v.to_string(),
        Value::U64(v) => v.to_string(),
        Value::F64(v) => v.to_string(),
        Value::Str(v) if v.is_empty() || v.contains([' ', '"', '=']) => {
            format!("\"{}\"", v.replace('"', "\\\""))
        }
        Value::Str(v) => v.to_string(),
        Value::Bytes(v) => {
            let shown =
                v.iter().take(SHOWN_BYTES).fold("0x".to_owned(), |hex, byte| format!("{hex}{byte:02x}"));
            if v.len() > SHOWN_BYTES { shown + "…" } else { shown }
        }
    }
}

/// What did not fit into the span.
fn dropped(line: &mut Line, span: &SpanRecord) {
    let parts: Vec<_> = [
        (span.dropped_attributes_count, "attribute"),
        (span.dropped_events_count, "event"),
        (span.dropped_links_count, "link"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| counted(count as usize, what))
    .collect();
    if !parts.is_empty() {
        line.push(WARNING, &format!(" ({} dropped)", parts.join(", ")));
    }
}

/// The type and the message of an error, as far as they are known.
fn error_text(span: &SpanRecord) -> Option<String> {
    let text =
        |key| span.attribute(key).map(|v| if let Value::Str(text) = v { text.to_string() } else { value(v) });
    match (text("error.type"), text("error.message")) {
        (Some(kind), Some(message)) => Some(format!("{kind}: {message}")),
        (kind, message) => kind.or(message),
    }
}

/// An outcome that the status does not already tell.
const fn unusual(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Completed | Outcome::Failed => None,
        Outcome::Panicked => Some("panicked"),
        Outcome::Cancelled => Some("cancelled"),
        Outcome::NeverPolled => Some("never polled"),
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// The first eight digits of a trace's identifier.
fn short(id: &str) -> &str {
    &id[..8]
}
