//! Telemetry for programs that log by the `tracing` crate.
//!
//! [`Correlated`] goes around the formatter of `tracing-subscriber`'s log lines, so that each line written inside a
//! span says which one:
//!
//! ```
//! use telemetry_tracing::Correlated;
//!
//! let subscriber = tracing_subscriber::fmt().json().map_event_format(Correlated::json).finish();
//! tracing::subscriber::with_default(subscriber, || tracing::info!(books = 3, "shelved"));
//! // {"timestamp":…,"level":"INFO","fields":{"message":"shelved","books":3},"target":…} outside of a span, and inside
//! // {…,"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","trace_flags":"01"}
//! ```
//!
//! # Which span
//! The current one of the thread, however it was opened; where there is none, the parent that was taken over from
//! another process. A trace that is not recorded shows its identifiers with the flags `00`. Without either, and where
//! `TELEMETRY_AUTO_LOG_CORRELATION` is off, a line stays as it is. [`LogFields`](telemetry_core::LogFields) gives the
//! same fields by hand.
#![forbid(unsafe_code)]

mod correlated;
mod line;

pub use correlated::Correlated;
