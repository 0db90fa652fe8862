//! Opening the file: its identity, its version, and how it is written.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use crate::error::OpenError;

/// Marks a database as ours: `TELE` in ASCII.
pub(crate) const APPLICATION_ID: i64 = 0x5445_4c45;

/// What makes of each version the next one, from an empty file on.
pub(crate) const MIGRATIONS: [&str; 2] =
    [include_str!("../migrations/1.sql"), include_str!("../migrations/2.sql")];

/// How long the opening waits for another process that writes, and an attempt at a write.
const OPENING: Duration = Duration::from_secs(5);
const WRITING: Duration = Duration::from_secs(1);

/// Opens the file, makes it where there is none, and brings it to the latest version.
pub(crate) fn open(path: &Path) -> Result<Connection, OpenError> {
    let failed = |source| OpenError::Sqlite { path: path.to_owned(), source };
    let mut connection = Connection::open(path).map_err(failed)?;
    connection.busy_timeout(OPENING).map_err(failed)?;
    // Has to be said before the first table is made; later it changes nothing.
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL").map_err(failed)?;
    let (found, known) = migrate(&mut connection)
        .map_err(failed)?
        .ok_or_else(|| OpenError::NotOurs { path: path.to_owned() })?;
    if found > known {
        return Err(OpenError::TooNew { path: path.to_owned(), found, known });
    }
    prepare(&connection).map_err(failed)?;
    Ok(connection)
}

/// Brings the schema to the latest version; gives the version found and the latest, or nothing where the database is not
/// ours. All in one transaction: of two processes that open a new file one makes the tables.
fn migrate(connection: &mut Connection) -> rusqlite::Result<Option<(i64, i64)>> {
    let known = MIGRATIONS.len() as i64;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let pragma = |name| transaction.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (application, version) = (pragma("application_id")?, pragma("user_version")?);
    let tables: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION_ID && (application != 0 || tables > 0) {
        return Ok(None);
    }
    for migration in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or(usize::MAX)) {
        transaction.execute_batch(migration)?;
    }
    if version < known {
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", known)?;
    }
    transaction.commit()?;
    Ok(Some((version, known)))
}

/// Readers and the writer do not wait for each other, and what is committed survives the end of the process, however it
/// comes; a power failure may take the last commits, never the file.
fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "journal_size_limit", 16 << 20)?;
    // Of the pages written over and over, those of the index by trace above all, the last state alone is copied to the
    // file: so not every thousand pages, but with 16 MiB of the log.
    connection.pragma_update(None, "wal_autocheckpoint", 4096)?;
    connection.pragma_update(None, "cache_size", -16_384)?;
    connection.set_prepared_statement_cache_capacity(16);
    connection.busy_timeout(WRITING)
}
