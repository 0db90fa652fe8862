//! Counts of what was opened and of what was received.

use std::fmt;
use std::ops::{AddAssign, Sub};
use std::sync::atomic::{AtomicU64, Ordering};

/// Spans, and the attributes and events on them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) spans: u64,
    pub(crate) attributes: u64,
    pub(crate) events: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.spans += other.spans;
        self.attributes += other.attributes;
        self.events += other.events;
    }
}

impl Sub for Tally {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            spans: self.spans - other.spans,
            attributes: self.attributes - other.attributes,
            events: self.events - other.events,
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} spans", self.spans)?;
        if self.attributes > 0 {
            write!(f, ", {} attributes", self.attributes)?;
        }
        if self.events > 0 {
            write!(f, ", {} events", self.events)?;
        }
        Ok(())
    }
}

/// What a system's reporter, exporter or sink has received.
pub(crate) struct Received {
    spans: AtomicU64,
    attributes: AtomicU64,
    events: AtomicU64,
}

impl Received {
    pub(crate) const fn new() -> Self {
        Self { spans: AtomicU64::new(0), attributes: AtomicU64::new(0), events: AtomicU64::new(0) }
    }

    /// Counts a batch, given the attributes and events of each span in it.
    pub(crate) fn count(&self, spans: impl Iterator<Item = (usize, usize)>) {
        let mut tally = Tally::default();
        for (attributes, events) in spans {
            tally += Tally { spans: 1, attributes: attributes as u64, events: events as u64 };
        }
        self.spans.fetch_add(tally.spans, Ordering::Relaxed);
        self.attributes.fetch_add(tally.attributes, Ordering::Relaxed);
        self.events.fetch_add(tally.events, Ordering::Relaxed);
    }

    /// All of it so far. Exact once everything has been handed over, which is waited for by locks.
    pub(crate) fn so_far(&self) -> Tally {
        Tally {
            spans: self.spans.load(Ordering::Relaxed),
            attributes: self.attributes.load(Ordering::Relaxed),
            events: self.events.load(Ordering::Relaxed),
        }
    }
}
