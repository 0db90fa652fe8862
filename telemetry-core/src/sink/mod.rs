//! Where telemetry goes: the trait and the built-in sinks, one file each.

mod auto;
mod chrome;
mod factory;
#[cfg(test)]
pub(crate) mod fixtures;
mod held;
pub mod json;
mod loss;
mod memory;
mod prometheus;
mod shutdown;
mod standard_output;
mod stdout;
pub(crate) mod tty;

use std::sync::Arc;

use crate::metric::snapshot::MetricsSnapshot;
use crate::record::SpanRecord;
use crate::resource::Resource;

pub use auto::auto;
pub use chrome::ChromeTraceSink;
pub(crate) use factory::build_from;
pub use factory::{
    BuildError, Integration, RegisterError, build, known, register, register_fallible, register_integration,
    with_registered,
};
pub use loss::{LossReason, Losses};
pub use memory::MemorySink;
pub use prometheus::{PrometheusServer, PrometheusSink};
pub use shutdown::ShutdownSignal;
pub use standard_output::StandardOutput;
pub use stdout::StdoutSink;
pub use tty::TtySink;

/// A destination for spans and metrics.
///
/// Each sink runs on a thread of its own behind a bounded queue, so one that is slow, fails or panics touches no
/// other. Spans opened while a sink runs are suppressed: an exporter never traces itself.
pub trait Sink: Send + 'static {
    /// The sink's name in figures and reports, such as `stdout`.
    fn name(&self) -> &str;

    /// Called once when the sink is added, on the thread that adds it; to be quick. A panic here, or in
    /// [`name`](Self::name), is counted and reported like any other; the sink is still fed.
    fn attach(&mut self, context: &SinkContext) {
        let _ = context;
    }

    /// Called once on the sink's thread before anything is delivered.
    ///
    /// # Errors
    /// A failure is counted and reported; the sink is still fed.
    fn start(&mut self, context: &SinkContext) -> Result<(), SinkError> {
        let _ = context;
        Ok(())
    }

    /// Delivers a batch of finished spans.
    ///
    /// # Errors
    /// The batch counts as dropped by this sink; with [`SinkError::Lost`] only what was lost, and the rest as delivered.
    fn export_spans(&mut self, spans: &[SpanRecord]) -> Result<(), SinkError>;

    /// Delivers the state of every instrument.
    ///
    /// # Errors
    /// The snapshot counts as dropped by this sink.
    fn export_metrics(&mut self, metrics: &Arc<MetricsSnapshot>) -> Result<(), SinkError>;

    /// How many spans the sink has taken over and neither delivered nor lost yet; asked after every call. They count as
    /// queued, and with the call after which they are gone as its outcome says. By default none: a sink delivers or loses
    /// what it gets at once.
    fn held(&self) -> u64 {
        0
    }

    /// Pushes out whatever the sink has buffered.
    ///
    /// # Errors
    /// What could not be written.
    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    /// Ends the sink; nothing is called after it.
    ///
    /// # Errors
    /// What could not be written.
    fn close(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    /// Called before the process forks, on the thread that forks, between two other calls: lets go of what neither process
    /// could use beside the other, to be taken up again with the next call in either. To be quick, since the fork waits for
    /// it. Not called where the sink is in the middle of a call for longer than the fork waits.
    fn before_fork(&mut self) {}

    /// Called in the child of a fork, before anything else is delivered there: forgets what it was still to deliver, which is
    /// the parent's, and opens anew what a process cannot share with its parent. Then come
    /// [`attach`](Self::attach) and [`start`](Self::start) again, which tell what the service is here.
    ///
    /// No other thread of the parent is there: what one of them has locked stays locked.
    fn after_fork(&mut self) -> AfterFork {
        AfterFork::Keep
    }
}

/// What a sink does in the child of a fork.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterFork {
    /// Goes on with what it inherited, or has rebuilt itself.
    Keep,
    /// Stays silent in the child.
    Disable,
}

/// What a sink is told before it starts.
#[derive(Clone, Debug, Default)]
pub struct SinkContext {
    /// What the service is: its name, version, instance, host and process.
    pub resource: Arc<Resource>,
    /// Reads every instrument at once, for a sink that is asked before the first tick.
    pub live: Option<LiveMetrics>,
    /// Says when the pipeline is being shut down, for a sink that waits.
    pub shutdown: ShutdownSignal,
    /// Takes what is worth knowing and no failure of a call.
    pub warnings: Warnings,
}

/// Where a sink says what is worth knowing and no failure of a call: on standard error, beside the faults of sinks and at
/// their limited rate. Nobody hears one that is made by [`default`](Self::default).
#[derive(Clone, Default)]
pub struct Warnings(Option<Arc<Tell>>);

type Tell = dyn Fn(&str) + Send + Sync;

impl Warnings {
    /// Warnings that go to a function.
    pub fn to(tell: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(tell)))
    }

    /// Says something.
    pub fn warn(&self, message: &str) {
        if let Some(tell) = &self.0 {
            tell(message);
        }
    }
}

impl std::fmt::Debug for Warnings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Warnings")
    }
}

/// Reads every instrument now.
#[derive(Clone)]
pub struct LiveMetrics(Arc<dyn Fn() -> Arc<MetricsSnapshot> + Send + Sync>);

impl LiveMetrics {
    /// Wraps what reads the instruments.
    pub fn new(read: impl Fn() -> Arc<MetricsSnapshot> + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// Every instrument's state now.
    pub fn read(&self) -> Arc<MetricsSnapshot> {
        (self.0)()
    }
}

impl std::fmt::Debug for LiveMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LiveMetrics")
    }
}

/// Why a sink could not deliver.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SinkError {
    /// Reading or writing failed.
    #[error("input or output failed: {0}")]
    Io(#[from] std::io::Error),
    /// The destination refused what it was given.
    #[error("the destination refused it: {0}")]
    Refused(String),
    /// A part was not delivered, or all of it; the rest was.
    #[error("{0}")]
    Lost(Losses),
    /// Anything else.
    #[error("{0}")]
    Other(Box<dyn std::error::Error + Send + Sync>),
}
