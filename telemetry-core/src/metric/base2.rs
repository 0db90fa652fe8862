//! Base-2 exponential histograms: buckets that grow by a fixed factor, and the form in which sinks receive them.
//!
//! Bucket `i` of scale `s` holds what is above `2^(i/2^s)` and not above `2^((i+1)/2^s)`, as OpenTelemetry's data model
//! has it: each power of two is divided into `2^s` buckets. An instrument declares the range it covers, so that its
//! series take a fixed number of cells and an update costs what one of an explicit histogram costs; a reader that wants
//! fewer buckets joins neighbours two by two.

use std::sync::Arc;

/// `2^(k/32)`, correctly rounded.
#[rustfmt::skip]
#[expect(clippy::unreadable_literal, clippy::approx_constant, reason = "a table is not read digit by digit")]
const FRACTIONS: [f64; 1 << MAX_SCALE] = [
    1.0, 1.0218971486541166, 1.0442737824274138, 1.0671404006768237,
    1.0905077326652577, 1.1143867425958924, 1.1387886347566916, 1.1637248587775775,
    1.189207115002721, 1.215247359980469, 1.241857812073484, 1.2690509571917332,
    1.2968395546510096, 1.3252366431597413, 1.3542555469368927, 1.383909881963832,
    1.4142135623730951, 1.4451808069770467, 1.4768261459394993, 1.5091644275934228,
    1.5422108254079407, 1.5759808451078865, 1.6104903319492543, 1.645755478153965,
    1.681792830507429, 1.718619298122478, 1.7562521603732995, 1.7947090750031072,
    1.8340080864093424, 1.8741676341103, 1.9152065613971474, 1.9571441241754002,
];

/// The finest scale there is: 32 buckets a power of two, 2.2 % apart.
const MAX_SCALE: u32 = 5;
/// The most buckets of one histogram: 8 KiB a series and thread.
const MAX_BUCKETS: i64 = 1_024;
/// The exponents of normal numbers.
const MIN_EXPONENT: i64 = -1_022;
const MAX_EXPONENT: i64 = 1_023;
const FRACTION_BITS: u32 = 52;

/// The range and the resolution of a base-2 exponential histogram.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Base2 {
    scale: u32,
    /// The exponent of the power of two the range begins at.
    from: i64,
    /// That of the one it ends at.
    to: i64,
}

impl Base2 {
    /// The shape that covers a range, rounded outwards to powers of two; one of a single power of two where
    /// [`is_valid`](Self::is_valid) says no.
    pub const fn covering(from: f64, to: f64, scale: u32) -> Self {
        if !Self::is_valid(from, to, scale) {
            return Self { scale: 0, from: 0, to: 1 };
        }
        Self { scale, from: exponent_below(from), to: exponent_above(to) }
    }

    /// Whether there is such a shape: the range positive, of normal numbers and not empty, the scale from 0 to 5, and
    /// no more than 1,024 buckets.
    pub const fn is_valid(from: f64, to: f64, scale: u32) -> bool {
        if !(from >= f64::MIN_POSITIVE && to > from && to <= power_of_two(MAX_EXPONENT) && scale <= MAX_SCALE)
        {
            return false;
        }
        (exponent_above(to) - exponent_below(from)) << scale <= MAX_BUCKETS
    }

    /// How many bounds there are: one more than buckets.
    pub const fn bound_count(self) -> usize {
        (((self.to - self.from) << self.scale) + 1) as usize
    }

    /// The bounds of the buckets; the first one is the end of the bucket of zero.
    pub const fn bounds<const N: usize>(self) -> [f64; N] {
        let mut bounds = [0.0; N];
        let mut at = 0;
        while at < N {
            bounds[at] = bound(self.scale, self.offset() + at as i64);
            at += 1;
        }
        bounds
    }

    /// The index of the first bucket.
    const fn offset(self) -> i64 {
        self.from << self.scale
    }

    /// What was counted: `counts` has one for the first bound and below, one for each bucket, and one for what is above
    /// the range.
    pub(super) fn counted(self, counts: &[u64], sum: f64) -> ExponentialHistogram {
        let (zero_count, counts) = counts.split_first().map_or((0, &[][..]), |(zero, rest)| (*zero, rest));
        ExponentialHistogram {
            scale: self.scale as i32,
            offset: self.offset() as i32,
            counts: counts.to_vec(),
            zero_count,
            zero_threshold: power_of_two(self.from),
            sum,
        }
    }
}

