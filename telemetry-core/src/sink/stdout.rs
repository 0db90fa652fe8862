//! The sink that writes JSON lines.

use std::io::{self, Write};
use std::sync::Arc;

use crate::metric::snapshot::MetricsSnapshot;
use crate::record::SpanRecord;

use super::{LossReason, Losses, Sink, SinkError, StandardOutput, json};

/// Writes one JSON object a line for each span, to standard output or any writer.
///
/// The fields of a line (`schema` 1):
///
/// | field | value |
/// |---|---|
/// | `schema` | the version of this table; it grows when a field changes its meaning or goes |
/// | `trace_id`, `span_id` | 32 and 16 lowercase hexadecimal digits |
/// | `parent_span_id` | 16 digits, or null for the root of a trace |
/// | `name` | the span's name |
/// | `kind` | `internal`, `server`, `client`, `producer` or `consumer` |
/// | `start_time_unix_nano`, `end_time_unix_nano` | integers, nanoseconds since the Unix epoch |
/// | `status` | `unset`, `ok` or `error` |
/// | `outcome` | `completed`, `failed`, `panicked`, `cancelled` or `never_polled` |
/// | `attributes` | an object; integers stay integers, bytes are base64 text, numbers that are not finite are the texts `NaN`, `Infinity` and `-Infinity` |
/// | `events` | a list of `{name, time_unix_nano, attributes}` |
/// | `links` | a list of `{trace_id, span_id, trace_flags}` |
/// | `dropped_attributes_count`, `dropped_events_count`, `dropped_links_count` | what did not fit |
/// | `scope` | `{name, version}` of the crate that opened the span |
///
/// Metrics are left out unless [`with_metrics`](Self::with_metrics) asks for them. A closed pipe is an error of the
/// sink, counted and reported, never a panic. Of a batch that could be written in part the whole lines count as delivered;
/// a line that was cut stands alone.
///
/// # Examples
/// ```
/// use telemetry_core::sink::{Sink, StdoutSink};
///
/// let mut sink = StdoutSink::to(Vec::new()).with_prefix("span: ");
/// sink.export_spans(&[])?;
/// sink.flush()?;
/// # Ok::<(), telemetry_core::sink::SinkError>(())
/// ```
#[derive(Debug)]
pub struct StdoutSink<W: Write + Send + 'static = StandardOutput> {
    writer: W,
    prefix: String,
    metrics: bool,
    buffer: Vec<u8>,
    /// The last write ended in the middle of a line: the next one begins with its end.
    torn: bool,
}

impl StdoutSink {
    /// A sink that writes to standard output.
    pub fn new() -> Self {
        Self::to(StandardOutput)
    }
}

impl Default for StdoutSink {
    fn default() -> Self {
        Self::new()
    }
}

