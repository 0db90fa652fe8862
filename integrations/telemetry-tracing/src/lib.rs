//! Telemetry for programs that log by the `tracing` crate, or whose libraries do.
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
//! [`SpanLayer`] records the spans that libraries open by the `tracing` crate (sqlx, hyper, tower-http …), in the same
//! traces. Both together, as a service has them:
//!
//! ```
//! use telemetry_tracing::{Correlated, SpanLayer};
//! use tracing_subscriber::fmt;
//! use tracing_subscriber::layer::SubscriberExt;
//! # let _init = tracing::subscriber::set_default(
//! tracing_subscriber::registry()
//!     .with(SpanLayer::new())
//!     .with(fmt::layer().json().map_event_format(Correlated::json))
//! # );
//! ```
//!
//! # Which span a line names
//! The parent that the event names; else the current one of the thread, whoever opened it; where there is none, the parent that was taken over from
//! another process. A trace that is not recorded shows its identifiers with the flags `00`. Without either, and where
//! `TELEMETRY_AUTO_LOG_CORRELATION` is off, a line stays as it is. [`LogFields`](telemetry_core::LogFields) gives the
//! same fields by hand.
#![forbid(unsafe_code)]

mod correlated;
mod entered;
mod event;
mod fields;
mod layer;
mod line;
mod sites;

pub use correlated::Correlated;
pub use layer::SpanLayer;
