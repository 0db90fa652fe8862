//! Finding a value's bucket by the top bits of the value.
//!
//! The bits of positive floating-point numbers, read as integers, stand in the order of the numbers; cut off a few bits
//! below the exponent they number intervals, up to 32 in each power of two. A table says for each interval how many
//! bounds lie below it. Usually at most one lies inside, so a value takes one look and one comparison, and no branch
//! that depends on it.

use super::buckets::are_valid;

/// Intervals at the most.
const INTERVALS: usize = 128;
/// Up to how many comparisons the table is worth having.
const MAX_STEPS: u8 = 8;
/// Bits of a number's fraction.
const FRACTION: u32 = 52;

/// The bounds of a histogram, with the table that finds a value's bucket.
#[derive(Debug)]
pub(super) struct BucketIndex {
    pub(super) bounds: &'static [f64],
    /// The same where one comparison is enough; else none.
    at_once: &'static [f64],
    /// Where the interval of the first positive bound begins.
    from: f64,
    /// The last bound.
    to: f64,
    /// The number of the interval `from` begins.
    low: u32,
    /// The bits cut off.
    shift: u32,
    /// The largest number of bounds in one interval; 0 where there is no table.
    steps: u8,
    /// How many bounds lie below each interval. The first one takes all that is below it too.
    below: [u8; INTERVALS],
}

impl BucketIndex {
    pub(super) const fn new(bounds: &'static [f64]) -> Self {
        let below = [0; INTERVALS];
        let mut best =
            Self { bounds, at_once: &[], from: 0.0, to: 0.0, low: 0, shift: FRACTION, steps: 0, below };
        // Bounds that are not valid are refused where they are declared.
        let mut fraction_bits = if are_valid(bounds) { 0 } else { FRACTION };
        while fraction_bits <= 5 && best.steps != 1 {
            if let Some(index) = Self::cut(bounds, FRACTION - fraction_bits)
                && (best.steps == 0 || index.steps < best.steps)
            {
                best = index;
            }
            fraction_bits += 1;
        }
        best
    }

    /// The table over intervals as long as `shift` makes them, where it pays.
    const fn cut(bounds: &'static [f64], shift: u32) -> Option<Self> {
        let mut positive = 0;
        while positive < bounds.len() && bounds[positive] <= 0.0 {
            positive += 1;
        }
        if positive == bounds.len() || bounds.len() > u8::MAX as usize {
            return None;
        }
        let to = bounds[bounds.len() - 1];
        let low = interval(bounds[positive], shift);
        let last = interval(to, shift) - low;
        if last as usize >= INTERVALS {
            return None;
        }
        let mut below = [0; INTERVALS];
        let mut steps = 0;
        let mut at = 0;
        let mut number = 0;
        while number <= last {
            below[number as usize] = at as u8;
            let first = at;
            while at < bounds.len() && (at < positive || interval(bounds[at], shift) - low == number) {
                at += 1;
            }
            if at - first > steps {
                steps = at - first;
            }
            number += 1;
        }
        if steps > MAX_STEPS as usize {
            return None;
        }
        let from = f64::from_bits((low as u64) << shift);
        let at_once: &[f64] = if steps == 1 { bounds } else { &[] };
        Some(Self { bounds, at_once, from, to, low, shift, steps: steps as u8, below })
    }

    /// The bucket of a value: the first whose bound is not below it, or one past the last bound. Found with one
    /// comparison, or not at all where that does not do.
    #[inline(always)]
    pub(super) fn bucket_at_once(&self, value: f64) -> Option<usize> {
        let first = self.first_of(value);
        self.at_once.get(first).map(|bound| first + usize::from(*bound < value))
    }

    /// The bucket of a value, found as it may be.
    pub(super) fn bucket_of(&self, value: f64) -> usize {
        if self.steps == 0 {
            return self.bounds.partition_point(|bound| *bound < value);
        }
        let first = self.first_of(value);
        let last = self.bounds.len().min(first + usize::from(self.steps));
        first + self.bounds[first..last].iter().filter(|bound| **bound < value).count()
    }

    /// The first bucket of the interval a value lies in.
    #[inline(always)]
    fn first_of(&self, value: f64) -> usize {
        // As numbers, each one instruction: as integers it would be branches nobody can predict.
        let value = if value > self.from { value } else { self.from };
        let value = if value < self.to { value } else { self.to };
        let number = interval(value, self.shift).wrapping_sub(self.low);
        usize::from(self.below[number as usize % INTERVALS])
    }
}

/// The number of the interval a value lies in, which is not negative.
#[inline(always)]
const fn interval(value: f64, shift: u32) -> u32 {
    (value.to_bits() >> (shift & 63)) as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::buckets::{DEFAULT_BUCKETS, exponential, linear};
    use super::*;

    fn check(bounds: &'static [f64], value: f64) {
        let index = BucketIndex::new(bounds);
        let expected = bounds.iter().filter(|bound| **bound < value).count();
        assert_eq!(index.bucket_of(value), expected, "{value} in {bounds:?} by {} steps", index.steps);
        assert_eq!(
            index.bucket_at_once(value),
            (index.steps == 1).then_some(expected),
            "{value} in {bounds:?}"
        );
    }

    #[test]
    fn the_default_buckets_take_one_comparison() {
        assert_eq!(BucketIndex::new(DEFAULT_BUCKETS).steps, 1);
    }

    #[test]
    fn a_value_on_a_bound_belongs_to_that_bucket() {
        static LINEAR: [f64; 100] = linear(0.0, 1.0);
        static TENS: [f64; 20] = exponential(1e-9, 10.0);
        static TWOS: [f64; 40] = exponential(1e-6, 2.0);
        static BELOW: [f64; 5] = [-2.0, -1.0, 0.0, 1e-300, 3.0];
        static NEGATIVE: [f64; 2] = [-2.0, -1.0];
        let all: [&[f64]; 7] =
            [DEFAULT_BUCKETS, &LINEAR, &TENS, &TWOS, &BELOW, &NEGATIVE, &[f64::MIN_POSITIVE, f64::MAX]];
        for bounds in all {
            for bound in bounds {
                for value in [*bound, bound.next_up(), bound.next_down()] {
                    check(bounds, value);
                }
            }
            for value in [0.0, -0.0, 1.0, -1e300, f64::MIN, f64::MAX, 5e-324, -5e-324] {
                check(bounds, value);
            }
        }
    }

    proptest! {
        #[test]
        fn the_table_and_the_plain_search_agree(
            mut bounds in prop::collection::vec(prop_oneof![-10.0..1e4, 1e-4..1.0, any::<i16>().prop_map(f64::from)], 1..40),
            values in prop::collection::vec(prop_oneof![-10.0..1e4, 1e-5..1.0, any::<f64>().prop_filter("finite", |value| value.is_finite())], 50),
        ) {
            bounds.sort_by(f64::total_cmp);
            bounds.dedup();
            let bounds: &'static [f64] = bounds.leak();
            for value in values.into_iter().chain(bounds.iter().copied()) {
                check(bounds, value);
            }
        }
    }
}
