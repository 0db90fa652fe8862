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

#[cfg(not(loom))]
mod exports {
    pub use crate::clock::DRIFT_LIMIT_NANOS;
    pub use crate::context::{Context, ContextGuard, SpanContext};
    pub use crate::id::{SpanId, TraceId};
    pub use crate::metric::{Counter, Gauge, Histogram, Label, register_sampler};
    pub use crate::pipeline::{
        Accounting, Bootstrap, ConfigureError, RingError, StartError, Telemetry, TelemetryBuilder, configure,
        configure_from_settings, disable, enable, is_enabled,
    };
    pub use crate::record::{Origin, Outcome, SpanKind, Status};
    pub use crate::ring_control::{RingControl, ring};
    pub use crate::sample::{
        AlwaysSample, Decision, NeverSample, ParentBased, RatioError, RatioSample, Sampler,
        SamplingParameters,
    };
    pub use crate::span::{
        AttributeValue, CallSite, Constant, Entry, EventWriter, Instrument, Instrumented, Name, Run, Site,
        Span, SpanBuilder, SpanGuard, TaskSpan,
    };
    pub use telemetry_macros::{Label, metric, span, step, trace};
}
#[cfg(not(loom))]
pub use exports::*;
