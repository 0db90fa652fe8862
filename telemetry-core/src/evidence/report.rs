//! What was read of a process that is no more.

use crate::record::SpanRecord;

/// What a process was doing, as its evidence tells. Displayed as trees: see the [module](super).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// The service's name.
    pub service: String,
    /// The service's version; empty where none was said.
    pub version: String,
    /// The path of the executable; empty where the system did not tell.
    pub executable: String,
    /// The process's number.
    pub process_id: u32,
    /// When telemetry started, in nanoseconds since the Unix epoch.
    pub started_unix_nanos: u64,
    /// When it died; where nobody saw that, when it last gave a sign of life.
    pub until_unix_nanos: u64,
    /// How it ended.
    pub fate: Fate,
    /// The last panic before that, caught or not.
    pub last_panic: Option<Cause>,
    /// The threads that had recorded spans, 4,096 at the most; some may have ended.
    pub threads: Vec<Thread>,
    /// The spans that were open, by their start; at most 100,000.
    pub open: Vec<OpenSpan>,
    /// How many more were open.
    pub open_beyond: u64,
    /// The spans that ended last, by their end; at most 1,000. The sinks have had most of them.
    pub ended: Vec<SpanRecord>,
    /// How many ended spans the ring still held.
    pub ended_count: u64,
    /// The number of slots of the ring.
    pub capacity: u64,
    /// Whether the slots are in the file. They are not where the ring lay elsewhere and nothing could write it down before
    /// the end, as with `kill -9`.
    pub has_slots: bool,
    /// Whether the file ends before the last slot.
    pub cut_short: bool,
    /// How many call sites, threads and texts could not be written or read; they show as unknown.
    pub lost_records: u64,
}

/// A span that was open.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct OpenSpan {
    /// What was recorded so far; its duration is how long it had been open.
    pub record: SpanRecord,
    /// The thread that had entered it; none for a future that nobody was polling.
    pub thread: Option<Thread>,
}

/// A thread.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Thread {
    /// Its number in this library; zero where it has recorded no span.
    pub token: u32,
    /// Its number in the system; zero where it is not known.
    pub id: u32,
    /// Its name, if it has one.
    pub name: Option<String>,
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fate {
    /// It shut telemetry down.
    Stopped,
    /// It wrote down what it died of; or of what this report was written, where it is a panic's.
    Died(Cause),
    /// It said nothing: `kill -9`, no memory left, no power, a `SIGTERM` that nobody handled, `_exit`; or it still runs.
    Unknown,
}

/// What a process died of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cause {
    /// What it was.
    pub kind: CauseKind,
    /// The thread it happened on.
    pub thread: Thread,
    /// When, in nanoseconds since the Unix epoch.
    pub unix_nanos: u64,
}

/// A kind of death.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CauseKind {
    /// A signal that ends a process, such as `SIGSEGV` or, by `abort`, `SIGABRT`.
    Signal {
        /// Its number.
        number: i32,
        /// Its `si_code`, which says where it came from.
        code: i32,
        /// The address that could not be had, where it came from the processor.
        address: u64,
    },
    /// A panic; the process may have gone on.
    Panic {
        /// Its message and place.
        message: String,
    },
}