/// The value of a base-2 exponential histogram.
#[derive(Clone, Debug, PartialEq)]
pub struct ExponentialHistogram {
    /// The resolution: a power of two is divided into `2^scale` buckets.
    pub scale: i32,
    /// The index of the first of `counts`. Bucket `i` holds values above `2^(i/2^scale)`, up to and with
    /// `2^((i+1)/2^scale)`.
    pub offset: i32,
    /// Observations in each bucket, not cumulative. As the instrument counts them all of its range is there, and behind
    /// it one more bucket for whatever is above.
    pub counts: Vec<u64>,
    /// Observations at or below `zero_threshold`: too small for the range, zero, or negative.
    pub zero_count: u64,
    /// Where the range begins.
    pub zero_threshold: f64,
    /// The sum of all observations.
    pub sum: f64,
}

impl ExponentialHistogram {
    /// The number of observations.
    pub fn count(&self) -> u64 {
        self.counts.iter().fold(self.zero_count, |sum, count| sum.saturating_add(*count))
    }

    /// Whether the counts of both are of the same buckets, so that they can be added up or subtracted one by one.
    pub fn has_buckets_of(&self, other: &Self) -> bool {
        let buckets = |one: &Self| (one.scale, one.offset, one.counts.len(), one.zero_threshold.to_bits());
        buckets(self) == buckets(other)
    }

    /// The same with buckets joined until their scale is `scale`; unchanged where it is no finer than that.
    ///
    /// # Examples
    /// ```
    /// use telemetry_core::metric::snapshot::ExponentialHistogram;
    ///
    /// let fine = ExponentialHistogram {
    ///     scale: 1,
    ///     offset: -2,
    ///     counts: vec![1, 2, 3, 4],
    ///     zero_count: 5,
    ///     zero_threshold: 0.5,
    ///     sum: 9.0,
    /// };
    /// let coarse = fine.clone().at_scale(0);
    /// assert_eq!((coarse.offset, coarse.counts.as_slice()), (-1, &[3, 7][..]));
    /// assert_eq!(coarse.count(), fine.count());
    /// ```
    #[must_use]
    pub fn at_scale(mut self, scale: i32) -> Self {
        let shift = self.scale.saturating_sub(scale).clamp(0, 31) as u32;
        if shift == 0 {
            return self;
        }
        let first = self.offset >> shift;
        let mut counts = Vec::with_capacity((self.counts.len() >> shift) + 2);
        for (index, count) in (self.offset..).zip(&self.counts) {
            let at = ((index >> shift) - first) as usize;
            counts.resize(counts.len().max(at + 1), 0);
            counts[at] += count;
        }
        self.scale -= shift as i32;
        self.offset = first;
        self.counts = counts;
        self
    }

    /// The same without empty buckets at either end, and joined until there are at most `buckets`, and at
    /// least 2: what is above one and what is not never share a bucket.
    ///
    /// OpenTelemetry's recommended limit is 160.
    #[must_use]
    pub fn at_most(mut self, buckets: usize) -> Self {
        loop {
            let used = |count: &u64| *count != 0;
            let first = self.counts.iter().position(used).unwrap_or(self.counts.len());
            self.counts.drain(..first);
            self.counts.truncate(self.counts.iter().rposition(used).map_or(0, |last| last + 1));
            self.offset = if self.counts.is_empty() { 0 } else { self.offset + first as i32 };
            if self.counts.len() <= buckets.max(2) {
                return self;
            }
            let scale = self.scale - 1;
            self = self.at_scale(scale);
        }
    }

    /// Upper bounds and counts as those of an explicit histogram: the first bound is `zero_threshold`, the last count
    /// that of the infinite bucket.
    ///
    /// This holds for what an instrument counted, joined or not: its range begins at `zero_threshold`, and what is above
    /// it has a bucket of its own.
    pub fn explicit(&self) -> (Arc<[f64]>, Vec<u64>) {
        let shift = self.scale.clamp(0, MAX_SCALE as i32) as u32;
        let upper = (1..self.counts.len()).map(|at| bound(shift, i64::from(self.offset) + at as i64));
        let bounds = std::iter::once(self.zero_threshold).chain(upper).collect();
        let counts = std::iter::once(self.zero_count).chain(self.counts.iter().copied()).collect();
        (bounds, counts)
    }
}

/// `2^(index/2^scale)`.
const fn bound(scale: u32, index: i64) -> f64 {
    let fraction = (index & ((1 << scale) - 1)) as usize;
    power_of_two(index >> scale) * FRACTIONS[fraction << (MAX_SCALE - scale)]
}

