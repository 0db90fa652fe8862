//! Opening a file to read what others write.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::error::OpenError;
use crate::file::{APPLICATION_ID, MIGRATIONS};

/// How long a read waits, where it has to at all.
const BUSY: Duration = Duration::from_secs(1);

/// Opens a file that a [`SqliteSink`](crate::SqliteSink) has made, to read it only; whoever writes it is not disturbed.
///
/// # Errors
/// It is not there, cannot be opened, is a database of something else, or has another version of the schema than this
/// program knows: an earlier one is brought to the latest when a sink opens it.
///
/// # Examples
/// ```
/// let error = telemetry_sqlite::read_only("no/such/spans.db").unwrap_err();
/// assert_eq!(error.to_string(), "there is no file no/such/spans.db");
/// ```
pub fn read_only(path: impl AsRef<Path>) -> Result<Connection, OpenError> {
    let path = path.as_ref();
    let failed = |source| OpenError::Sqlite { path: path.to_owned(), source };
    if !path.try_exists().unwrap_or(true) {
        return Err(OpenError::Missing { path: path.to_owned() });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY).map_err(failed)?;
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (application, found) = match pragma("application_id").and_then(|id| Ok((id, pragma("user_version")?)))
    {
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => {
            return Err(OpenError::NotOurs { path: path.to_owned() });
        }
        read => read.map_err(failed)?,
    };
    if application != APPLICATION_ID {
        return Err(OpenError::NotOurs { path: path.to_owned() });
    }
    let known = MIGRATIONS.len() as i64;
    if found > known {
        return Err(OpenError::TooNew { path: path.to_owned(), found, known });
    }
    if found < known {
        return Err(OpenError::TooOld { path: path.to_owned(), found, known });
    }
    connection.pragma_update(None, "query_only", true).map_err(failed)?;
    Ok(connection)
}
