//! The sink that writes a trace file for Perfetto and Chrome.

mod event;
mod lanes;
#[cfg(test)]
mod tests;

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::file_lock::try_lock;
use crate::metric::snapshot::MetricsSnapshot;
use crate::record::{SpanRecord, Value};
use crate::settings::Resolved;

use super::held::Held;
use super::{LossReason, Losses, Sink, SinkContext, SinkError};
use event::Writer;
use lanes::Lanes;

/// How long a trace is held while its local root is still open.
const PATIENCE: Duration = Duration::from_secs(5);
/// What ends the file after every write, and is overwritten by the next.
const END: &[u8] = b"\n]\n";
/// How large the file may become unless told otherwise.
const MAX_BYTES: u64 = 1 << 30;

/// Writes spans as a trace file that <https://ui.perfetto.dev> and `chrome://tracing` show (the JSON array of Chrome's
/// [Trace Event Format]).
///
/// Each span is a slice with its attributes, identifiers and status as arguments, and its events are instants on it. Spans
/// of one trace lie below their parents; those that run side by side, and different traces, lie in lanes of their own, as
/// few as there is room in. A trace is written when its local root has ended, or 5 s after its first span came; at most
/// 10,000 spans are held. Metrics are not written.
///
/// A file has one writer: on Unix it is locked, and a second sink is refused, of this process or another, as long as the
/// first one lives; elsewhere they would write over one another. The file is whole JSON after every write. A crash amid a write can leave its end unfinished: the array is then not
/// closed, which the format allows, and its last line may be cut. Time is counted from an hour before the first span,
/// since the readers' numbers cannot hold nanoseconds since 1970; the process's label says when that was. Past 1 GiB,
/// unless told otherwise, spans are not written and count as dropped.
///
/// # Examples
/// ```
/// use telemetry_core::sink::{ChromeTraceSink, Sink};
///
/// let path = std::env::temp_dir().join(format!("trace-{}.json", std::process::id()));
/// let mut sink = ChromeTraceSink::create(&path)?;
/// sink.close()?;
/// assert_eq!(std::fs::read_to_string(&path)?, "[\n]\n");
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [Trace Event Format]: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
pub struct ChromeTraceSink {
    file: File,
    /// The length of the file without [`END`].
    length: u64,
    max_bytes: u64,
    writer: Writer,
    lanes: Lanes,
    held: Held,
}

impl ChromeTraceSink {
    /// Makes the file, in the place of one that is there.
    ///
    /// # Errors
    /// The file cannot be made or written, or another sink writes it ([`ResourceBusy`](io::ErrorKind::ResourceBusy)); then it
    /// is left as it is.
    pub fn create(path: impl AsRef<Path>) -> io::Result<Self> {
        let mut file = only_writer(path.as_ref())?;
        file.write_all(b"[\n]\n")?;
        Ok(Self {
            file,
            length: 1,
            max_bytes: MAX_BYTES,
            writer: Writer::default(),
            lanes: Lanes::default(),
            held: Held::default(),
        })
    }

    /// Makes the file that the setting `CHROME_PATH` names.
    pub(super) fn from_settings(resolved: &Resolved) -> Result<Self, SinkError> {
        let path =
            resolved.get("CHROME_PATH").and_then(|value| value.value().as_text()).unwrap_or("trace.json");
        Self::create(path)
            .map_err(|error| SinkError::Io(io::Error::new(error.kind(), format!("{path}: {error}"))))
    }

    /// How large the file may become.
    #[must_use]
    pub const fn with_max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Writes traces in the order they began.
    fn write(&mut self, mut traces: Vec<Vec<SpanRecord>>) -> Result<(), SinkError> {
        traces.sort_by_key(|spans| spans.iter().map(|span| span.start_unix_nanos).min());
        let mut losses = Losses::default();
        for spans in traces {
            if self.length >= self.max_bytes {
                let full = format_args!("the file has reached {} bytes", self.max_bytes);
                losses.add(LossReason::GivenUp, spans.len() as u64, full);
                continue;
            }
            for (span, lane) in self.lanes.place(&spans) {
                self.writer.span(span, lane);
            }
            if let Err(error) = self.write_out() {
                losses.add(LossReason::GivenUp, spans.len() as u64, error);
            }
        }
        losses.into_result()
    }

    /// Puts what is waiting in the place of the file's end, with a new end, in one write.
    fn write_out(&mut self) -> io::Result<()> {
        let mut events = self.writer.take();
        if events.is_empty() {
            return Ok(());
        }
        if self.length == 1 {
            // The first event has none to be parted from.
            events.remove(0);
        }
        let added = events.len() as u64;
        events.extend_from_slice(END);
        let written = self.put(&events);
        match written {
            Ok(()) => self.length += added,
            // What came of it is taken back, as far as the disk allows.
            Err(_) => drop(self.file.set_len(self.length).and_then(|()| self.put(END))),
        }
        written
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.length))?;
        self.file.write_all(bytes)
    }

    fn write_late(&mut self, now: Instant) -> Result<(), SinkError> {
        let late = now.checked_sub(PATIENCE).map(|then| self.held.take_older_than(then)).unwrap_or_default();
        self.write(late)
    }
}

impl fmt::Debug for ChromeTraceSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChromeTraceSink")
            .field("file", &self.file)
            .field("held", &self.held.span_count())
            .finish_non_exhaustive()
    }
}

impl Sink for ChromeTraceSink {
    fn name(&self) -> &'static str {
        "chrome"
    }

    fn start(&mut self, context: &SinkContext) -> Result<(), SinkError> {
        if let Some(Value::Str(service)) = context.resource.get("service.name") {
            self.writer.name_process(service);
        }
        Ok(())
    }

    fn export_spans(&mut self, spans: &[SpanRecord]) -> Result<(), SinkError> {
        let now = Instant::now();
        let ready = self.held.add(spans, now);
        let written = self.write(ready);
        self.write_late(now)?;
        written
    }

    fn held(&self) -> u64 {
        self.held.span_count() as u64
    }

    /// Writes no metrics, but comes at every tick: traces that were held long enough are written.
    fn export_metrics(&mut self, _: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
        self.write_late(Instant::now())
    }

    /// Writes what is held, finished or not.
    fn flush(&mut self) -> Result<(), SinkError> {
        let all = self.held.take_all();
        self.write(all)
    }

    /// A file has one writer, which is the parent.
    fn after_fork(&mut self) -> super::AfterFork {
        // The lock is the parent's alone: it must not last as long as this process.
        if let Ok(nothing) = File::open("/dev/null") {
            self.file = nothing;
        }
        super::AfterFork::Disable
    }
}

/// Opens a file that nobody else writes, and empties it.
fn only_writer(path: &Path) -> io::Result<File> {
    // Emptied when it is ours, and no earlier.
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
    if file.metadata()?.is_file() {
        // A file system without locks is trusted.
        if !try_lock(&file).unwrap_or(true) {
            return Err(io::Error::new(io::ErrorKind::ResourceBusy, "another sink is writing to this file"));
        }
        file.set_len(0)?;
    }
    Ok(file)
}
