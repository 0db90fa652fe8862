//! The ring as its users see it: its size, its state, what it had to drop.

use crate::context::Local;
use crate::pipeline::{Pipeline, RingError};

/// The ring of a pipeline.
///
/// A slot takes 384 bytes: 256 slots are 96 KiB, 4,096 are 1.5 MiB, 16,384 (the default) 6 MiB, 65,536 are 24 MiB,
/// 262,144 are 96 MiB. Choose peak spans a second × drain interval × 1.5 to 2.
#[derive(Clone, Copy)]
pub struct RingControl {
    pipeline: &'static Pipeline,
}

/// The ring that spans opened on this thread go to: the process's, or that of an isolated scope.
pub fn ring() -> RingControl {
    RingControl { pipeline: Local::with(|local| local.pipeline.get()) }
}

impl RingControl {
    pub(crate) const fn of(pipeline: &'static Pipeline) -> Self {
        Self { pipeline }
    }

    /// Sets the number of slots: a power of two from 256 to 16,777,216. To be called before the first span, or after
    /// a failed allocation: the next span then tries again.
    ///
    /// # Errors
    /// [`RingError::InvalidCapacity`] for a number that is not one, whether the ring is live or not;
    /// [`RingError::AlreadyInUse`] for a valid one when it is live.
    ///
    /// # Examples
    /// ```
    /// let error = telemetry_core::ring().configure(1023).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "ring capacity 1023 is invalid: expected a power of two from 256 to 16777216"
    /// );
    /// ```
    pub fn configure(&self, capacity: usize) -> Result<(), RingError> {
        self.pipeline.ring.configure(capacity)
    }

    /// The number of slots: live, or intended before the start and after a failed one.
    pub fn capacity(&self) -> usize {
        self.pipeline.ring.capacity()
    }

    /// Whether there is a ring: false before the first span and after a failed allocation.
    pub fn is_operational(&self) -> bool {
        self.pipeline.ring.allocated().is_some()
    }

    /// How many spans were dropped since the start, for any reason.
    pub fn dropped_count(&self) -> u64 {
        self.pipeline.accounting().dropped()
    }

    /// The share of slots that are reserved, open or waiting for the drain, from 0 to 1.
    pub fn occupancy(&self) -> f64 {
        self.pipeline.ring.allocated().map_or(0.0, |ring| ring.occupied() as f64 / ring.capacity() as f64)
    }
}

impl std::fmt::Debug for RingControl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RingControl")
            .field("capacity", &self.capacity())
            .field("is_operational", &self.is_operational())
            .field("dropped_count", &self.dropped_count())
            .field("occupancy", &self.occupancy())
            .finish()
    }
}
