//! The sink.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use telemetry_core::metric::snapshot::MetricsSnapshot;
use telemetry_core::record::SpanRecord;
use telemetry_core::resource::Resource;
use telemetry_core::settings::Resolved;
use telemetry_core::sink::{AfterFork, ShutdownSignal, Sink, SinkContext, SinkError};

use crate::database::Database;
use crate::error::OpenError;
use crate::retention;
use crate::settings::Options;
use crate::write::{self, Written};

/// How often the age of what is kept is looked at.
const AGE_CHECKS: Duration = Duration::from_secs(60);
/// After how many spans the size of the file is looked at.
const SIZE_CHECK_SPANS: usize = 10_000;

/// For how long a batch waits while another process keeps the file locked, and what it waits between attempts at the least.
const LOCKED: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

/// Keeps spans and metrics in a SQLite file.
///
/// A batch is one transaction: it is in the file as a whole, from the moment the sink has returned, or not at all, and
/// then counts as dropped. Others may read at any time, and several processes may write: a batch waits up to 60 s for
/// one that keeps the file locked, and no longer than the shutdown may take, while others wait in the sink's queue. The
/// schema and what can be asked of it are in the [crate's documentation](crate).
///
/// # Examples
/// ```
/// use telemetry_core::sink::Sink;
/// use telemetry_sqlite::SqliteSink;
///
/// # let folder = std::env::temp_dir().join(format!("telemetry-sqlite-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// let sink = SqliteSink::open(folder.join("telemetry.sqlite"))?;
/// assert_eq!(sink.name(), "sqlite");
/// # drop(sink);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SqliteSink {
    options: Options,
    database: Database,
    resource: Arc<Resource>,
    shutdown: ShutdownSignal,
    rows: Rows,
    age_checked: Option<Instant>,
    spans_since_size_check: usize,
}

/// The rows that are this process's.
#[derive(Default)]
struct Rows {
    /// The number of the file they are in.
    file: u64,
    run: Option<i64>,
    written: Written,
}

impl Rows {
    fn transact<T>(
        &mut self,
        connection: &mut Connection,
        resource: &Resource,
        work: &impl Fn(&Transaction<'_>, i64, &Written) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let run = match self.run {
            Some(run) => run,
            None => write::run(&transaction, resource, now_unix_nanos())?,
        };
        let done = work(&transaction, run, &self.written)?;
        transaction.commit()?;
        self.run = Some(run);
        Ok(done)
    }
}

/// Why an attempt came to nothing.
enum Failure {
    Open(OpenError),
    Write(rusqlite::Error),
}

impl Failure {
    /// Whether another connection writes.
    fn is_locked(&self) -> bool {
        let (Self::Open(OpenError::Sqlite { source: error, .. }) | Self::Write(error)) = self else {
            return false;
        };
        error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
    }
}

/// Whether rows that others refer to are missing.
fn is_violation(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}

