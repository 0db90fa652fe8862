//! How the worker and the sinks fare.

use std::time::Duration;

use super::lane::SinkFigures;

/// How the drain's worker fares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DrainHealth {
    /// How long it has been running.
    pub uptime: Duration,
    /// The time between two ticks.
    pub interval: Duration,
    /// Ticks so far, those for a filling ring included.
    pub ticks: u64,
    /// How long the last tick took.
    pub last_tick: Duration,
    /// How long the longest tick took.
    pub longest_tick: Duration,
    /// How long all ticks took together.
    pub all_ticks: Duration,
    /// How long ago the last tick ended; none before the first one.
    pub since_last_tick: Option<Duration>,
}

/// How a sink fares.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SinkHealth {
    /// What became of the spans: taken = delivered + dropped by reason + queued.
    pub figures: SinkFigures,
    /// Where the sink is in its life.
    pub state: SinkState,
    /// Batches that wait in its queue; a batch is up to 1,024 spans.
    pub queued_batches: usize,
    /// Batches that find room in its queue; what comes beyond is dropped for this sink.
    pub queue_capacity: usize,
    /// For how long the sink has been at what it does just now; none while it waits for work.
    pub busy_for: Option<Duration>,
    /// The last fault in words: an error, a panic, a full queue, an abandoned thread.
    pub last_error: Option<String>,
    /// How long ago that was.
    pub since_last_error: Option<Duration>,
}

/// Where a sink is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SinkState {
    /// It is fed.
    Running,
    /// It delivers what it holds, and is then closed.
    Closing,
    /// It has been closed.
    Closed,
    /// It was still busy at the deadline of the shutdown, and has been left to itself.
    Abandoned,
}

impl SinkState {
    /// The state as a word: `running`, `closing`, `closed`, `abandoned`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Closing => "closing",
            Self::Closed => "closed",
            Self::Abandoned => "abandoned",
        }
    }
}
