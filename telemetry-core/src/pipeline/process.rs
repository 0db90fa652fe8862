//! The figures of the process, as a pipeline is started with them.

use super::GLOBAL;
use super::builder::TelemetryBuilder;
use crate::metric::process::{ProcessMetrics, ProcessMetricsError};
use crate::standard_error::say;

impl TelemetryBuilder {
    /// Adds the [figures of the process](crate::metric::process): processor time, memory, file descriptors, threads. Where
    /// they cannot be had, standard error says why and the pipeline starts without them.
    pub const fn process_metrics(mut self) -> Self {
        self.process_metrics = true;
        self
    }
}

/// The figures of the process; where they cannot be had, says why.
pub(super) fn metrics() -> Option<ProcessMetrics> {
    let tell = |error: &ProcessMetricsError| say(&format_args!("no metrics of the process: {error}"));
    ProcessMetrics::register_in(GLOBAL.metrics()).inspect_err(tell).ok()
}
