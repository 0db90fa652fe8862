//! The file as the sink has it: which one it is, and a connection while one is open.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::error::OpenError;
use crate::file;

/// A file that is written under a path.
pub(crate) struct Database {
    path: PathBuf,
    connection: Option<Connection>,
    identity: Option<Identity>,
    /// How many files have been written under the path.
    number: u64,
}

/// What tells a file from another one: device and number.
type Identity = (u64, u64);

impl Database {
    /// Opens the file, or makes it. The path is taken from the root on: it leads to the same file whatever becomes the
    /// working directory, and is none of the names that SQLite takes for something else (`:memory:`, `file:…?…`).
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        let path =
            std::path::absolute(path).map_err(|source| OpenError::Path { path: path.to_owned(), source })?;
        let connection = Some(file::open(&path)?);
        Ok(Self { identity: identity(&path), path, connection, number: 1 })
    }

    /// A connection to the file that the path leads to just now, and its number. One that was removed, or that another
    /// has taken the place of, would be written where nobody looks.
    pub(crate) fn connection(&mut self) -> Result<(&mut Connection, u64), OpenError> {
        if self.connection.is_some() && identity(&self.path) != self.identity {
            // What is opened next is another one, though it may be given the very number of the one that is gone. Nor does
            // closing that one bring anything into the log of its successor, or remove it.
            self.let_go();
            (self.identity, self.number) = (None, self.number + 1);
        }
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.open_anew()?,
        };
        Ok((self.connection.insert(connection), self.number))
    }

    fn open_anew(&mut self) -> Result<Connection, OpenError> {
        let connection = file::open(&self.path)?;
        let found = identity(&self.path);
        if found != self.identity {
            (self.identity, self.number) = (found, self.number + 1);
        }
        Ok(connection)
    }

    /// Closes the connection and brings what is in the log into the file.
    pub(crate) fn close(&mut self) -> rusqlite::Result<()> {
        match self.connection.take().map(Connection::close) {
            Some(Err((_, error))) => Err(error),
            _ => Ok(()),
        }
    }

    /// Closes the connection at once, until the next write: whoever opens the file next goes on with the log.
    pub(crate) fn let_go(&mut self) {
        if let Some(connection) = self.connection.take() {
            // Where one of them fails nothing is lost: there is no transaction.
            let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
            drop(connection.close());
        }
    }

    /// Leaves a connection that is a parent process's: it must not even be closed here.
    pub(crate) fn disown(&mut self) {
        std::mem::forget(self.connection.take());
    }
}

/// The file under a path; none where there is none, or where the system does not say.
fn identity(path: &Path) -> Option<Identity> {
    #[cfg(unix)]
    let found = {
        use std::os::unix::fs::MetadataExt;

        std::fs::metadata(path).ok().map(|data| (data.dev(), data.ino()))
    };
    #[cfg(not(unix))]
    let found = {
        // One that is open cannot be removed there.
        let _ = path;
        None
    };
    found
}
