//! What callers learn: how each sink fared, and why a request failed.

use std::fmt;
use std::io;
use std::time::Duration;

/// How one sink fared with what it was asked to deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// The sink's name.
    pub sink: String,
    /// How it ended.
    pub outcome: DeliveryOutcome,
}

impl Delivery {
    /// True when the sink did all it was asked for.
    pub fn is_done(&self) -> bool {
        self.outcome == DeliveryOutcome::Done
    }
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.sink, self.outcome)
    }
}

/// How a delivery ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeliveryOutcome {
    /// Everything was processed without a fault.
    Done,
    /// Something failed or was dropped in the meantime; the text names the last fault.
    Failed(String),
    /// The sink was still busy at the deadline.
    TimedOut,
    /// The sink had been closed or abandoned before.
    Closed,
}

impl fmt::Display for DeliveryOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("is done"),
            Self::Failed(fault) => write!(f, "failed ({fault})"),
            Self::TimedOut => f.write_str("was still busy at the deadline"),
            Self::Closed => f.write_str("is closed"),
        }
    }
}

/// Why the drain could not start, or take another sink.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DrainStartError {
    /// The interval is out of range.
    #[error("the drain interval is {given:?}; accepted are 0.01 to 300 seconds")]
    Interval {
        /// The interval that was given.
        given: Duration,
    },
    /// A thread could not be started.
    #[error("the thread {thread} could not be started: {message}")]
    Thread {
        /// The thread's name.
        thread: String,
        /// The kind of the failure.
        kind: io::ErrorKind,
        /// What the operating system says.
        message: String,
    },
    /// The drain has been shut down.
    #[error("the drain has been shut down and takes no more sinks")]
    Stopped,
}

impl DrainStartError {
    pub(super) fn thread(thread: &str, error: &io::Error) -> Self {
        Self::Thread { thread: thread.to_owned(), kind: error.kind(), message: error.to_string() }
    }
}

/// Why a drain or a flush on request did not deliver everything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DrainError {
    /// The drain has been shut down.
    #[error("the drain has been shut down")]
    Stopped,
    /// The worker itself was not done in time.
    #[error("the drain worker was still busy after {timeout:?}")]
    WorkerBusy {
        /// The time it was given.
        timeout: Duration,
    },
    /// At least one sink did not deliver everything.
    #[error("not everything was delivered: {}", listed(.0))]
    Incomplete(Vec<Delivery>),
}

/// Why a shutdown was not clean.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShutdownError {
    /// Threads were still busy at the deadline; what they held counts as dropped.
    #[error("abandoned after {timeout:?}: {}", .threads.join(", "))]
    Abandoned {
        /// The names of the threads.
        threads: Vec<String>,
        /// The time they were given.
        timeout: Duration,
        /// How every sink fared.
        deliveries: Vec<Delivery>,
    },
    /// At least one sink failed while it was being drained, flushed or closed.
    #[error("not everything was delivered: {}", listed(.0))]
    Incomplete(Vec<Delivery>),
}

/// Names the sinks that were not done, and why.
fn listed(deliveries: &[Delivery]) -> String {
    let failed: Vec<_> = deliveries.iter().filter(|d| !d.is_done()).map(ToString::to_string).collect();
    failed.join(", ")
}
