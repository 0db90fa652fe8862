//! All that macro expansions may name. Not a public interface: it changes without notice.

pub use crate::clock::{Lapse, Started};
pub use crate::filter::Level;
pub use crate::metric::calls::{CALLS, Calls};
pub use crate::record::{Origin, SpanKind};
pub use crate::sample::{AlwaysSample, NeverSample};
pub use crate::span::expansion::{
    Branch, FromResidual, Ignored, Measured, Probe, Room, Traced, call, call_site, record, returned, site,
    step,
};
pub use crate::span::expansion::{
    NO_SPAN, check, check_debug, check_display, check_links, check_sampler, no_guard, no_step,
};
pub use crate::span::expansion::{
    Shown, boxed, boxed_step, context_of, making, open_task_under, open_under, wanted,
};
pub use crate::span::expansion::{open, open_root, open_step, open_task, open_task_root};
pub use crate::span::{CallSite, Constant, Site, Span, SpanGuard, Staying, TaskSpan, TimedSpan};
pub use linkme;

/// The policy of `sample = 0.05`, which the macro has looked at.
///
/// # Panics
/// When the ratio is not between 0 and 1.
pub const fn ratio(ratio: f64) -> crate::RatioSample {
    match crate::RatioSample::new(ratio) {
        Ok(sampler) => sampler,
        Err(_) => panic!("a sampling ratio is a number from 0 to 1"),
    }
}

/// What `metric!` and `#[derive(Label)]` name.
pub mod metric {
    pub use crate::metric::base2::Base2;
    pub use crate::metric::buckets::{DEFAULT_BUCKETS, are_valid as are_valid_buckets};
    pub use crate::metric::instrument::{Core, Declared};
    pub use crate::metric::labels::{Label, LabelSet, position, text};
    pub use crate::metric::registry::DECLARED;
    pub use crate::metric::rules::{
        base_unit, ends_in_total, ends_in_unit, is_metric_name, is_own_name, says_something,
    };
    pub use crate::metric::view::{View, regroup};
    pub use crate::metric::{Counter, Gauge, Histogram};

    /// Makes a counter.
    #[track_caller]
    pub const fn counter<L: LabelSet>(declared: Declared) -> Counter<L> {
        Counter::new(declared)
    }

    /// Makes a gauge.
    #[track_caller]
    pub const fn gauge<L: LabelSet>(declared: Declared) -> Gauge<L> {
        Gauge::new(declared)
    }

    /// Makes a histogram.
    #[track_caller]
    pub const fn histogram<L: LabelSet>(declared: Declared, bounds: &'static [f64]) -> Histogram<L> {
        Histogram::new(declared, bounds)
    }

    /// Makes a base-2 exponential histogram.
    #[track_caller]
    pub const fn exponential<L: LabelSet>(
        declared: Declared,
        (shape, bounds): (Base2, &'static [f64]),
    ) -> Histogram<L> {
        Histogram::exponential(declared, shape, bounds)
    }
}