impl<W: Write + Send + 'static> StdoutSink<W> {
    /// A sink that writes to any writer, which gets whole lines, a batch at a time.
    pub const fn to(writer: W) -> Self {
        Self { writer, prefix: String::new(), metrics: false, buffer: Vec::new(), torn: false }
    }

    /// Puts a text before every line, also those of the metrics; line breaks in it are left out.
    #[must_use]
    pub fn with_prefix(mut self, prefix: &str) -> Self {
        self.prefix = prefix.replace(['\n', '\r'], "");
        self
    }

    /// Also writes the metrics at every tick: the Prometheus text between the lines `# TELEMETRY_METRICS_BEGIN` and
    /// `# TELEMETRY_METRICS_END`.
    #[must_use]
    pub const fn with_metrics(mut self) -> Self {
        self.metrics = true;
        self
    }

    /// Writes the lines in the buffer. Those that were written whole before a failure count as delivered.
    fn write_buffer(&mut self) -> Result<(), SinkError> {
        let mut written = 0;
        let result = self.write_from(&mut written).and_then(|()| self.writer.flush());
        let (whole, rest) = self.buffer.split_at(written);
        let outcome = match result {
            Err(error) if rest.len() < self.buffer.len() => {
                self.torn = !whole.ends_with(b"\n");
                let torn = u64::from(self.torn);
                let mut losses = Losses::default();
                losses.add(LossReason::Failed, lines(rest).max(torn), error);
                losses.into_result()
            }
            result => result.map_err(SinkError::Io),
        };
        self.buffer.clear();
        // One large batch must not hold its memory for ever.
        self.buffer.shrink_to(1 << 20);
        outcome
    }

    /// Writes on in the buffer, as far as it goes.
    fn write_from(&mut self, written: &mut usize) -> io::Result<()> {
        if self.torn {
            self.writer.write_all(b"\n")?;
            self.torn = false;
        }
        while *written < self.buffer.len() {
            match self.writer.write(&self.buffer[*written..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => *written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl<W: Write + Send + 'static> Sink for StdoutSink<W> {
    fn name(&self) -> &'static str {
        "stdout"
    }

    fn export_spans(&mut self, spans: &[SpanRecord]) -> Result<(), SinkError> {
        for span in spans {
            self.buffer.extend_from_slice(self.prefix.as_bytes());
            json::write_span(&mut self.buffer, span);
            self.buffer.push(b'\n');
        }
        self.write_buffer()
    }

    fn export_metrics(&mut self, metrics: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
        if !self.metrics {
            return Ok(());
        }
        let text = metrics.text();
        for line in
            ["# TELEMETRY_METRICS_BEGIN"].into_iter().chain(text.lines()).chain(["# TELEMETRY_METRICS_END"])
        {
            self.buffer.extend_from_slice(self.prefix.as_bytes());
            self.buffer.extend_from_slice(line.as_bytes());
            self.buffer.push(b'\n');
        }
        self.write_buffer()
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(self.writer.flush()?)
    }
}

/// The ends of lines in `bytes`.
fn lines(bytes: &[u8]) -> u64 {
    bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n")).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::fixtures::span;

    #[test]
    fn every_line_has_the_prefix_and_is_a_span() {
        let mut sink = StdoutSink::to(Vec::new()).with_prefix("app\n: ");
        sink.export_spans(&[span(1, 1, 0, "one", 0, 1), span(1, 2, 1, "two", 0, 1)]).unwrap();
        sink.export_metrics(&Arc::default()).unwrap();
        let text = String::from_utf8(sink.writer).unwrap();
        let names: Vec<_> = text
            .lines()
            .map(|line| {
                serde_json::from_str::<serde_json::Value>(line.strip_prefix("app: ").unwrap()).unwrap()
            })
            .map(|line| line["name"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(names, ["one", "two"]);
    }

    #[test]
    fn metrics_stand_between_their_marks() {
        let mut sink = StdoutSink::to(Vec::new()).with_metrics();
        let snapshot =
            MetricsSnapshot { text: "a_total 1\nb 2\n".to_owned().into(), ..MetricsSnapshot::default() };
        sink.export_metrics(&Arc::new(snapshot)).unwrap();
        assert_eq!(
            String::from_utf8(sink.writer).unwrap(),
            "# TELEMETRY_METRICS_BEGIN\na_total 1\nb 2\n# TELEMETRY_METRICS_END\n"
        );
    }

    #[test]
    fn a_disk_that_fills_in_the_middle_of_a_line_loses_the_lines_behind_and_tears_no_other() {
        /// A disk with so much room.
        struct Disk(Vec<u8>, usize);
        impl Write for Disk {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                let fits = bytes.len().min(self.1);
                self.0.extend_from_slice(&bytes[..fits]);
                self.1 -= fits;
                if fits == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(fits) }
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let spans = [span(1, 1, 0, "one", 0, 1), span(1, 2, 0, "two", 0, 1), span(1, 3, 0, "three", 0, 1)];
        let mut whole = StdoutSink::to(Vec::new());
        whole.export_spans(&spans).unwrap();
        let first = whole.writer.iter().position(|byte| *byte == b'\n').unwrap() + 1;

        let mut sink = StdoutSink::to(Disk(Vec::new(), first + 10));
        let error = sink.export_spans(&spans).unwrap_err();
        assert!(matches!(&error, SinkError::Lost(losses) if losses.of(LossReason::Failed) == 2), "{error}");
        let error = sink.export_spans(&spans).unwrap_err();
        assert!(matches!(&error, SinkError::Io(_)), "nothing was written: {error}");
        sink.writer.1 = usize::MAX;
        sink.export_spans(&spans[2..]).unwrap();
        let text = String::from_utf8(sink.writer.0).unwrap();
        let names: Vec<Option<String>> = text
            .lines()
            .map(|line| {
                let line = serde_json::from_str::<serde_json::Value>(line).ok()?;
                line["name"].as_str().map(str::to_owned)
            })
            .collect();
        assert_eq!(names, [Some("one".to_owned()), None, Some("three".to_owned())]);
    }

    #[test]
    fn a_broken_pipe_is_an_error_each_time_and_keeps_no_memory() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut sink = StdoutSink::to(Closed);
        for _ in 0..3 {
            let error = sink.export_spans(&[span(1, 1, 0, "one", 0, 1)]).unwrap_err();
            assert!(matches!(&error, SinkError::Io(e) if e.kind() == io::ErrorKind::BrokenPipe), "{error}");
            assert!(sink.buffer.is_empty());
        }
    }
}
