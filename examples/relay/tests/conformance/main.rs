//! The program under a harness: it is sent requests over TCP, byte by byte as they are written here, and what it posts
//! is looked at as it arrives.
//!
//! The cases are those of the W3C's conformance suite for Trace Context, levels 1 and 2, at its strictest, each under the
//! name it has there; what the suite leaves out stands beside them.
#![allow(missing_docs)]

mod harness;
mod relay;
mod several;
mod traceparent;
mod tracestate;

/// The trace that requests bring.
const TRACE: &str = "12345678901234567890123456789012";
/// The span that requests bring.
const SPAN: &str = "1234567890123456";
/// Both, not recorded by the caller.
const UNSAMPLED: &str = "traceparent: 00-12345678901234567890123456789012-1234567890123456-00";
/// Both, recorded by the caller.
const SAMPLED: &str = "traceparent: 00-12345678901234567890123456789012-1234567890123456-01";
