//! A limit on how many traces are recorded in a second.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{AlwaysSample, Decision, Sampler, SamplingParameters};
use crate::context::Local;
use crate::forking::get_or_make;

/// The time in which no more traces than the limit are recorded.
const WINDOW_NANOS: u64 = 1_000_000_000;

/// Records at most so many traces in any second, of those that a policy inside wants.
///
/// The limit holds for every span of time of one second, not for the seconds of the clock: a trace is recorded when the
/// one that came that many before it began a second ago. Threads that come at the very same moment may see fewer
/// recorded, never more. Decides without a lock; at the first trace it allocates eight bytes for each of the limit.
///
/// A `static` one is shared by all that name it, and by all isolated scopes of tests.
///
/// ```
/// use telemetry_core::testing::Scope;
/// use telemetry_core::{RateLimitSample, trace};
///
/// static FEW: RateLimitSample = RateLimitSample::per_second(2);
///
/// #[trace(name = "books.browse", sample = FEW)]
/// fn browse() {}
///
/// let scope = Scope::new();
/// for _ in 0..5 {
///     browse();
/// }
/// scope.advance(std::time::Duration::from_secs(1));
/// browse();
/// assert_eq!(scope.spans().len(), 3);
/// ```
pub struct RateLimitSample<S = AlwaysSample> {
    limit: u16,
    inner: S,
    /// When the last traces were recorded, as many as the limit, in a circle; zero where there was none.
    recorded: OnceLock<Box<[AtomicU64]>>,
    /// How many traces were recorded; its remainder is the place of the oldest in the circle. Written by the thread
    /// that has just taken that place.
    count: AtomicU64,
}

impl RateLimitSample {
    /// Records every trace up to so many a second; none when that is 0.
    pub const fn per_second(limit: u16) -> Self {
        Self::of(limit, AlwaysSample)
    }
}

impl<S> RateLimitSample<S> {
    /// Records the traces that `inner` wants, up to so many a second; what it does not want counts nothing.
    pub const fn of(limit: u16, inner: S) -> Self {
        Self { limit, inner, recorded: OnceLock::new(), count: AtomicU64::new(0) }
    }

    /// Whether one more trace may be recorded at `now`; if so it is counted.
    fn takes(&self, now: u64) -> bool {
        let recorded = get_or_make(&self.recorded, || (0..self.limit).map(|_| AtomicU64::new(0)).collect());
        loop {
            // Acquire: pairs with the Release below; with the count comes the place that was taken before it.
            let count = self.count.load(Ordering::Acquire);
            let Some(place) = count.checked_rem(u64::from(self.limit)) else { return false };
            let place = &recorded[place as usize];
            let oldest = place.load(Ordering::Relaxed);
            // A time that lies further ahead is of another pipeline's clock.
            if now.abs_diff(oldest) < WINDOW_NANOS {
                if self.count.load(Ordering::Acquire) == count {
                    return false;
                }
            } else if place.compare_exchange(oldest, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                // Release: pairs with the Acquire above. Nobody else moves the count while this place is the next.
                self.count.store(count + 1, Ordering::Release);
                return true;
            }
        }
    }
}

impl<S: Sampler> Sampler for RateLimitSample<S> {
    fn sample(&self, parameters: &SamplingParameters<'_>) -> Decision {
        let now = || Local::with(|local| local.pipeline.get().timeline.monotonic_nanos());
        match self.inner.sample(parameters) {
            // How many traces one stands for cannot be told any more.
            Decision::Record | Decision::RecordAbove(_) if self.takes(now()) => Decision::Record,
            Decision::Watch => Decision::Watch,
            _ => Decision::Drop,
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for RateLimitSample<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimitSample")
            .field("limit", &self.limit)
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = WINDOW_NANOS;

    #[test]
    fn no_second_has_more_than_the_limit() {
        let limit = RateLimitSample::per_second(3);
        let mut taken = Vec::new();
        // Prime steps, so that traces fall everywhere in a second.
        for now in (0..20 * SECOND).step_by(130_000_013).map(|now| now + 5 * SECOND) {
            if limit.takes(now) {
                taken.push(now);
            }
        }
        assert!(taken.windows(4).all(|four| four[3] - four[0] >= SECOND), "{taken:?}");
        assert!(taken.len() > 50, "{} of 60", taken.len());
    }

    #[test]
    fn the_limit_may_come_at_once_and_again_a_second_later() {
        let limit = RateLimitSample::per_second(5);
        let at = |now| (0..100).filter(|_| limit.takes(now)).count();
        assert_eq!(at(SECOND), 5);
        assert_eq!(at(2 * SECOND - 1), 0);
        assert_eq!(at(2 * SECOND), 5);
        assert_eq!((0..10).filter(|_| RateLimitSample::per_second(0).takes(SECOND)).count(), 0);
    }

    #[test]
    fn threads_never_exceed_it_together() {
        let limit = RateLimitSample::per_second(1_000);
        let taken: usize = std::thread::scope(|threads| {
            let count = || (0..5_000).filter(|_| limit.takes(SECOND)).count();
            let threads: Vec<_> = (0..4).map(|_| threads.spawn(count)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(taken, 1_000);
    }
}
