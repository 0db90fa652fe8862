//! Why a file cannot be used.

use std::path::PathBuf;

/// Why a file cannot be opened as one of ours.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// SQLite cannot open or prepare it.
    #[error("the database {} cannot be opened: {source}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The path cannot be that of a file.
    #[error("the path {path:?} leads to no file: {source}")]
    Path {
        /// The path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is no such file, and it was only to be read.
    #[error("there is no file {}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// It is a database of something else, which is left alone.
    #[error("{} is the database of another application, expected a new file or one this sink has made", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// An earlier version of this crate has made it, and it was only to be read.
    #[error("{} has version {found} of the schema, expected {known}: a sink that opens it brings it to that", path.display())]
    TooOld {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The version this program reads.
        known: i64,
    },
    /// A later version of this crate has changed its schema.
    #[error("{} has version {found} of the schema, and this program knows up to {known}", path.display())]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The latest this program knows.
        known: i64,
    },
}
