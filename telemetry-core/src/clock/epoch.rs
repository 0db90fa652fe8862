//! Epochs: straight lines from ticks to wall time.

use super::DRIFT_LIMIT_NANOS;
use super::source::{Source, monotonic_nanos, wall_nanos};

/// Epochs kept; a trace that outlives so many later ones is read by the line that has taken its number.
const KEPT: usize = 256;
/// The shortest stretch from which the rate of the ticks is taken.
const MIN_BASELINE_NANOS: u64 = 2_000_000;

/// One reading of all clocks at the same moment.
#[derive(Clone, Copy, Debug)]
struct Reading {
    /// How far apart the two looks at the ticks were.
    width: u64,
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
                (width, Self { width, ticks: before + width / 2, monotonic, wall })
            })
            .min_by_key(|(width, _)| *width)
            .map_or(Self { width: u64::MAX, ticks: 0, monotonic: 0, wall: 0 }, |(_, reading)| reading)
    }
}

/// A line through one reading.
#[derive(Clone, Copy, Debug)]
struct Epoch {
    ticks: u64,
    wall: u64,
    rate: Rate,
}

/// A straight line from ticks to wall time, as it is written down for other processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Ticks at a moment,
    pub(crate) ticks: u64,
    /// and the nanoseconds since the Unix epoch at the same moment.
    pub(crate) wall: u64,
    /// Nanoseconds a tick, in units of 2⁻⁵⁶.
    pub(crate) rate: u64,
}

/// Nanoseconds a tick, in units of 2⁻⁵⁶: exact to fifteen digits, and a multiplication and a shift to apply.
#[derive(Clone, Copy, Debug)]
struct Rate(u64);

impl Rate {
    const SHIFT: u32 = 56;

    /// The rate at which so many nanoseconds passed in so many ticks; below 256.
    fn of(nanos: u64, ticks: u64) -> Self {
        Self(((u128::from(nanos.max(1)) << Self::SHIFT) / u128::from(ticks.max(1))).min(u64::MAX.into())
            as u64)
    }

    #[inline(always)]
    fn nanos(self, ticks: u64) -> u64 {
        ((u128::from(ticks) * u128::from(self.0)) >> Self::SHIFT) as u64
    }
}

impl Epoch {
    fn unix_nanos(&self, ticks: u64) -> u64 {
        if ticks >= self.ticks {
            self.wall.saturating_add(self.rate.nanos(ticks - self.ticks))
        } else {
            self.wall.saturating_sub(self.rate.nanos(self.ticks - ticks))
        }
    }
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
        self.lines.push(Epoch { ticks: first.ticks, wall: first.wall, rate: rate(&first, &now) });
    }

    /// Compares the current line with the clocks; returns the number of the line for traces that begin now.
    pub(super) fn anchor(&mut self, source: Source) -> u32 {
        self.settle(source);
        self.observe(Reading::take(source));
        self.current as u32
    }

    /// Begins a new line where the current one and the wall clock have parted.
    fn observe(&mut self, now: Reading) {
        let (Some(first), Some(line)) = (self.first, self.lines.get(self.current)) else { return };
        // A reading that was interrupted says nothing of the clock.
        let interrupted = line.rate.nanos(now.width) > DRIFT_LIMIT_NANOS / 2;
        if interrupted || line.unix_nanos(now.ticks).abs_diff(now.wall) <= DRIFT_LIMIT_NANOS {
            return;
        }
        let epoch = Epoch { ticks: now.ticks, wall: now.wall, rate: rate(&first, &now) };
        self.current = (self.current + 1) % KEPT;
        if self.current == self.lines.len() {
            self.lines.push(epoch);
        } else {
            self.lines[self.current] = epoch;
        }
    }

    /// The lines, by the numbers of their epochs.
    pub(super) fn lines(&self) -> Vec<Line> {
        let written = |line: &Epoch| Line { ticks: line.ticks, wall: line.wall, rate: line.rate.0 };
        self.lines.iter().map(written).collect()
    }

    /// The epochs of another process.
    pub(super) fn of_lines(lines: &[Line]) -> Self {
        let read = |line: &Line| Epoch { ticks: line.ticks, wall: line.wall, rate: Rate(line.rate) };
        Self { lines: lines.iter().map(read).collect(), ..Self::new() }
    }

    fn line(&self, epoch: u32) -> Option<&Epoch> {
        self.lines.get(epoch as usize).or_else(|| self.lines.first())
    }

    pub(super) fn unix_nanos(&self, epoch: u32, ticks: u64) -> u64 {
        self.line(epoch).map_or(0, |line| line.unix_nanos(ticks))
    }

    /// Seconds a tick, by the line of an epoch; zero before there is one.
    pub(super) fn seconds_a_tick(&self, epoch: u32) -> f64 {
        self.line(epoch).map_or(0.0, |line| line.rate.0 as f64 / (1_u64 << Rate::SHIFT) as f64 / 1e9)
    }

    pub(super) fn nanos(&self, epoch: u32, ticks: u64) -> u64 {
        self.line(epoch).map_or(0, |line| line.rate.nanos(ticks))
    }
}

