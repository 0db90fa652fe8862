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
    #[allow(clippy::manual_range_contains, reason = "a range cannot be asked in a constant")]
    pub const fn new(ratio: f64) -> Result<Self, RatioError> {
        if ratio >= 0.0 && ratio <= 1.0 {
            Ok(Self { threshold: ((1.0 - ratio) * RANDOMNESS as f64) as u64 })
        } else {
            Err(RatioError(ratio))
        }
    }
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