impl SqliteSink {
    /// Opens a file, which is made where there is none and brought to the latest version of the schema, with the default
    /// limits: 168 hours and 1 GiB.
    ///
    /// # Errors
    /// It cannot be opened, is a database of something else, or has a later version than this program knows.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref().to_owned();
        Self::with(Options { path, max_age: Duration::from_secs(168 * 3600), max_bytes: 1 << 30 })
    }

    /// Opens the file that settings name, with their limits.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn from_settings(resolved: &Resolved) -> Result<Self, OpenError> {
        Self::with(Options::of(resolved))
    }

    /// Deletes what is older than this; looked at once a minute.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.options.max_age = age;
        self
    }

    /// Deletes the oldest when more bytes than this are used, down to nine tenths of it; looked at every 10,000 spans and
    /// with every snapshot of the metrics. The write-ahead log, up to 16 MiB unless a reader stays in an old state for
    /// long, comes on top.
    #[must_use]
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.options.max_bytes = bytes;
        self
    }

    fn with(options: Options) -> Result<Self, OpenError> {
        Ok(Self {
            database: Database::open(&options.path)?,
            options,
            resource: Arc::new(Resource::empty()),
            shutdown: ShutdownSignal::new(),
            rows: Rows::default(),
            age_checked: None,
            spans_since_size_check: 0,
        })
    }

    /// Runs a transaction, once whoever else writes is done.
    fn transact<T>(
        &mut self,
        work: impl Fn(&Transaction<'_>, i64, &Written) -> rusqlite::Result<T>,
    ) -> Result<T, SinkError> {
        let began = Instant::now();
        loop {
            let failure = match self.attempt(&work) {
                Ok(done) => return Ok(done),
                Err(failure) => failure,
            };
            if !failure.is_locked() || began.elapsed() >= LOCKED || self.shutdown.remaining().is_zero() {
                return Err(match failure {
                    Failure::Open(error) => other(error),
                    Failure::Write(error) => other(error),
                });
            }
            thread::sleep(PAUSE);
        }
    }

    /// Runs a transaction with the row of this process, which is made in the first one.
    fn attempt<T>(
        &mut self,
        work: &impl Fn(&Transaction<'_>, i64, &Written) -> rusqlite::Result<T>,
    ) -> Result<T, Failure> {
        let Self { database, resource, rows, .. } = self;
        let (connection, file) = database.connection().map_err(Failure::Open)?;
        if rows.file != file {
            *rows = Rows { file, ..Rows::default() };
        }
        let mut done = rows.transact(connection, resource, work);
        if done.as_ref().is_err_and(is_violation) {
            // Somebody has deleted our rows: they are made anew.
            *rows = Rows { file, ..Rows::default() };
            done = rows.transact(connection, resource, work);
        }
        done.map_err(Failure::Write)
    }

    fn retain_by_age(&mut self) -> Result<(), SinkError> {
        if self.age_checked.is_some_and(|checked| checked.elapsed() < AGE_CHECKS) {
            return Ok(());
        }
        self.age_checked = Some(Instant::now());
        let (max_age, run) = (self.options.max_age, self.rows.run);
        let (connection, _) = self.database.connection().map_err(other)?;
        retention::by_age(connection, now_unix_nanos(), max_age, run).map_err(other)
    }

    fn retain_by_size(&mut self) -> Result<(), SinkError> {
        self.spans_since_size_check = 0;
        let max_bytes = self.options.max_bytes;
        let (connection, _) = self.database.connection().map_err(other)?;
        retention::by_size(connection, max_bytes).map_err(other)
    }
}

fn other<E: std::error::Error + Send + Sync + 'static>(error: E) -> SinkError {
    SinkError::Other(Box::new(error))
}

fn now_unix_nanos() -> i64 {
    let age = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(age.as_nanos()).unwrap_or(i64::MAX)
}

impl fmt::Debug for SqliteSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteSink").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Sink for SqliteSink {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn attach(&mut self, context: &SinkContext) {
        self.resource = Arc::clone(&context.resource);
        self.shutdown = context.shutdown.clone();
    }

    fn export_spans(&mut self, spans: &[SpanRecord]) -> Result<(), SinkError> {
        self.transact(|transaction, run, _| write::spans(transaction, run, spans))?;
        self.spans_since_size_check += spans.len();
        if self.spans_since_size_check >= SIZE_CHECK_SPANS {
            // These spans are written, whatever becomes of the old ones; the next snapshot tries again, and says what fails.
            let _ = self.retain_by_size();
        }
        Ok(())
    }

    fn export_metrics(&mut self, metrics: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
        let changes = self.transact(|transaction, run, written| written.write(transaction, run, metrics));
        if changes.is_err() {
            // Where another process has deleted series that seemed over, they are made anew.
            self.rows.written = Written::default();
        }
        self.rows.written.remember(changes?);
        self.retain_by_age()?;
        self.retain_by_size()
    }

    fn close(&mut self) -> Result<(), SinkError> {
        self.database.close().map_err(other)
    }

    /// SQLite forbids a connection to be used on both sides of a fork, and to be closed on the child's. Beside one that was
    /// inherited not even a new one is safe there: what SQLite knows of the locks of a file it knows for the whole process.
    /// So none is open at the fork; either side opens one when it next writes.
    fn before_fork(&mut self) {
        self.database.let_go();
    }

    fn after_fork(&mut self) -> AfterFork {
        self.database.disown();
        (self.rows, self.age_checked) = (Rows::default(), None);
        AfterFork::Keep
    }
}
