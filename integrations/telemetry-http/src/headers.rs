//! Trace context in HTTP headers, as W3C Trace Context has it.
