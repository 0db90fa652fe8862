//! Bucket bounds of histograms: the default ones, helpers that make others, and the rule they obey.

/// Upper bounds for request durations in seconds, used where a histogram declares none.
pub const DEFAULT_BUCKETS: &[f64] =
    &[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// `N` bounds, the first at `start` and each `width` above the one before.
///
/// Usable in a constant; the rule for buckets (finite, strictly increasing) is checked where a histogram takes them.
///
/// ```
/// use telemetry_core::metric::linear;
///
/// const SIZES: [f64; 3] = linear(10.0, 5.0);
/// assert_eq!(SIZES, [10.0, 15.0, 20.0]);
/// ```
pub const fn linear<const N: usize>(start: f64, width: f64) -> [f64; N] {
    let mut bounds = [0.0; N];
    let mut at = 0;
    while at < N {
        bounds[at] = start + width * at as f64;
        at += 1;
    }
    bounds
}

/// `N` bounds, the first at `start` and each `factor` times the one before.
///
/// Usable in a constant; the rule for buckets (finite, strictly increasing) is checked where a histogram takes them.
///
/// ```
/// use telemetry_core::metric::exponential;
///
/// const DURATIONS: [f64; 4] = exponential(0.001, 10.0);
/// assert_eq!(DURATIONS, [0.001, 0.01, 0.1, 1.0]);
/// ```
pub const fn exponential<const N: usize>(start: f64, factor: f64) -> [f64; N] {
    let mut bounds = [0.0; N];
    let mut bound = start;
    let mut at = 0;
    while at < N {
        bounds[at] = bound;
        bound *= factor;
        at += 1;
    }
    bounds
}

/// Whether bounds obey the rule: at least one, all finite, strictly increasing.
pub const fn are_valid(bounds: &[f64]) -> bool {
    let mut at = 0;
    while at < bounds.len() {
        if !bounds[at].is_finite() || (at > 0 && bounds[at] <= bounds[at - 1]) {
            return false;
        }
        at += 1;
    }
    !bounds.is_empty()
}

/// Cells in a cache line.
const LINE: usize = 8;

/// The cells a series takes: its sum, one for each bucket, the infinite one too, and what fills the last line.
pub(super) const fn stride(bounds: &[f64]) -> usize {
    (bounds.len() + 2).next_multiple_of(LINE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_buckets_obey_the_rule() {
        assert!(are_valid(DEFAULT_BUCKETS));
    }

    #[test]
    fn broken_buckets_are_refused() {
        for bounds in [&[][..], &[1.0, 1.0], &[2.0, 1.0], &[f64::NAN], &[1.0, f64::INFINITY]] {
            assert!(!are_valid(bounds), "{bounds:?}");
        }
    }

    #[test]
    fn a_series_fills_whole_lines() {
        let strides = [1, 6, 7, 14, 15].map(|bounds| stride(&linear::<20>(0.0, 1.0)[..bounds]));
        assert_eq!(strides, [8, 8, 16, 16, 24]);
    }
}
