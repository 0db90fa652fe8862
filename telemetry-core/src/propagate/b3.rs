//! The headers of B3, for meshes that still use them: `b3`, or several `x-b3-*` (openzipkin/b3-propagation).

use super::carrier::{Extract, Inject};
use super::hex;
use super::traceparent::trim;
use crate::context::SpanContext;
use crate::id::{SpanId, TraceId};

/// The single header.
pub(super) const B3: &str = "b3";
/// The several headers.
const TRACE_ID: &str = "x-b3-traceid";
const SPAN_ID: &str = "x-b3-spanid";
const PARENT_SPAN_ID: &str = "x-b3-parentspanid";
const SAMPLED: &str = "x-b3-sampled";
const FLAGS: &str = "x-b3-flags";

/// What the headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// The span of the sender.
    Span(SpanContext),
    /// No identifiers, and that nothing is to be recorded.
    Denied,
}

/// Reads the single header: `{trace}-{span}-{decision}-{parent}`, the last two being optional, or a decision alone. None
/// where there is none, it is malformed, or there are several.
pub(super) fn single<C: Extract + ?Sized>(carrier: &C) -> Option<Said> {
    let header = only(carrier, B3)?;
    let mut parts = header.split(|byte| *byte == b'-');
    let (first, second) = (parts.next()?, parts.next());
    let Some(span) = second else {
        // To record is ours to decide where no trace is named.
        return (first == b"0").then_some(Said::Denied);
    };
    let (decision, parent) = (parts.next(), parts.next());
    if parts.next().is_some() || parent.is_some_and(|parent| id(parent).is_none()) {
        return None;
    }
    let flags = match decision {
        None => SpanContext::DEFERRED,
        Some(b"1" | b"d") => SpanContext::SAMPLED,
        Some(b"0") => 0,
        Some(_) => return None,
    };
    context(first, span, flags).map(Said::Span)
}

/// Reads the several headers. None where they name no trace and deny nothing, or what names it is malformed; a decision
/// that is malformed is left to us.
pub(super) fn multi<C: Extract + ?Sized>(carrier: &C) -> Option<Said> {
    let is_debug = only(carrier, FLAGS).is_some_and(|flags| flags == b"1");
    let flags = match only(carrier, SAMPLED) {
        _ if is_debug => SpanContext::SAMPLED,
        Some(b"1" | b"true") => SpanContext::SAMPLED,
        Some(b"0" | b"false") => 0,
        _ => SpanContext::DEFERRED,
    };
    match (only(carrier, TRACE_ID), only(carrier, SPAN_ID)) {
        (Some(trace), Some(span)) => context(trace, span, flags).map(Said::Span),
        (None, None) => (flags == 0).then_some(Said::Denied),
        _ => None,
    }
}

/// Names a span in the single header.
pub(super) fn inject_single<C: Inject + ?Sized>(context: SpanContext, carrier: &mut C) {
    let SpanContext { trace_id, span_id, .. } = context;
    carrier.set(B3, &format!("{trace_id}-{span_id}-{}", u8::from(context.is_sampled())));
}

/// Names a span in the several headers. Those of a request that came in do not go out as they came.
pub(super) fn inject_multi<C: Inject + ?Sized>(context: SpanContext, carrier: &mut C) {
    carrier.set(TRACE_ID, &context.trace_id.to_string());
    carrier.set(SPAN_ID, &context.span_id.to_string());
    carrier.set(SAMPLED, if context.is_sampled() { "1" } else { "0" });
    carrier.remove(PARENT_SPAN_ID);
    carrier.remove(FLAGS);
}

/// The value of a header of which there is one, without blanks around it.
fn only<'a, C: Extract + ?Sized>(carrier: &'a C, name: &'static str) -> Option<&'a [u8]> {
    let mut values = carrier.values(name);
    let (first, second) = (values.next()?, values.next());
    second.is_none().then(|| trim(first))
}

/// The trace has 32 digits, or 16, which are the lower half.
fn context(trace: &[u8], span: &[u8], trace_flags: u8) -> Option<SpanContext> {
    let trace = match trace.len() {
        16 => u128::from(id(trace)?),
        32 => u128::from(id(&trace[..16])?) << 64 | u128::from(id(&trace[16..])?),
        _ => return None,
    };
    let (trace_id, span_id) = (TraceId::new(trace)?, SpanId::new(id(span)?)?);
    Some(SpanContext { trace_id, span_id, trace_flags, remote: true })
}

/// Sixteen digits in lower case.
fn id(digits: &[u8]) -> Option<u64> {
    let digits: &[u8; 16] = digits.try_into().ok()?;
    let mut bad = hex::Bad::NONE;
    let number = hex::parse(*digits, &mut bad);
    (!bad.is_any()).then_some(number)
}
