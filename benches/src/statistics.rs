//! Order statistics: medians, quartiles, and how sure a median is.

/// The middle of `samples`; not a number when there are none.
pub fn median(samples: impl IntoIterator<Item = f64>) -> f64 {
    Sorted::new(samples).at(0.5)
}

/// Samples in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Sorted(Vec<f64>);

impl Sorted {
    /// Puts samples in order.
    pub fn new(samples: impl IntoIterator<Item = f64>) -> Self {
        let mut samples: Vec<f64> = samples.into_iter().collect();
        samples.sort_unstable_by(f64::total_cmp);
        Self(samples)
    }

    /// The value below which the share `quantile` of the samples lies, between two of them where it falls there; not a
    /// number when there are none.
    pub fn at(&self, quantile: f64) -> f64 {
        let Some(last) = self.0.len().checked_sub(1) else { return f64::NAN };
        let place = quantile.clamp(0.0, 1.0) * last as f64;
        let (below, above) = (self.0[place as usize], self.0[(place.ceil() as usize).min(last)]);
        below + (above - below) * place.fract()
    }

    /// An interval that holds the true median 99 times of 100, whatever the distribution: the samples whose ranks lie
    /// 2.58 standard deviations of a binomial count to either side of the middle.
    pub fn median_interval(&self) -> (f64, f64) {
        let count = self.0.len().max(1) as f64;
        let reach = 2.58 * 0.5 / count.sqrt();
        (self.at(0.5 - reach), self.at(0.5 + reach))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_lies_in_the_middle_whatever_the_order() {
        assert_eq!(median([3.0, 1.0, 2.0]).to_string(), "2");
        assert_eq!(median([4.0, 1.0, 3.0, 2.0]).to_string(), "2.5");
        assert!(median([]).is_nan());
    }

    #[test]
    fn quartiles_lie_between_samples() {
        let sorted = Sorted::new((0..=8).map(f64::from));
        let quartiles = [0.0, 0.25, 0.7, 1.0].map(|quantile| sorted.at(quantile).to_string());
        assert_eq!(quartiles, ["0", "2", "5.6", "8"]);
    }

    #[test]
    fn the_interval_of_a_median_narrows_with_the_root_of_the_samples() {
        let width = |samples: u32| {
            let (low, high) =
                Sorted::new((0..samples).map(|i| f64::from(i) / f64::from(samples))).median_interval();
            assert!(low < 0.5 && 0.49 < high);
            high - low
        };
        let (hundred, ten_thousand) = (width(100), width(10_000));
        assert!((9.0..11.0).contains(&(hundred / ten_thousand)), "{hundred} {ten_thousand}");
    }
}
