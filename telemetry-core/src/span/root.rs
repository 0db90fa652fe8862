//! Local roots: whose trace, by whose decision.

use super::asking::ask;
use super::bits;
use super::open::{Opened, record};
use super::site::CallSite;
use crate::context::{Current, Local, SpanContext, flag};
use crate::id::TraceId;
use crate::propagate::kept;
use crate::sample::{Decision, NeverSample, Sampler, SamplingParameters};

/// The first span of a trace in this process; `sampler` is asked before the call site's and the pipeline's.
pub(super) fn root(
    local: &Local,
    site: &'static CallSite,
    gate: u32,
    remote: Current,
    name: &str,
    sampler: Option<&dyn Sampler>,
    owner: u32,
) -> Opened {
    local.prepare();
    let pipeline = local.pipeline.get();
    let parent = remote.span_context();
    let epoch = pipeline.timeline.epoch() & flag::EPOCH;
    // Also without a parent, what was brought along belongs to a trace that has its identifier already.
    let mut trace = if remote.trace_low == 0 && parent.is_none() {
        new_trace(local)
    } else {
        Current { flags: flag::ACTIVE | epoch | remote.flags & (flag::RANDOM | flag::STATE), ..remote }
    };
    let sampler = if remote.flags & flag::DENIED == 0 { sampler } else { Some(&NeverSample as &dyn Sampler) };
    let (trace_id, number) = (trace.trace(), flag::state(trace.flags));
    let parameters = SamplingParameters {
        name,
        kind: site.site.kind,
        site,
        parent,
        trace_id: TraceId::new(trace_id).unwrap_or(TraceId::MAX),
        state: number,
    };
    let decision = ask(local, sampler.or(site.sampler.map(|sampler| sampler as &dyn Sampler)), &parameters);
    match decision {
        Decision::Record => trace.flags |= flag::SAMPLED,
        Decision::RecordAbove(threshold) => {
            let number = kept::resampled(trace_id, number, Some(threshold));
            trace.flags = flag::with_state(trace.flags | flag::SAMPLED, number);
        }
        Decision::Watch if pipeline.watches() => {
            unsample(trace_id, number, parent);
            return watched(local, gate, trace, owner);
        }
        Decision::Drop | Decision::Watch => {
            unsample(trace_id, number, parent);
            return Opened { inside: Current { span_id: local.next_id(), ..trace } };
        }
    }
    record(local, gate, trace, bits::LOCAL_ROOT, owner)
}

/// A local root whose trace is recorded for how it ends. One that gets no slot never ends for the drain, so its trace is
/// not recorded.
fn watched(local: &Local, gate: u32, trace: Current, owner: u32) -> Opened {
    let recorded = Current { flags: trace.flags | flag::SAMPLED | flag::WATCHED, ..trace };
    let Opened { inside } = record(local, gate, recorded, bits::LOCAL_ROOT, owner);
    let flags = if inside.slot.is_null() { trace.flags } else { inside.flags };
    Opened { inside: Current { flags, ..inside } }
}

/// A threshold speaks of a trace that is sampled, so far.
fn unsample(trace: u128, number: u32, parent: Option<SpanContext>) {
    if number != 0 && parent.is_some_and(|parent| parent.is_sampled()) {
        kept::resampled(trace, number, None);
    }
}

/// A trace that begins here.
fn new_trace(local: &Local) -> Current {
    let epoch = local.pipeline.get().timeline.epoch() & flag::EPOCH;
    Current {
        trace_high: local.next_high_id(),
        trace_low: local.next_id(),
        flags: flag::ACTIVE | epoch | flag::RANDOM,
        ..Current::NONE
    }
}

/// A trace that is not recorded.
pub(super) fn begin_unrecorded(local: &Local) -> Current {
    Current { span_id: local.next_id(), ..new_trace(local) }
}
