//! Spans: what every tracing system is asked to do, and the one loop that asks it.

pub(crate) mod cases;
mod contestants;
mod drain;
mod exporter;
mod fastrace;
mod limits;
mod minimal;
mod opentelemetry;
pub(crate) mod ours;
mod tally;
mod tracing;

use std::hint::black_box;

use crate::work::{PATH, STATUS, repeat};

pub(crate) use self::fastrace::Fastrace;
pub(crate) use self::opentelemetry::{OpenTelemetry, provider as opentelemetry_provider};
pub(crate) use self::ours::Ours;
pub(crate) use self::tracing::Tracing;
pub(crate) use tally::{Received, Tally};

/// Calls under one root. A root is a fresh trace, and its own cost is spread over these.
const CALLS_PER_TRACE: u64 = 1_000;

/// Spans of the tree: a root, ten children, ten of each of theirs.
const TREE: u64 = 111;

/// Whether what is called records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Switched off at run time; nothing is current.
    Disabled,
    /// Inside a trace that was decided not to be recorded.
    Unsampled,
    /// Inside a trace that is recorded.
    Sampled,
}

/// What a traced function does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Nothing but the body.
    Plain,
    /// A literal, an integer and a dynamic text as attributes.
    Attributes,
    /// Two events.
    Events,
    /// A whole trace of 111 spans.
    Tree,
    /// A future that is pending once.
    Asynchronous,
}

/// A tracing system, or a limit in the shape of one. Every function of it that is traced is a call of its own
/// (`inline(never)`) around the same body.
pub(crate) trait System: 'static {
    /// What it is called in the table.
    const NAME: &'static str;
    /// Whether it can record at all.
    const RECORDS: bool = true;
    /// Spans that one asynchronous call opens.
    const SPANS_PER_FUTURE: u64 = 1;

    /// Makes the process ready for a burst in this mode. Called before each burst, outside the timing.
    fn select(mode: Mode);
    /// Runs `calls` under the root of a trace of its own.
    fn rooted(calls: impl FnOnce());
    fn plain(x: u64) -> u64;
    fn attributes(x: u64, status: u64, path: &str) -> u64;
    fn events(x: u64) -> u64;
    fn tree(x: u64) -> u64;
    fn asynchronous(x: u64) -> u64;
    /// Hands over everything that has ended and waits until it was received.
    fn settle();
    /// What has been received so far.
    fn received() -> Tally;
}

/// Makes `calls` calls; of the tree, as many as its spans make.
#[inline(never)]
fn burst<S: System>(work: Work, mode: Mode, calls: u64) {
    if mode == Mode::Disabled || work == Work::Tree {
        run::<S>(work, calls);
        return;
    }
    let mut left = calls;
    while left > 0 {
        let now = left.min(CALLS_PER_TRACE);
        S::rooted(|| run::<S>(work, now));
        left -= now;
    }
}

#[inline(always)]
fn run<S: System>(work: Work, calls: u64) {
    match work {
        Work::Plain => repeat(calls, |_| S::plain(black_box(7))),
        Work::Attributes => {
            repeat(calls, |_| S::attributes(black_box(7), black_box(STATUS), black_box(PATH)));
        }
        Work::Events => repeat(calls, |_| S::events(black_box(7))),
        Work::Tree => repeat(calls / TREE, |_| S::tree(black_box(7))),
        Work::Asynchronous => repeat(calls, |_| S::asynchronous(black_box(7))),
    }
}

/// What a system that records has to receive of a burst.
fn expected<S: System>(work: Work, mode: Mode, calls: u64) -> Tally {
    if !S::RECORDS || mode != Mode::Sampled {
        return Tally::default();
    }
    let roots = calls.div_ceil(CALLS_PER_TRACE);
    match work {
        Work::Plain => Tally { spans: calls + roots, ..Tally::default() },
        Work::Attributes => Tally { spans: calls + roots, attributes: 3 * calls, ..Tally::default() },
        Work::Events => Tally { spans: calls + roots, events: 2 * calls, ..Tally::default() },
        Work::Tree => Tally { spans: calls / TREE * TREE, ..Tally::default() },
        Work::Asynchronous => Tally { spans: calls * S::SPANS_PER_FUTURE + roots, ..Tally::default() },
    }
}