/// `2^exponent`, of a normal number's exponent.
const fn power_of_two(exponent: i64) -> f64 {
    f64::from_bits(((exponent - MIN_EXPONENT + 1) as u64) << FRACTION_BITS)
}

/// The exponent of the last power of two that is not above a normal positive number.
const fn exponent_below(value: f64) -> i64 {
    (value.to_bits() >> FRACTION_BITS) as i64 + MIN_EXPONENT - 1
}

/// The exponent of the first power of two that is not below it.
const fn exponent_above(value: f64) -> i64 {
    let below = exponent_below(value);
    if power_of_two(below) < value { below + 1 } else { below }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_range_is_rounded_outwards_to_powers_of_two() {
        let shape = Base2::covering(1e-6, 1e3, 3);
        assert_eq!((shape.from, shape.to, shape.bound_count()), (-20, 10, 30 * 8 + 1));
        let bounds = Base2::covering(0.25, 4.0, 0).bounds::<5>();
        assert_eq!(bounds.map(f64::to_bits), [0.25, 0.5, 1.0, 2.0, 4.0].map(f64::to_bits));
    }

    #[test]
    fn what_cannot_be_a_range_is_refused() {
        for (from, to, scale) in [
            (0.0, 1.0, 3),
            (-1.0, 1.0, 3),
            (1.0, 1.0, 3),
            (2.0, 1.0, 3),
            (f64::NAN, 1.0, 3),
            (1.0, f64::NAN, 3),
            (1.0, f64::INFINITY, 0),
            (5e-324, 1.0, 0),
            (1.0, f64::MAX, 0),
            (1.0, 2.0, 6),
            (1e-10, 1e10, 4),
        ] {
            assert!(!Base2::is_valid(from, to, scale), "{from}..={to} at {scale}");
        }
        assert!(Base2::is_valid(f64::MIN_POSITIVE, 1.0, 0));
    }

    #[test]
    fn empty_ends_are_taken_off_before_buckets_are_joined() {
        let mut counts = vec![0; 1_000];
        counts[400..560].fill(1);
        let whole = ExponentialHistogram {
            scale: 5,
            offset: -500,
            counts,
            zero_count: 0,
            zero_threshold: 1e-5,
            sum: 1.0,
        };
        let cut = whole.clone().at_most(160);
        assert_eq!((cut.scale, cut.offset, cut.counts.len()), (5, -100, 160));
        let joined = whole.at_most(159);
        assert_eq!((joined.scale, joined.offset, joined.counts.len(), joined.count()), (4, -50, 80, 160));
    }

    #[test]
    fn values_on_both_sides_of_one_keep_two_buckets() {
        let shape = Base2::covering(0.5, 2.0, 3);
        let joined = shape.counted(&[1; 18], 0.0).at_most(1);
        assert_eq!((joined.offset, joined.counts.as_slice(), joined.count()), (-1, &[8, 9][..], 18));
    }

    #[test]
    fn nothing_counted_leaves_no_bucket() {
        let empty = Base2::covering(1.0, 4.0, 1).counted(&[0; 6], 0.0).at_most(160);
        assert_eq!((empty.offset, empty.counts.len(), empty.count()), (0, 0, 0));
    }

    proptest! {
        #[test]
        fn joined_buckets_hold_what_they_say(
            from in -20_i64..20,
            octaves in 1_i64..12,
            scale in 0_u32..=5,
            to_scale in 0_i32..=5,
            exponents in prop::collection::vec(-25.0..35.0_f64, 0..60),
        ) {
            let shape = Base2 { scale, from, to: from + octaves };
            let bounds: Vec<f64> = (0..shape.bound_count()).map(|at| bound(scale, shape.offset() + at as i64)).collect();
            prop_assert!(bounds.windows(2).all(|pair| pair[0] < pair[1]));
            let values: Vec<f64> = exponents.into_iter().map(f64::exp2).collect();
            let mut counts = vec![0; bounds.len() + 1];
            for value in &values {
                counts[bounds.partition_point(|bound| bound < value)] += 1;
            }
            let joined = shape.counted(&counts, values.iter().sum()).at_scale(to_scale);
            prop_assert_eq!(joined.count(), values.len() as u64);
            let (bounds, counts) = joined.explicit();
            prop_assert_eq!(counts.len(), bounds.len() + 1);
            let mut seen = 0;
            for (bound, count) in bounds.iter().zip(&counts) {
                seen += count;
                prop_assert_eq!(seen, values.iter().filter(|value| *value <= bound).count() as u64);
            }
        }
    }
}
