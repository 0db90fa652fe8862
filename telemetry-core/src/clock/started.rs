//! When something started, by the clock of the spans: for what is measured beside them, so that one reading serves both.

use super::Timeline;
use super::source::fast_ticks;
use crate::context::Local;
use crate::pipeline::GLOBAL;

/// When something started, and by which clock it will be told how long it takes.
#[derive(Clone, Copy, Debug)]
pub struct Started {
    at: u64,
    /// Seconds a tick of the fast clock; zero where `at` is of the nanoseconds of the timeline.
    rate: f64,
    timeline: &'static Timeline,
}

/// How long something took.
#[derive(Clone, Copy, Debug)]
pub struct Lapse {
    began: Started,
    end: u64,
}

impl Started {
    /// Now, on this thread.
    pub fn now() -> Self {
        Local::with(|local| Self::read(&local.pipeline.get().timeline))
    }

    /// When the fast clock showed this in the process's pipeline; now, while its rate is not known.
    #[inline]
    pub(crate) fn of_fast_ticks(ticks: u64) -> Self {
        match GLOBAL.timeline.fast_rate() {
            0.0 => Self::read(&GLOBAL.timeline),
            rate => Self { at: ticks, rate, timeline: &GLOBAL.timeline },
        }
    }

    fn read(timeline: &'static Timeline) -> Self {
        let began = Self { at: 0, rate: timeline.fast_rate(), timeline };
        Self { at: began.read_again(), ..began }
    }

    /// Reads the same clock.
    #[inline]
    fn read_again(&self) -> u64 {
        if self.rate == 0.0 { self.timeline.monotonic_nanos() } else { fast_ticks() }
    }

    /// How long it has taken so far.
    pub fn until_now(self) -> Lapse {
        Lapse { began: self, end: self.read_again() }
    }
}

impl Lapse {
    /// Seconds; never below zero.
    pub fn seconds(self) -> f64 {
        let passed = self.end.saturating_sub(self.began.at) as f64;
        if self.began.rate == 0.0 { passed / 1e9 } else { passed * self.began.rate }
    }

    /// The end by the fast clock, where that was read.
    pub(crate) fn fast_ticks(self) -> Option<u64> {
        (self.began.rate != 0.0).then_some(self.end)
    }
}
