//! Taking the sinks over in the child of a fork, where the drain's threads are gone.

use std::sync::TryLockError;

use crate::sink::Sink;

use super::Drain;
use super::lane::Lane;

/// What is left of a drain whose threads are gone.
pub(crate) struct Salvage {
    /// The sinks that were at rest, by the names they went by.
    pub(crate) sinks: Vec<(String, Box<dyn Sink>)>,
    /// Those that were in the middle of a call, which nobody will ever end: they are lost to this process.
    pub(crate) busy: Vec<String>,
}

impl Drain {
    /// Takes the sinks out of a drain whose threads no longer run; a new drain can then be started with them.
    ///
    /// No lock is waited for, since a thread that is gone never gives one back; for the same reason the drain itself
    /// is leaked rather than dropped. What was queued belongs to the parent, which exports it.
    pub(crate) fn salvage(self) -> Salvage {
        let mut salvage = Salvage { sinks: Vec::new(), busy: Vec::new() };
        for lane in self.shared.lanes_if_free().unwrap_or_default() {
            match take_sink(&lane) {
                Ok(Some(sink)) => salvage.sinks.push((lane.name().to_owned(), sink)),
                Ok(None) => {}
                Err(Busy) => salvage.busy.push(lane.name().to_owned()),
            }
            std::mem::forget(lane);
        }
        std::mem::forget(self);
        salvage
    }
}

struct Busy;

/// The sink of a lane, unless it is being called; none when it was closed.
fn take_sink(lane: &Lane) -> Result<Option<Box<dyn Sink>>, Busy> {
    match lane.sink.try_lock() {
        Ok(mut slot) => Ok(slot.take()),
        Err(TryLockError::Poisoned(slot)) => Ok(slot.into_inner().take()),
        Err(TryLockError::WouldBlock) => Err(Busy),
    }
}
