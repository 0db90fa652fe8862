//! A sink with a file for each process.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use telemetry_core::metric::snapshot::MetricsSnapshot;
use telemetry_core::record::{SpanRecord, Value};
use telemetry_core::sink::{AfterFork, Sink, SinkContext, SinkError};

/// Writes the spans that this process exports into a file named after it: trace, span, the `pid` they recorded, name.
pub(crate) struct PerProcess {
    folder: PathBuf,
    file: Option<File>,
}

impl PerProcess {
    pub(crate) const fn new(folder: PathBuf) -> Self {
        Self { folder, file: None }
    }

    fn file(&mut self) -> Result<&mut File, SinkError> {
        if self.file.is_none() {
            let path = self.folder.join(format!("{}.spans", std::process::id()));
            self.file = Some(OpenOptions::new().create(true).append(true).open(path)?);
        }
        self.file.as_mut().ok_or_else(|| SinkError::Refused("no file".to_owned()))
    }
}

impl Sink for PerProcess {
    fn name(&self) -> &'static str {
        "per-process"
    }

    /// The first line is the instance.
    fn start(&mut self, context: &SinkContext) -> Result<(), SinkError> {
        let Some(Value::Str(instance)) = context.resource.get("service.instance.id") else {
            return Err(SinkError::Refused("no instance".to_owned()));
        };
        let Some(Value::I64(pid)) = context.resource.get("process.pid") else {
            return Err(SinkError::Refused("no process".to_owned()));
        };
        Ok(writeln!(self.file()?, "{instance} {pid}")?)
    }

    fn export_spans(&mut self, spans: &[SpanRecord]) -> Result<(), SinkError> {
        let mut lines = Vec::new();
        for span in spans {
            let Some(Value::U64(pid)) = span.attribute("pid") else {
                return Err(SinkError::Refused(format!("{span:?}")));
            };
            writeln!(lines, "{} {} {pid} {}", span.trace_id, span.span_id, span.name)?;
        }
        Ok(self.file()?.write_all(&lines)?)
    }

    fn export_metrics(&mut self, _: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
        Ok(())
    }

    fn after_fork(&mut self) -> AfterFork {
        self.file = None;
        AfterFork::Keep
    }
}
