//! Where traces and metrics come from: the memory of this process, or a file.

use std::ops::ControlFlow;

use serde_json::Value as Json;
use telemetry_core::TraceId;
use telemetry_core::metric::snapshot::{MetricKind, MetricValue};

use crate::search::Search;
use crate::span::Trace;

/// The most spans of one trace that are shown.
pub(crate) const MAX_TRACE_SPANS: usize = 50_000;

/// Where a trace stands among all, the later ones being greater: when its latest span began, or the latest that a search
/// asks for, and what tells it from others of that moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) start_unix_nanos: u64,
    pub(crate) tie: u64,
}

/// What can be read. Everything may take a while, and is called on threads for that.
pub(crate) trait Source: Send + Sync + 'static {
    /// Shows traces before a position, the latest first, until told to stop; at least those that meet the search. What is
    /// passed over without being looked at whole is told by a position without a trace, from time to time.
    fn visit_traces(
        &self,
        before: Option<Position>,
        search: &Search,
        visit: &mut dyn FnMut(Position, Option<&Trace>) -> ControlFlow<()>,
    ) -> Result<(), SourceError>;

    /// Whether a search looks at traces one after another, so that their number says something.
    fn counts(&self, search: &Search) -> bool {
        let _ = search;
        true
    }

    /// A trace, with up to [`MAX_TRACE_SPANS`] of its spans.
    fn trace(&self, id: TraceId) -> Result<Option<Trace>, SourceError>;

    /// The instruments and what they were in the last so many seconds.
    fn metrics(&self, seconds: u64) -> Result<Vec<Family>, SourceError>;

    /// What is known of the source itself.
    fn about(&self) -> Result<About, SourceError>;

    /// What the pipeline of this process says of itself; none where the source is not of it.
    fn pipeline(&self) -> Option<Json> {
        None
    }

    /// A number that changes when there is something new.
    fn revision(&self) -> Result<u64, SourceError>;

    /// Whether nothing new will come.
    fn is_closed(&self) -> bool;
}

/// An instrument with the recent values of its series.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Family {
    pub(crate) name: String,
    pub(crate) help: String,
    pub(crate) unit: Option<String>,
    pub(crate) kind: MetricKind,
    pub(crate) series: Vec<Series>,
}

/// The recent values of a series, the oldest first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) points: Vec<(u64, MetricValue)>,
}

/// What a source says of itself.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub(crate) struct About {
    /// `memory` or `file`.
    pub(crate) source: &'static str,
    /// The file's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<String>,
    pub(crate) services: Vec<String>,
    pub(crate) spans: u64,
    /// None where counting would take too long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) traces: Option<u64>,
    /// The most spans that are kept; none where the source has no such limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_spans: Option<u64>,
    /// Spans that had to make room for later ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) evicted_spans: Option<u64>,
}

/// Why a source cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    #[cfg(feature = "sqlite")]
    #[error("the file cannot be read: {0}")]
    Sqlite(#[from] rusqlite::Error),
}
