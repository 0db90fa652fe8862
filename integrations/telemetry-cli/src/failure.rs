//! Why a command did not do what it was asked.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use telemetry_core::evidence::ReadError;
use telemetry_core::sink::SinkError;
use telemetry_sqlite::OpenError;

/// Why a command failed; a mistake on the command line itself is told by the parser.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("{} cannot be read: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} cannot be read: {source}", path.display())]
    Evidence { path: PathBuf, source: ReadError },
    #[error("no process has left anything in {}", path.display())]
    NoEvidence { path: PathBuf },
    #[error("cannot listen on {address}: {source}; choose another port with --port N, or --port 0 for any")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("the query failed: {0}")]
    Query(#[from] rusqlite::Error),
    #[error("there is no query {given:?}, expected one of {known}")]
    UnknownQuery { given: String, known: String },
    #[error("the query {query} needs {parameter}: telemetry query FILE {query} {parameter}")]
    NoParameter { query: &'static str, parameter: String },
    #[error("the query {query} takes no further value, and {given:?} was given")]
    NoSuchParameter { query: &'static str, given: String },
    #[error("input or output failed: {0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Sink(#[from] SinkError),
    #[error(transparent)]
    Register(#[from] telemetry_core::sink::RegisterError),
}

impl Failure {
    /// Whether nobody reads what is written any more.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        let closed = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
        match self {
            Self::Io(error) | Self::Sink(SinkError::Io(error)) => closed(error),
            _ => false,
        }
    }
}
