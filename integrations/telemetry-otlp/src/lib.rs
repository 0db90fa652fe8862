//! Sends spans and metrics by the [OpenTelemetry protocol]: over HTTP as protobuf or JSON, or over gRPC.
//!
//! One line, before telemetry is configured, makes it known to the settings:
//!
//! ```
//! telemetry_otlp::register()?;
//! let telemetry = telemetry_core::configure_from_settings();
//! # Ok::<(), telemetry_core::sink::RegisterError>(())
//! ```
//!
//! The environment then decides: `TELEMETRY_ENABLED=1 TELEMETRY_SINKS=otlp`, and the standard
//! `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_PROTOCOL` (`grpc`, `http/protobuf`, `http/json`),
//! `OTEL_EXPORTER_OTLP_HEADERS` and the others; each of them also for one signal (`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`),
//! and as one of ours (`TELEMETRY_OTLP_ENDPOINT`). A higher tier of settings comes first, and within a tier what is named
//! after the signal. [`SETTINGS`] has every row. In code it is [`OtlpSink::builder`].
//!
//! # What is sent
//! Spans as they were recorded: identifiers, the W3C flags and whether the parent is in another process, the trace's
//! state (`tracestate`), kind, times, typed attributes (an unsigned integer beyond `int64` as its digits), events, links, how many of each did not fit, and
//! the status, with `error.message` as its message. An outcome that neither shows is the attribute `telemetry.outcome`:
//! `panicked`, `cancelled` or `never_polled`. The scope is the crate that opened the span or declared the instrument,
//! with its version; units are the codes of UCUM (`s`, `By`). Counters are monotonic sums, cumulative with the start of
//! the pipeline as their start, or deltas since the last request that was taken as a whole.
//!
//! # When it fails
//! As the protocol says: an attempt is made again after a connection that failed, was cut or did not answer in time, after
//! 429, 502, 503 and 504, and after the gRPC codes `CANCELLED`, `DEADLINE_EXCEEDED`, `ABORTED`, `OUT_OF_RANGE`,
//! `UNAVAILABLE`, `DATA_LOSS`, and `RESOURCE_EXHAUSTED` with a `RetryInfo`. The time in between doubles from 1 s to 5 s,
//! less up to half of it at random, or is what the collector names (`Retry-After`, `RetryInfo`), but never less than
//! half a second; a collector that names one is left alone until then, for an hour at the most, and spans wait in the
//! queue. So one that comes back after an outage, however long, is found within 5 s, or 5 s after an attempt that nobody
//! answered has timed out. After 60 s the request is given up, one with metrics after 5 s, since the next one says all
//! it said. Everything else the collector refuses is refused for good, and what it leaves out of a request it takes
//! (partial success) is never sent again; where it leaves out nothing and warns, the warning is shown on standard error.
//! All of it is counted:
//! `telemetry_sink_spans_dropped_total{sink="otlp"}` by reason, `otlp_exporter_requests_total` by how attempts ended, and
//! `otlp_exporter_lost_data_points_total`.
//!
//! # Threads and runtimes
//! Requests are made on the sink's own thread; the drain, and your program, never wait for them. HTTP is blocking, and
//! gRPC brings a small runtime that only this thread drives: it works the same in a program without an async runtime and
//! inside one. While the pipeline is shut down, a collector that answers "not now" is asked again as long as the deadline
//! allows; one that does not answer has one last attempt.
//!
//! HTTP goes by the proxy that `ALL_PROXY`, `HTTPS_PROXY` or `HTTP_PROXY` names, where `NO_PROXY` does not except the
//! collector, and never to a collector on this machine; gRPC goes straight.
//!
//! # Features
//! | feature | brings |
//! |---|---|
//! | `http` | `http/protobuf` and `http/json`, by ureq |
//! | `grpc` | `grpc`, by tonic |
//! | `gzip` | compression of requests |
//! | `tls` | `https`, by rustls with ring |
//!
//! All are on by default. What a program was built without is an error when it is asked for.
//!
//! [OpenTelemetry protocol]: https://opentelemetry.io/docs/specs/otlp/
#![forbid(unsafe_code)]
#![cfg_attr(
    not(all(feature = "http", feature = "grpc", feature = "tls", feature = "gzip")),
    allow(dead_code, clippy::unnecessary_wraps, reason = "some is there for what is left out")
)]

mod answer;
mod builder;
mod channel;
mod delta;
mod encode;
mod endpoint;
mod error;
mod figures;
mod options;
mod retry;
mod settings;
mod sink;
mod transport;
mod wire;

use telemetry_core::sink::{Integration, RegisterError, SinkError, register_integration};

pub use builder::OtlpBuilder;
pub use error::ConfigError;
pub use options::Protocol;
pub use settings::SETTINGS;
pub use sink::OtlpSink;

/// Makes the sink known as `otlp`, with its settings; to be called before telemetry is configured.
///
/// # Errors
/// A sink of that name, or settings of these names, are registered already.
pub fn register() -> Result<(), RegisterError> {
    register_integration(Integration {
        name: "otlp",
        settings: SETTINGS,
        build: |resolved| match OtlpSink::from_settings(resolved) {
            Ok(sink) => Ok(Box::new(sink)),
            Err(error) => Err(SinkError::Other(Box::new(error))),
        },
    })
}
