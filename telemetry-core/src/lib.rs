//! Unified telemetry for Rust services: tracing and metrics in one pipeline, declared by macros, recorded without
//! locks or allocation, drained off the request path.
#![deny(unsafe_code)]

#[cfg(not(loom))]
#[path = "private.rs"]
#[doc(hidden)]
pub mod __private;
#[cfg(not(loom))]
mod clock;
#[cfg(not(loom))]
mod context;
#[cfg(not(loom))]
pub mod drain;
#[cfg(not(loom))]
pub mod id;
#[cfg(not(loom))]
pub mod metric;
#[cfg(not(loom))]
mod pipeline;
#[cfg(not(loom))]
pub mod propagate;
#[cfg(not(loom))]
pub mod record;
#[cfg(not(loom))]
pub mod resource;
mod ring;
#[cfg(not(loom))]
mod ring_control;
#[cfg(not(loom))]
mod sample;
#[cfg(not(loom))]
pub mod settings;
#[cfg(not(loom))]
pub mod sink;
#[cfg(not(loom))]
mod span;
mod sync;
#[cfg(not(loom))]
pub mod testing;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use metric::Label;
pub use telemetry_macros::{Label, metric};
