//! Telemetry for programs that log by the `log` crate.
//!
//! [`Correlated`] goes around the program's logger, so that each record written inside a span says which one, by three
//! key-value pairs:
//!
//! ```
//! # fn main() -> Result<(), log::SetLoggerError> {
//! let logger = env_logger::Builder::from_default_env().build();
//! let level = logger.filter();
//! telemetry_log::Correlated::new(logger).install(level)?;
//! log::info!(books = 3; "shelved");
//! // [… INFO  library] shelved books=3 outside of a span, and inside
//! // [… INFO  library] shelved books=3 trace_id=4bf92f35… span_id=00f067aa… trace_flags=01
//! # Ok(())
//! # }
//! ```
//!
//! The logger must write key-value pairs: `env_logger` does with its feature `kv`, loggers of JSON do.
//!
//! # Which span
//! The current one of the thread; where there is none, the parent that was taken over from another process. A trace
//! that is not recorded shows its identifiers with the flags `00`. Without either, and where
//! `TELEMETRY_AUTO_LOG_CORRELATION` is off, a record stays as it is. [`LogFields`] gives the same fields by hand.
//!
//! Where the thread works on a request that has an identifier ([`LogRequest`]), a record also has it as `request_id`.
#![forbid(unsafe_code)]

mod pairs;

use log::{LevelFilter, Log, Metadata, Record, SetLoggerError};
use telemetry_core::{LogFields, LogRequest};

use crate::pairs::Pairs;

/// A logger that adds `trace_id`, `span_id` and `trace_flags` to each record, and `request_id` where there is one, and
/// hands it on to another.
///
/// They come after the record's own pairs and overwrite nothing: a pair of that name that the record has already
/// stays, alone.
#[derive(Clone, Copy, Debug)]
pub struct Correlated<L> {
    inner: L,
}

impl<L> Correlated<L> {
    /// Around a logger.
    pub const fn new(inner: L) -> Self {
        Self { inner }
    }

    /// The logger inside.
    pub const fn inner(&self) -> &L {
        &self.inner
    }
}

impl<L: Log + 'static> Correlated<L> {
    /// Makes it the logger of the process, for records up to this level.
    ///
    /// # Errors
    /// When the process has a logger already; the level then stays as it is.
    pub fn install(self, level: LevelFilter) -> Result<(), SetLoggerError> {
        log::set_boxed_logger(Box::new(self))?;
        log::set_max_level(level);
        Ok(())
    }
}

impl<L: Log> Log for Correlated<L> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.inner.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        let request = if LogFields::is_automatic() { LogRequest::current() } else { None };
        match (LogFields::automatic(), request) {
            (None, None) => self.inner.log(record),
            (fields, request) => {
                let pairs = Pairs::new(record.key_values(), fields, request);
                self.inner.log(&record.to_builder().key_values(&pairs).build());
            }
        }
    }

    fn flush(&self) {
        self.inner.flush();
    }
}