/// Nanoseconds a tick, over the whole time since the first reading.
fn rate(first: &Reading, now: &Reading) -> Rate {
    let ticks = now.ticks.saturating_sub(first.ticks);
    Rate::of(now.monotonic.saturating_sub(first.monotonic), ticks)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000_000_000;

    /// Clocks of two ticks a nanosecond, at `seconds` since the start, the wall clock off by `step`.
    fn reading(seconds: u64, step: i64) -> Reading {
        let nanos = seconds * 1_000_000_000;
        Reading {
            width: 100,
            ticks: nanos * 2,
            monotonic: nanos,
            wall: (10 * HOUR + nanos).wrapping_add_signed(step),
        }
    }

    fn epochs() -> Epochs {
        let (first, second) = (reading(1, 0), reading(2, 0));
        let line = Epoch { ticks: first.ticks, wall: first.wall, rate: rate(&first, &second) };
        Epochs { first: Some(first), lines: vec![line], current: 0 }
    }

    #[test]
    fn a_clock_that_agrees_keeps_its_line() {
        let mut epochs = epochs();
        epochs.observe(reading(3, 40_000));
        assert_eq!(epochs.current, 0);
    }

    #[test]
    fn a_wall_clock_step_begins_a_line_and_leaves_open_traces_on_theirs() {
        let mut epochs = epochs();
        let hour_back = -(HOUR as i64);
        epochs.observe(reading(5, hour_back));
        assert_eq!(epochs.current, 1, "traces that begin now follow the wall clock");
        assert_eq!(epochs.unix_nanos(1, reading(6, 0).ticks), reading(6, hour_back).wall);
        // A trace that began before the step goes on along its own line: its children never start before it.
        let (root, child) = (reading(4, 0), reading(6, 0));
        assert_eq!(epochs.unix_nanos(0, root.ticks), root.wall);
        assert_eq!(epochs.unix_nanos(0, child.ticks), child.wall);
        assert_eq!(epochs.nanos(0, child.ticks - root.ticks), 2_000_000_000);
        assert!((epochs.seconds_a_tick(1) - 0.5e-9).abs() < 1e-18);
    }

    #[test]
    fn a_rate_is_exact_over_a_year() {
        let year = 365 * 24 * HOUR;
        // 2.6 GHz, measured over two milliseconds and over an hour.
        for (nanos, ticks) in [(2_000_000, 5_200_000), (HOUR, HOUR / 10 * 26)] {
            let passed = Rate::of(nanos, ticks).nanos(year / 10 * 26);
            assert!(passed.abs_diff(year) <= 10, "{passed}");
        }
        assert_eq!(Rate::of(1, 1).nanos(u64::MAX), u64::MAX);
    }

    #[test]
    fn lines_are_bounded() {
        let mut epochs = epochs();
        for step in 1..1_000 {
            epochs.observe(reading(5 + step, step as i64 * 1_000_000_000));
        }
        assert_eq!(epochs.lines.len(), KEPT);
    }
}
