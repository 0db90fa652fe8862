//! Time spent, without that of the clock.

use std::time::{Duration, Instant};

use benches::cpu_time;
use benches::statistics::median;

/// A clock, and what reading it costs.
pub(crate) struct Spent<T> {
    now: fn() -> T,
    since: fn(T, T) -> Duration,
    own_nanos: f64,
}

/// The time on the wall.
pub(crate) fn wall() -> Spent<Instant> {
    Spent::new(Instant::now, |from, to| to - from)
}

/// The processor time of the calling thread.
pub(crate) fn on_thread() -> Spent<Duration> {
    Spent::new(cpu_time::of_thread, |from, to| to - from)
}

/// The processor time of the process.
pub(crate) fn in_process() -> Spent<Duration> {
    Spent::new(cpu_time::of_process, |from, to| to - from)
}

impl<T> Spent<T> {
    fn new(now: fn() -> T, since: fn(T, T) -> Duration) -> Self {
        let nothing = Self { now, since, own_nanos: 0.0 };
        let own_nanos = median((0..101).map(|_| nothing.nanos(|| {})));
        Self { own_nanos, ..nothing }
    }

    /// What `work` takes, in nanoseconds.
    pub(crate) fn nanos(&self, work: impl FnOnce()) -> f64 {
        let from = (self.now)();
        work();
        let to = (self.now)();
        (self.since)(from, to).as_nanos() as f64 - self.own_nanos
    }
}
