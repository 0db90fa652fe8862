//! `telemetry tail`: trees in the terminal from JSON lines.

mod follow;

use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use telemetry_core::metric::snapshot::MetricsSnapshot;
use telemetry_core::sink::{Sink, TtySink};
use telemetry_viewer::lines::span_of_line;

use crate::args::{Color, Tail};
use crate::failure::Failure;
use follow::{Follow, Start};

/// How often traces that wait for their root are looked at.
const TICK: Duration = Duration::from_millis(500);
/// Lines that wait to be drawn; the reader waits beyond that.
const QUEUED_LINES: usize = 1_000;
/// Lines that are drawn together.
const BATCH: usize = 500;

/// Draws until the input ends, or for ever.
///
/// Lines that are no spans are shown as they are, so that logs and traces may share an output.
pub(crate) fn tail(args: &Tail) -> Result<(), Failure> {
    let (send, lines) = sync_channel(QUEUED_LINES);
    let reading = match &args.file {
        Some(path) => {
            let start = if args.new { Start::End } else { Start::Beginning };
            let read = |source| Failure::Read { path: path.clone(), source };
            let follow = Follow::open(path, start, !args.once).map_err(read)?;
            thread::spawn(move || follow.lines(&send))
        }
        None => thread::spawn(move || standard_input(&send)),
    };
    Drawing { sink: sink(args), in_metrics: false }.draw(&lines)?;
    // Whoever reads has told its last line, so it ends, too.
    match reading.join() {
        Ok(read) => Ok(read?),
        Err(_) => Err(io::Error::other("the reader has panicked").into()),
    }
}

fn standard_input(send: &SyncSender<String>) -> io::Result<()> {
    if io::stdin().is_terminal() {
        eprintln!(
            "telemetry: reading JSON lines from the terminal; a service's output is piped here, or a FILE named"
        );
    }
    let mut input = io::stdin().lock();
    let mut bytes = Vec::new();
    while input.read_until(b'\n', &mut bytes)? > 0 {
        // Nobody draws any more.
        if send.send(text(&bytes)).is_err() {
            break;
        }
        bytes.clear();
    }
    Ok(())
}

/// A line without its end, whatever its bytes are.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end_matches(['\n', '\r']).to_owned()
}

fn sink(args: &Tail) -> TtySink {
    let mut sink = match args.color {
        Color::Auto => TtySink::new(),
        Color::Always | Color::Never => TtySink::to(io::stdout()).with_colors(args.color == Color::Always),
    };
    let terminal = terminal_size::terminal_size().map(|(width, _)| width.0);
    // One that is chosen by itself follows the terminal when that is made wider.
    let width = args.width.or(terminal.filter(|_| args.color != Color::Auto));
    if let Some(columns) = width {
        sink = sink.with_width(columns.into());
    }
    sink
}

struct Drawing {
    sink: TtySink,
    /// Whether the lines are those of a scrape, which are not shown.
    in_metrics: bool,
}

impl Drawing {
    fn draw(&mut self, lines: &Receiver<String>) -> Result<(), Failure> {
        loop {
            match lines.recv_timeout(TICK) {
                Ok(first) => {
                    let batch = std::iter::once(first).chain(lines.try_iter().take(BATCH));
                    self.batch(batch)?;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(self.sink.flush()?),
            }
            // The sink draws what has waited long enough.
            self.sink.export_metrics(&Arc::<MetricsSnapshot>::default())?;
        }
    }

    fn batch(&mut self, lines: impl Iterator<Item = String>) -> Result<(), Failure> {
        let mut spans = Vec::new();
        for line in lines {
            if let Some(span) = span_of_line(&line) {
                spans.push(span);
            } else if line.ends_with("# TELEMETRY_METRICS_BEGIN") {
                self.in_metrics = true;
            } else if line.ends_with("# TELEMETRY_METRICS_END") {
                self.in_metrics = false;
            } else if !self.in_metrics {
                self.sink.export_spans(&std::mem::take(&mut spans))?;
                writeln!(io::stdout(), "{line}")?;
            }
        }
        Ok(self.sink.export_spans(&spans)?)
    }
}
