//! The sink that draws span trees for a person.

mod bar;
mod duration;
mod fold;
mod line;
mod render;
#[cfg(test)]
mod render_tests;
mod shape;
mod tree;
mod wrap;

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anstream::{AutoStream, ColorChoice};

use crate::metric::snapshot::MetricsSnapshot;
use crate::record::{SpanRecord, Value};

use super::held::Held;
use super::{AfterFork, Sink, SinkContext, SinkError};

pub(crate) use render::{Style, render};

/// What other pictures of spans are made of.
pub(crate) mod text {
    pub(crate) use super::duration::{human, time_of_day};
    pub(crate) use super::line::escaped;
    pub(crate) use super::tree::{Node, Row, rows};
}

/// How long a trace is held while its local root is still open.
const PATIENCE: Duration = Duration::from_secs(5);
/// The columns to draw in when nobody knows.
const DEFAULT_WIDTH: usize = 100;

/// Draws the spans of each trace as a tree, with bars for the time they took.
///
/// A trace is drawn when its local root has ended, or 5 s after its first span came; its remaining spans then form
/// a tree of their own. At most 10,000 spans are held; past that the oldest trace is drawn early. On standard output
/// colours follow the terminal and `NO_COLOR`, and the width is the terminal's, 100 columns when there is none.
/// A run of more than twenty siblings of one name that ended well is folded into one row behind its first ten. Errors stand
/// below their span in ten lines at the most, everything else is cut at the width.
///
/// Names and values may be anything: control characters are shown as escapes, emoji in their plain form, and text that runs
/// from right to left is isolated, so that columns stay aligned. Metrics are not drawn.
pub struct TtySink {
    writer: Box<dyn Write + Send>,
    style: Style,
    fixed_width: Option<usize>,
    held: Held,
}

impl TtySink {
    /// A sink that draws on standard output.
    pub fn new() -> Self {
        let stream = AutoStream::auto(io::stdout());
        let colors = stream.current_choice() != ColorChoice::Never;
        Self { fixed_width: None, ..Self::to(stream) }.with_colors(colors)
    }

    /// A sink that draws into any writer: 100 columns without colours unless told otherwise.
    pub fn to(writer: impl Write + Send + 'static) -> Self {
        Self {
            writer: Box::new(writer),
            style: Style { width: DEFAULT_WIDTH, colors: false, service: String::new() },
            fixed_width: Some(DEFAULT_WIDTH),
            held: Held::default(),
        }
    }

    /// Draws with colours or without.
    #[must_use]
    pub const fn with_colors(mut self, colors: bool) -> Self {
        self.style.colors = colors;
        self
    }

    /// Draws in so many columns, whatever the terminal says; at least 20.
    #[must_use]
    pub const fn with_width(mut self, columns: usize) -> Self {
        self.fixed_width = Some(columns);
        self
    }

    /// Draws traces in the order they began.
    fn draw(&mut self, mut traces: Vec<Vec<SpanRecord>>) -> Result<(), SinkError> {
        if traces.is_empty() {
            return Ok(());
        }
        traces.sort_by_key(|spans| spans.iter().map(|span| span.start_unix_nanos).min());
        self.style.width = self.fixed_width.unwrap_or_else(terminal_width);
        let text: String = traces.iter().map(|spans| render(spans, &self.style) + "\n").collect();
        self.writer.write_all(text.as_bytes())?;
        Ok(self.writer.flush()?)
    }

    fn draw_late(&mut self, now: Instant) -> Result<(), SinkError> {
        let late = now.checked_sub(PATIENCE).map(|then| self.held.take_older_than(then)).unwrap_or_default();
        self.draw(late)
    }
}

impl Default for TtySink {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for TtySink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TtySink")
            .field("style", &self.style)
            .field("held", &self.held.span_count())
            .finish_non_exhaustive()
    }
}

impl Sink for TtySink {
    fn name(&self) -> &'static str {
        "tty"
    }

    fn start(&mut self, context: &SinkContext) -> Result<(), SinkError> {
        if let Some(Value::Str(service)) = context.resource.get("service.name") {
            self.style.service = service.to_string();
        }
        Ok(())
    }

    fn export_spans(&mut self, spans: &[SpanRecord]) -> Result<(), SinkError> {
        let now = Instant::now();
        let ready = self.held.add(spans, now);
        self.draw(ready)?;
        self.draw_late(now)
    }

    fn held(&self) -> u64 {
        self.held.span_count() as u64
    }

    /// Draws no metrics, but comes at every tick: traces that were held long enough are drawn.
    fn export_metrics(&mut self, _: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
        self.draw_late(Instant::now())
    }

    /// What is held is the parent's to draw.
    fn after_fork(&mut self) -> AfterFork {
        self.held = Held::default();
        AfterFork::Keep
    }

    /// Draws what is held, finished or not.
    fn flush(&mut self) -> Result<(), SinkError> {
        let all = self.held.take_all();
        self.draw(all)
    }
}

fn terminal_width() -> usize {
    terminal_size::terminal_size().map_or(DEFAULT_WIDTH, |(width, _)| usize::from(width.0))
}
