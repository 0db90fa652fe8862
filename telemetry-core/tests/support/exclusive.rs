//! A sink that stays silent in the child of a fork.

use std::sync::Arc;

use telemetry_core::metric::snapshot::MetricsSnapshot;
use telemetry_core::record::SpanRecord;
use telemetry_core::sink::{AfterFork, Sink, SinkError};

/// Is its parent's alone.
pub(crate) struct Exclusive;

impl Sink for Exclusive {
    fn name(&self) -> &'static str {
        "exclusive"
    }

    fn export_spans(&mut self, _: &[SpanRecord]) -> Result<(), SinkError> {
        Ok(())
    }

    fn export_metrics(&mut self, _: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
        Ok(())
    }

    fn after_fork(&mut self) -> AfterFork {
        AfterFork::Disable
    }
}
