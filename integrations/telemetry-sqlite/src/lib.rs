//! Keeps spans and metrics in a SQLite file that people can query while it is written.
//!
//! One line, before telemetry is configured, makes it known to the settings; then `TELEMETRY_SINKS=sqlite` and
//! `TELEMETRY_SQLITE_PATH` choose it. [`SETTINGS`] has every row. In code it is [`SqliteSink::open`].
//!
//! ```
//! telemetry_sqlite::register()?;
//! let telemetry = telemetry_core::configure_from_settings();
//! # Ok::<(), telemetry_core::sink::RegisterError>(())
//! ```
//!
//! # Schema
//! Version 2; `PRAGMA user_version` has it, and a file of an earlier version is brought to the latest when it is opened.
//!
//! | table or view | a row is |
//! |---|---|
//! | `runs` | a process that wrote here: `first_seen_unix_nanos`, `service`, its resource as the JSON object `attributes` |
//! | `spans` | a span: identifiers in hexadecimal, `name`, `kind`, `start_unix_nanos`, `duration_nanos`, `status`, `outcome`, `trace_state`, the JSON object `attributes`, the JSON lists `events` and `links`, counts of what did not fit, the crate that opened it and where |
//! | `span_attributes` | an attribute of a span: `span_row` (the span's `id`), `key`, `value`, `type` |
//! | `span_events` | an event of a span: `span_row`, `name`, `time_unix_nanos`, the JSON object `attributes` |
//! | `metric_series` | a label set of an instrument in one run: `name`, `kind`, `unit`, `help`, the JSON object `labels` |
//! | `metric_points` | a value of a series, which holds until the next: `value` (a total, a gauge's value, or a histogram's count), and a histogram's `sum` and `buckets`, a JSON list of `[upper bound, observations]` |
//! | `metrics` | the two above, joined |
//!
//! Times are nanoseconds since the Unix epoch. Attributes are JSON as the standard output sink writes it: bytes are
//! base64, numbers that are not finite are texts, and SQLite reads integers beyond 2<sup>63</sup> as reals. One asks for
//! one with `attributes ->> '$."http.route"'`. [`QUERIES`] has ten ready queries; the files are in `queries/`.
//!
//! # What is promised
//! A batch is one transaction, and what is committed survives the end of the process, `kill -9` included; a power failure
//! may take the last moments, never the file. Readers never wait for the writer, nor it for them. What is older than
//! `SQLITE_MAX_AGE`, and the oldest beyond `SQLITE_MAX_BYTES`, is deleted, spans and metrics alike. A batch waits up to a
//! minute for another process that keeps the file locked; one that cannot be written, because the disk is full for
//! instance, counts as dropped, by the reason `error`, and the next one is tried anew.
//!
//! A path leads to the same file whatever becomes the working directory. A file that is removed or replaced while it is
//! written is made anew with the next batch (on Unix); to move one away, its `-wal` goes along, or what is in it is lost.
//! Over a fork no connection is carried, as SQLite demands: parent and child each open their own, and write as runs of
//! their own. Other connections that the program has to the same file are its own to close before it forks.
#![forbid(unsafe_code)]

mod database;
mod error;
mod file;
mod hexadecimal;
mod queries;
mod reader;
mod retention;
mod settings;
mod sink;
mod write;

use telemetry_core::sink::{Integration, RegisterError, SinkError, register_integration};

pub use error::OpenError;
pub use queries::{QUERIES, Query};
pub use reader::read_only;
pub use settings::SETTINGS;
pub use sink::SqliteSink;

/// Makes the sink known as `sqlite`, with its settings; to be called before telemetry is configured.
///
/// # Errors
/// A sink of that name, or settings of these names, are registered already.
pub fn register() -> Result<(), RegisterError> {
    register_integration(Integration {
        name: "sqlite",
        settings: SETTINGS,
        build: |resolved| match SqliteSink::from_settings(resolved) {
            Ok(sink) => Ok(Box::new(sink)),
            Err(error) => Err(SinkError::Other(Box::new(error))),
        },
    })
}
