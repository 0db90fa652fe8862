//! Opening spans of which a macro says more than their call site holds: a parent, links, a sampler of their own.

use super::access::Access;
use super::builder::SpanBuilder;
use super::guard::SpanGuard;
use super::site::{CallSite, gates};
use super::task::TaskSpan;
use super::write;
use crate::context::{AsSpanContext, Local};
use crate::ring::Slot;
use crate::sample::{ParentBased, RatioSample};

/// Opens a span for this scope. `build` runs only where spans are wanted.
pub fn open_with(
    site: &'static CallSite,
    build: impl FnOnce(SpanBuilder<'static>) -> SpanBuilder<'static>,
) -> SpanGuard {
    built(site, build).enter()
}

/// Opens a span for a future; it is entered at each poll. `build` runs only where spans are wanted.
pub fn open_task_with(
    site: &'static CallSite,
    build: impl FnOnce(SpanBuilder<'static>) -> SpanBuilder<'static>,
) -> TaskSpan {
    built(site, build).task()
}

fn built(
    site: &'static CallSite,
    build: impl FnOnce(SpanBuilder<'static>) -> SpanBuilder<'static>,
) -> SpanBuilder<'static> {
    let gate = match site.gate() {
        gates::UNREGISTERED => gates::register(site),
        gate => gate,
    };
    let builder = SpanBuilder::new(site);
    if gates::is_off(gate) || !Local::with(|local| local.pipeline.get().is_enabled()) {
        return builder;
    }
    build(builder)
}

/// A share of the traces that begin here; those of another process go on as decided there.
///
/// # Panics
/// When the share is not between 0 and 1, which the macro has checked.
pub const fn ratio(share: f64) -> ParentBased<RatioSample> {
    match RatioSample::new(share) {
        Ok(sampler) => ParentBased(sampler),
        Err(_) => panic!("a share is between 0 and 1"),
    }
}

impl SpanGuard {
    /// Refers to other spans.
    pub fn links(&mut self, others: impl IntoIterator<Item: AsSpanContext>) {
        links(self.slot(), others);
    }
}

impl TaskSpan {
    /// Refers to other spans.
    pub fn links(&mut self, others: impl IntoIterator<Item: AsSpanContext>) {
        links(self.slot, others);
    }
}

fn links(slot: *const Slot, others: impl IntoIterator<Item: AsSpanContext>) {
    for other in others.into_iter().filter_map(|other| other.as_span_context()) {
        Access::Owner(slot).write(|_, body| {
            write::link(body, other.trace_id.to_u128(), other.span_id.to_u64(), other.trace_flags);
        });
    }
}
