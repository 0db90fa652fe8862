//! The policies that come with the library.

use crate::context::SpanContext;

use super::{Decision, RANDOMNESS, Sampler, SamplingParameters};

/// Records every trace.
#[derive(Clone, Copy, Debug, Default)]
pub struct AlwaysSample;

impl Sampler for AlwaysSample {
    fn sample(&self, _: &SamplingParameters<'_>) -> Decision {
        Decision::Record
    }
}

/// Records no trace; identifiers still travel.
#[derive(Clone, Copy, Debug, Default)]
pub struct NeverSample;

impl Sampler for NeverSample {
    fn sample(&self, _: &SamplingParameters<'_>) -> Decision {
        Decision::Drop
    }
}

/// Records a share of all traces, chosen by the trace identifier: every service takes the same decision.
///
/// The low 56 bits of the identifier are its randomness (W3C Trace Context level 2); a trace is recorded when they
/// reach the threshold `(1 - ratio) · 2⁵⁶` (OpenTelemetry's consistent probability sampling), which services that are
/// called find in the `tracestate`, as `ot=th:…`.
#[derive(Clone, Copy, Debug)]
pub struct RatioSample {
    threshold: u64,
}

/// A ratio that is not between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("sampling ratio {0} is invalid: expected a number from 0 to 1")]
pub struct RatioError(pub f64);

impl RatioSample {
    /// Records the share `ratio` of all traces, from 0 (none) to 1 (all).
    ///
    /// # Errors
    /// When `ratio` lies outside, or is not a number.
    ///
    /// # Examples
    /// ```
    /// use telemetry_core::RatioSample;
    /// assert!(RatioSample::new(0.05).is_ok());
    /// assert_eq!(
    ///     RatioSample::new(1.5).unwrap_err().to_string(),
    ///     "sampling ratio 1.5 is invalid: expected a number from 0 to 1"
    /// );
    /// ```
    pub const fn new(ratio: f64) -> Result<Self, RatioError> {
        match checked(ratio) {
            Ok(ratio) => Ok(Self { threshold: ((1.0 - ratio) * RANDOMNESS as f64) as u64 }),
            Err(error) => Err(error),
        }
    }
}

#[allow(clippy::manual_range_contains, reason = "a range cannot be asked in a constant")]
const fn checked(ratio: f64) -> Result<f64, RatioError> {
    if ratio >= 0.0 && ratio <= 1.0 { Ok(ratio) } else { Err(RatioError(ratio)) }
}

impl Sampler for RatioSample {
    fn sample(&self, parameters: &SamplingParameters<'_>) -> Decision {
        if parameters.randomness() >= self.threshold {
            Decision::RecordAbove(self.threshold)
        } else {
            Decision::Drop
        }
    }
}

/// Records a share of all traces, chosen by the low 32 bits of their identifiers: those in which these, as a number,
/// are below `ratio · 2³²`.
///
/// So services decided before there was a standard for it; for those that share traces with some that still do. Where
/// all are free to choose, [`RatioSample`] is what others understand: this one tells no threshold.
#[derive(Clone, Copy, Debug)]
pub struct LowBitsRatioSample {
    below: u64,
}

impl LowBitsRatioSample {
    /// Records the share `ratio` of all traces, from 0 (none) to 1 (all).
    ///
    /// # Errors
    /// When `ratio` lies outside, or is not a number.
    ///
    /// # Examples
    /// ```
    /// use telemetry_core::LowBitsRatioSample;
    /// assert!(LowBitsRatioSample::new(0.05).is_ok());
    /// assert!(LowBitsRatioSample::new(f64::NAN).is_err());
    /// ```
    pub const fn new(ratio: f64) -> Result<Self, RatioError> {
        match checked(ratio) {
            Ok(ratio) => Ok(Self { below: (ratio * LOW_BITS as f64) as u64 }),
            Err(error) => Err(error),
        }
    }
}

/// One more than the largest number in 32 bits.
const LOW_BITS: u64 = 1 << 32;

impl Sampler for LowBitsRatioSample {
    fn sample(&self, parameters: &SamplingParameters<'_>) -> Decision {
        let low = parameters.trace_id.to_u128() as u64 & (LOW_BITS - 1);
        if low < self.below { Decision::Record } else { Decision::Drop }
    }
}

/// Follows the decision of a parent in another process, and asks the policy inside for traces that begin here, and for
/// those whose sender has left the decision to us, as B3 allows.
#[derive(Clone, Copy, Debug, Default)]
pub struct ParentBased<S>(
    /// The policy for traces that begin here.
    pub S,
);

impl<S: Sampler> Sampler for ParentBased<S> {
    fn sample(&self, parameters: &SamplingParameters<'_>) -> Decision {
        match parameters.parent {
            Some(parent) if parent.is_sampled() => Decision::Record,
            Some(parent) if parent.trace_flags & SpanContext::DEFERRED == 0 => Decision::Drop,
            _ => self.0.sample(parameters),
        }
    }
}
