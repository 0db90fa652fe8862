//! How the drain runs.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use crate::sink::SinkContext;

use super::{DrainStartError, Faults};

/// The shortest interval between two ticks.
pub(crate) const MIN_INTERVAL: Duration = Duration::from_millis(10);
/// The longest interval between two ticks.
pub(crate) const MAX_INTERVAL: Duration = Duration::from_secs(300);

/// How the drain runs.
pub(crate) struct Options {
    /// The time between two ticks, 0.01 to 300 s; 1 s by default.
    pub(crate) interval: Duration,
    /// The most spans in one batch; 1,024 by default.
    pub(crate) batch_spans: usize,
    /// The most batches waiting for one sink; past it a batch is dropped for that sink. 256 by default.
    pub(crate) queue_batches: usize,
    /// What every sink is told before it starts.
    pub(crate) context: SinkContext,
    /// Called on each sink's thread; while its guard lives, spans opened there are not recorded.
    pub(crate) suppress: fn() -> Box<dyn Any>,
    /// Where faults are reported.
    pub(crate) faults: Arc<Faults>,
}

/// Whether the drain can run at this interval.
pub(crate) fn is_interval(interval: Duration) -> bool {
    (MIN_INTERVAL..=MAX_INTERVAL).contains(&interval)
}

impl Options {
    pub(super) fn validate(&self) -> Result<(), DrainStartError> {
        if is_interval(self.interval) {
            Ok(())
        } else {
            Err(DrainStartError::Interval { given: self.interval })
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(1),
            batch_spans: 1024,
            queue_batches: 256,
            context: SinkContext::default(),
            suppress: || Box::new(()),
            faults: Arc::new(Faults::to_standard_error()),
        }
    }
}
