//! Epochs: straight lines from ticks to wall time.

use super::DRIFT_LIMIT_NANOS;
use super::source::{Source, monotonic_nanos, wall_nanos};

/// Epochs kept; a trace that outlives so many later ones is read by the oldest that is left.
const KEPT: usize = 256;
/// The shortest stretch from which the rate of the ticks is taken.
const MIN_BASELINE_NANOS: u64 = 2_000_000;

/// One reading of all clocks at the same moment.
#[derive(Clone, Copy, Debug)]
struct Reading {
    ticks: u64,
    monotonic: u64,
    wall: u64,
}

impl Reading {
    /// The tightest of a few readings: the wall and monotonic clocks between two looks at the ticks.
    fn take(source: Source) -> Self {
        (0..5)
            .map(|_| {
                let before = source.ticks();
                let (wall, monotonic) = (wall_nanos(), monotonic_nanos());
                let after = source.ticks();
                let width = after.saturating_sub(before);
                (width, Self { ticks: before + width / 2, monotonic, wall })
            })
            .min_by_key(|(width, _)| *width)
            .map_or(Self { ticks: 0, monotonic: 0, wall: 0 }, |(_, reading)| reading)
    }
}

/// A line through one reading.
#[derive(Clone, Copy, Debug)]
struct Epoch {
    ticks: u64,
    wall: u64,
    nanos_per_tick: f64,
}

impl Epoch {
    fn unix_nanos(&self, ticks: u64) -> u64 {
        if ticks >= self.ticks {
            self.wall.saturating_add(scale(ticks - self.ticks, self.nanos_per_tick))
        } else {
            self.wall.saturating_sub(scale(self.ticks - ticks, self.nanos_per_tick))
        }
    }
}

fn scale(ticks: u64, nanos_per_tick: f64) -> u64 {
    (ticks as f64 * nanos_per_tick) as u64
}

/// Every line that a span may still refer to.
#[derive(Clone, Debug)]
pub(super) struct Epochs {
    first: Option<Reading>,
    lines: Vec<Epoch>,
    current: usize,
}

impl Epochs {
    pub(super) const fn new() -> Self {
        Self { first: None, lines: Vec::new(), current: 0 }
    }

    /// Takes the reading that the rate will be measured from.
    pub(super) fn begin(&mut self, source: Source) {
        self.first = Some(Reading::take(source));
        self.lines.clear();
        self.current = 0;
    }

    /// Makes sure that there is a line, waiting out the shortest baseline where spans are read at once after the start.
    pub(super) fn settle(&mut self, source: Source) {
        if source == Source::Manual || !self.lines.is_empty() {
            return;
        }
        let first = *self.first.get_or_insert_with(|| Reading::take(source));
        let mut now = Reading::take(source);
        while now.monotonic.saturating_sub(first.monotonic) < MIN_BASELINE_NANOS {
            std::hint::spin_loop();
            now = Reading::take(source);
        }
        self.lines.push(Epoch { ticks: first.ticks, wall: first.wall, nanos_per_tick: rate(&first, &now) });
    }

    /// Compares the current line with the clocks; returns the number of the line for traces that begin now.
    pub(super) fn anchor(&mut self, source: Source) -> u32 {
        self.settle(source);
        let now = Reading::take(source);
        if let (Some(first), Some(line)) = (self.first, self.lines.get(self.current)) {
            if line.unix_nanos(now.ticks).abs_diff(now.wall) > DRIFT_LIMIT_NANOS {
                let epoch = Epoch { ticks: now.ticks, wall: now.wall, nanos_per_tick: rate(&first, &now) };
                self.current = (self.current + 1) % KEPT;
                if self.current == self.lines.len() {
                    self.lines.push(epoch);
                } else {
                    self.lines[self.current] = epoch;
                }
            }
        }
        self.current as u32
    }

    fn line(&self, epoch: u32) -> Option<&Epoch> {
        self.lines.get(epoch as usize).or_else(|| self.lines.first())
    }

    pub(super) fn unix_nanos(&self, epoch: u32, ticks: u64) -> u64 {
        self.line(epoch).map_or(0, |line| line.unix_nanos(ticks))
    }

    pub(super) fn nanos(&self, epoch: u32, ticks: u64) -> u64 {
        self.line(epoch).map_or(0, |line| scale(ticks, line.nanos_per_tick))
    }
}

/// Nanoseconds a tick, over the whole time since the first reading.
fn rate(first: &Reading, now: &Reading) -> f64 {
    let ticks = now.ticks.saturating_sub(first.ticks).max(1);
    now.monotonic.saturating_sub(first.monotonic).max(1) as f64 / ticks as f64
}
