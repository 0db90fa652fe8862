//! Contexts that cross processes: the W3C Trace Context headers.

mod traceparent;

pub use traceparent::{TRACEPARENT_BYTES, format_traceparent, parse_traceparent};
