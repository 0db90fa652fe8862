//! Unified telemetry for Rust services: tracing and metrics in one pipeline, declared by macros, recorded without
//! locks or allocation, drained off the request path.
//!
//! ```
//! # use telemetry_core::Label;
//! # #[derive(Clone, Copy, Label)]
//! # pub enum Outcome { Hit, Miss }
//! # pub struct Db;
//! # pub struct Book;
//! # #[derive(Debug)]
//! # pub struct StoreError;
//! # impl Db { async fn find(&self, _: i64) -> Result<Book, StoreError> { Ok(Book) } }
//! use telemetry_core::{metric, trace};
//!
//! metric! {
//!     /// Books looked up, by outcome.
//!     pub static LOOKUPS: Counter = "bookstore_lookups_total" { outcome: Outcome };
//! }
//!
//! #[trace(name = "books.load", attrs(book.id = id, db.system = "sqlite"))]
//! async fn load(db: &Db, id: i64) -> Result<Book, StoreError> {
//!     let book = db.find(id).await?;          // an Err marks the span as failed, with its message
//!     LOOKUPS.with(Outcome::Hit).inc();       // a plain store into a cell of this thread's own
//!     Ok(book)
//! }
//! ```
//!
//! # Where to look
//! - [`trace`], [`span`], [`step!`]: spans around functions and parts of them; [`Span`]: the current one, to write to.
//! - [`metric!`], [`macro@Label`], [`Counter`], [`Gauge`], [`Histogram`]: instruments.
//! - [`Telemetry`], [`configure_from_settings`], [`settings`]: starting, stopping, configuring.
//! - [`sink`]: where it goes. [`Sampler`]: which traces are recorded; [`Filter`]: which call
//!   sites. [`propagate`]: across processes.
//! - [`Context`], [`Instrument`], [`InstrumentStream`]: carrying the current span to threads and tasks. [`LogFields`], [`LogRequest`]: into log lines.
//! - [`ring()`]: the ring that holds spans until they are drained, its size and what it had to drop.
//! - [`evidence`]: what the process was doing when it died.
//! - [`health()`]: how telemetry itself fares, as a report one can print.
//! - [`testing`]: isolated scopes and assertions.
//!
//! # Built out
//! With the feature `off` nothing of any span is left in the program: the macros leave functions as they are written, and
//! check their arguments all the same; steps, builders and handles do nothing. Metrics stay. It is meant for the crate of a
//! final program, since features add up: one crate that asks for it decides for all.
//!
//! # The end of the process
//! A [`Telemetry`] handle that is dropped delivers what has ended: at a return from `main`, and at a panic there that
//! unwinds. `std::process::exit`, and a return while the handle lies in a static, do the same by a handler at the end of
//! the process ([`TelemetryBuilder::deliver_at_exit`]). A signal whose default is to kill, such as SIGTERM, runs neither:
//! a service waits for it (`tokio::signal`, the crate `signal-hook`) and returns from `main`; this crate installs no signal
//! handler. After `abort`, `_exit` and a signal that kills, what was not yet delivered is lost. Spans that are still open at
//! the shutdown are not delivered; they stay in [`Accounting::in_flight`] and `telemetry_spans_in_flight`, and a line on standard error says how many.
//!
//! # Forks
//! `fork` copies one thread. Before it, on the thread that forks, this crate waits until its threads have come to their work
//! and its sinks are between two calls, for 250 ms at the most, and takes its own locks, for five seconds at the most. So a fork
//! from a signal handler is not supported. In the child:
//!
//! - Between the fork and an `exec` or `_exit` nothing happens here, and nothing of what the handlers do in the child is
//!   unsafe after a fork: they write words and unlock.
//! - With the first span it opens, or its first call of the inherited [`Telemetry`] handle, or [`resume_after_fork`], the
//!   child goes on: with an empty ring and a drain of its own, every count, counter and histogram at zero (gauges stand as
//!   they are), and another `service.instance.id`. The parent's spans are the parent's: none is exported in the child.
//! - Spans that were open at the fork are the parent's; a guard that the child inherited writes and ends nothing. What the
//!   child opens under it is its child, in the same trace.
//! - Each sink is asked by [`Sink::before_fork`](sink::Sink::before_fork) to let go of what cannot be shared, and by
//!   [`Sink::after_fork`](sink::Sink::after_fork) to rebuild itself in the child; one that cannot, or that was in the middle of
//!   a call for longer than the fork waits, stays silent in the child, which says so on standard error.
//! - Where the parent keeps crash [`evidence`], the child has a file of its own, from its first span on.
//! - A thread of the parent is not there: no listener of [`PrometheusServer`](sink::PrometheusServer), no sampler that was
//!   running at that moment. If a thread was just then being started, or ending, no thread that the child starts by the
//!   standard library comes to its work, since a lock of that library stays locked; this crate's own do without it there.
//! - Standard output shared with the parent gets whole batches, which a pipe may mix.
//! - A child that opens no span and calls nothing touches no sink, also when it drops the handle or exits. One that wants
//!   other sinks than its parent shuts the inherited handle down and starts again.
//!
//! # Platforms
//! Rust 1.88 or later, edition 2024; 64-bit atomics. Linux on x86-64 in full, and there alone the tests are run. Elsewhere it is
//! written to do with less:
//!
//! | where | what is less |
//! |---|---|
//! | a processor other than x86-64, or no word of the kernel for its time-stamp counter | the operating system's monotonic clock is read, and memory is not asked for ahead |
//! | Linux without `membarrier`, and all others | a thread reserves one slot at a time, at the price of a compare-and-swap a span |
//! | not Linux (macOS, Windows) | no [crash evidence](evidence), no metrics of the process, no huge pages for the ring |
//! | not Unix (Windows) | also no delivery at `process::exit` (shut down before it), no lock that keeps a second writer from a trace file |
//! | 32 bits | the largest rings find no room in the address space: spans are dropped as `not_operational`, and counted |
//! | `panic = "abort"` | nothing unwinds, so no panic is recorded on spans, and a sink that panics ends the process |
//! | two versions of this crate in one program | two pipelines that know nothing of each other, each with its handle, ring and drain |
#![deny(unsafe_code)]

