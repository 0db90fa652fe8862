//! A page over the traces, metrics and health of a service, served by the service itself or over a SQLite file.
//!
//! ```
//! use telemetry_viewer::{Viewer, ViewerSink};
//!
//! # fn app() -> axum::Router { axum::Router::new() }
//! let sink = ViewerSink::new();
//! let telemetry = telemetry_core::Telemetry::builder().sink(sink.clone()).start()?;
//! let app = app().nest_service("/telemetry", Viewer::of(&sink).router());
//! # Ok::<(), telemetry_core::StartError>(())
//! ```
//!
//! The page is one document without external parts: recent traces and a search among them, a trace as a waterfall with
//! its critical path, the instruments as plots, and how the pipeline fares. It works by keyboard (`?` shows the keys), in
//! the dark and on a narrow screen, and is kept up to date. With the feature `sqlite`, `Viewer::open` shows a file of
//! `telemetry-sqlite`; `telemetry view FILE` of the command line is that.
//!
//! # By the environment alone
//! One line, before telemetry is configured, makes it known to the settings; then `TELEMETRY_SINKS=viewer` keeps what is
//! recorded and serves the page on a thread of its own, at `TELEMETRY_VIEWER_ADDRESS` (127.0.0.1:4381). [`SETTINGS`] has every
//! row. Where nothing can listen there, the start says so; the child of a fork leaves the page to its parent.
//!
//! ```
//! telemetry_viewer::register()?;
//! let telemetry = telemetry_core::configure_from_settings();
//! # Ok::<(), telemetry_core::sink::RegisterError>(())
//! ```
//!
//! # Who may look
//! Telemetry holds what users do, so the viewer answers this machine alone unless it is told otherwise: [`Viewer`] says
//! what is refused. Names and attributes are never made into markup, and the page's policy (`Content-Security-Policy`)
//! lets nothing run but its own script and nothing be loaded from elsewhere.
//!
//! # Interface
//! The page reads JSON, and so may others. Every answer is bounded; what is wrong is answered with a status and
//! `{"error": "…"}`: 400 for a parameter that is not understood, 403 for who may not look, 404 for what is not there.
//!
//! | path | answer | parameters |
//! |---|---|---|
//! | `api/traces` | `{traces, searched, next}`: summaries, how many traces were looked at (null where a file is searched by its spans), and where to go on by `before` | `q`: a search; `order`: `recent`, `errors`, `slowest` (the last two put the latest 1,000 matches in order); `limit`: 1 to 500, default 100; `before` |
//! | `api/traces/{id}` | `{summary, rows, left_out}`: the spans, parents before children, up to 50,000, and how many are not among them | |
//! | `api/metrics` | a list of instruments, each with up to eight of its largest series and up to 240 points of each | `seconds`: 10 to 3,600, default 300 |
//! | `api/health` | what the source holds, where spans went, the ring, the sinks, `findings`, and in a service the `pipeline`'s own report | |
//! | `api/live` | server-sent events: `change` when there is something new, at most twice a second; at most 32 at a time | |
//!
//! A request looks at no more than 500,000 spans in whole traces, for no more than 2 s, and then says by `next` where it
//! stopped. In a file the spans in error are found by an index; of other searches one term is held against each span first,
//! and only traces with a span that meets it are read whole.
//!
//! # Search
//! Terms stand side by side and must all hold, each for any span of the trace. `"Quotation marks"` keep blanks and signs
//! together.
//!
//! | term | holds where |
//! |---|---|
//! | `load` or `name:load` | a span's name contains it, in any case |
//! | `route:/books` | `http.route` contains it |
//! | `service:shop` | the service's name contains it |
//! | `status:error`, `status:ok`, `status:unset` | a span has this status |
//! | `status:404`, `status:5xx` | an HTTP answer had this status |
//! | `kind:server` | a span is of this kind |
//! | `duration>10ms`, `duration<1.5s` | the whole trace took longer, or shorter |
//! | `trace:4bf92f` | the trace's identifier begins so |
//! | `book.id=17` | an attribute of a span or an event has this value |
//! | `db.statement~select` | an attribute contains it, in any case |
#![forbid(unsafe_code)]

mod api;
#[cfg(feature = "sqlite")]
mod file;
mod guard;
mod health;
mod json;
pub mod lines;
mod memory;
mod page;
mod plot;
mod search;
mod served;
mod settings;
mod source;
mod span;
mod trace;
mod viewer;
mod words;

use telemetry_core::sink::{Integration, RegisterError, register_integration};

pub use memory::{Limits, ViewerSink};
pub use settings::SETTINGS;
pub use viewer::Viewer;

/// Makes the sink known as `viewer`, with its settings; to be called before telemetry is configured.
///
/// # Errors
/// A sink of that name, or settings of these names, are registered already.
pub fn register() -> Result<(), RegisterError> {
    register_integration(Integration {
        name: "viewer",
        settings: SETTINGS,
        build: |resolved| Ok(Box::new(served::ServedViewer::from_settings(resolved)?)),
    })
}
