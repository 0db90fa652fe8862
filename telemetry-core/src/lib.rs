//! Unified telemetry for Rust services: tracing and metrics in one pipeline, declared by macros, recorded without
//! locks or allocation, drained off the request path.
#![deny(unsafe_code)]

pub mod drain;
pub mod id;
pub mod metric;
pub mod record;
pub mod resource;
pub mod settings;
pub mod sink;
pub mod testing;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use metric::Label;
pub use telemetry_macros::{Label, metric};