#[cfg(not(loom))]
#[path = "private.rs"]
#[doc(hidden)]
pub mod __private;
#[cfg(not(loom))]
mod caught;
#[cfg(loom)]
#[path = "metric/cells/mod.rs"]
mod cells;
#[cfg(not(loom))]
mod clock;
#[cfg(not(loom))]
mod context;
#[cfg(not(loom))]
pub mod drain;
#[cfg(not(loom))]
pub mod evidence;
#[cfg(not(loom))]
mod file_lock;
#[cfg(not(loom))]
mod filter;
#[cfg(not(loom))]
mod forking;
#[cfg(not(loom))]
mod health;
#[cfg(not(loom))]
pub mod id;
#[cfg(not(loom))]
mod keep;
#[cfg(not(loom))]
mod log_fields;
#[cfg(not(loom))]
mod log_request;
#[cfg(not(loom))]
pub mod metric;
#[cfg(not(loom))]
mod nearest;
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
#[cfg(not(loom))]
mod standard_error;
mod sync;
#[cfg(not(loom))]
pub mod testing;

#[cfg(not(loom))]
mod exports {
    pub use crate::clock::DRIFT_LIMIT_NANOS;
    pub use crate::context::{AsSpanContext, Carried, Context, ContextGuard, InContext, SpanContext};
    pub use crate::filter::{Filter, FilterError, Level, UnknownLevel};
    pub use crate::health::{Health, RingHealth, health};
    pub use crate::id::{SpanId, TraceId};
    pub use crate::keep::KeepTraces;
    pub use crate::log_fields::{LogField, LogFields};
    pub use crate::log_request::LogRequest;
    pub use crate::metric::{Counter, Gauge, Histogram, Label, register_sampler};
    pub use crate::pipeline::{
        Accounting, Bootstrap, ConfigureError, RingError, StartError, Stopping, Telemetry, TelemetryBuilder,
        configure, configure_from_settings, disable, enable, is_enabled, resume_after_fork,
    };
    pub use crate::record::{Origin, Outcome, SpanKind, Status};
    pub use crate::ring_control::{RingControl, ring};
    pub use crate::sample::{
        AlwaysSample, Decision, LowBitsRatioSample, NeverSample, ParentBased, RateLimitSample, RatioError,
        RatioSample, Sampler, SamplingParameters,
    };
    pub use crate::span::{
        AttributeValue, CallSite, Constant, Entry, EventAttributes, EventWriter, Instrument,
        InstrumentStream, Instrumented, Name, PolledSpan, Run, Site, Span, SpanBuilder, SpanGuard, TaskSpan,
        TimedSpan,
    };
    pub use telemetry_macros::{Label, metric, span, step, trace};
}
#[cfg(not(loom))]
pub use exports::*;

/// The README's examples, compiled and run with the documentation.
#[cfg(all(doctest, not(loom)))]
#[doc = include_str!("../../README.md")]
pub struct ReadmeExamples;
