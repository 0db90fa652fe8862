//! Head sampling: whether a trace is recorded, decided once, when its local root opens.

mod cell;
mod policy;
mod rate;

use crate::context::SpanContext;
use crate::id::TraceId;
use crate::propagate::{TraceState, kept, otel};
use crate::record::SpanKind;
use crate::span::{CallSite, Constant};
pub(crate) use cell::SamplerCell;
pub use policy::{AlwaysSample, NeverSample, ParentBased, RatioError, RatioSample};
pub use rate::RateLimitSample;

/// Decides whether a trace is recorded.
///
/// Asked once for each local root: a span without a parent, or whose parent is in another process. Every other span
/// of the process inherits the decision. A call site may have a sampler of its own, which is asked instead of the
/// pipeline's. Called on the thread that opens the span, so it should neither block nor allocate; a panic in it is the
/// caller's. Spans it opens itself are not recorded.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a sampler", label = "does not implement `Sampler`")]
pub trait Sampler: Send + Sync + 'static {
    /// The decision.
    fn sample(&self, parameters: &SamplingParameters<'_>) -> Decision;
}

/// Whether a trace is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// Not recorded; its identifiers still travel, with the sampled flag off.
    Drop,
    /// Not sampled, as others are told, yet recorded for now: kept if it turns out slow or failed. Where the pipeline keeps
    /// no traces for that ([`KeepTraces`](crate::KeepTraces)), the same as `Drop`; where it does, what its sampler drops is
    /// watched anyway.
    Watch,
    /// Recorded.
    Record,
    /// Recorded, because the trace's [randomness](SamplingParameters::randomness) reaches this threshold of 56 bits:
    /// services that are called learn it, as `ot=th:…` in `tracestate` (OpenTelemetry's consistent probability
    /// sampling), and can tell how many traces this one stands for.
    RecordAbove(u64),
}

/// What a sampler can see. Attributes with values of run time are not evaluated before the decision.
#[derive(Clone, Copy, Debug)]
pub struct SamplingParameters<'a> {
    /// The span's name.
    pub name: &'a str,
    /// The span's kind.
    pub kind: SpanKind,
    /// Where it is opened, with its constant attributes.
    pub site: &'static CallSite,
    /// The parent in another process, if there is one.
    pub parent: Option<SpanContext>,
    /// The trace it belongs to.
    pub trace_id: TraceId,
    /// The number of the state that the trace came with.
    pub(crate) state: u32,
}

/// The policy of a service: follows callers in other processes, and records of the traces that begin here what `inner`
/// wants, up to so many a second.
pub(crate) fn of_traces_here(inner: impl Sampler, most: Option<u16>) -> Box<dyn Sampler> {
    match most {
        Some(most) => Box::new(ParentBased(RateLimitSample::of(most, inner))),
        None => Box::new(ParentBased(inner)),
    }
}

/// One more than the largest randomness.
pub(crate) const RANDOMNESS: u64 = 1 << 56;

impl SamplingParameters<'_> {
    /// What the systems that the trace has passed have noted about it.
    pub fn trace_state(&self) -> TraceState {
        kept::find(self.trace_id.to_u128(), self.state)
    }

    /// The randomness of the trace, of 56 bits: what `ot=rv:…` in its state says, else the low bits of its identifier
    /// (W3C Trace Context level 2).
    pub fn randomness(&self) -> u64 {
        let given = if self.state == 0 { None } else { otel::randomness(&self.trace_state()) };
        given.unwrap_or(self.trace_id.to_u128() as u64 & (RANDOMNESS - 1))
    }

    /// The constant attributes of the call site.
    pub fn constants(&self) -> &'static [(&'static str, Constant)] {
        self.site.site.constants
    }
}
