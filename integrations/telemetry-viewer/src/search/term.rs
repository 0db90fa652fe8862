//! The terms of a search.

use telemetry_core::{SpanKind, Status};

/// All terms must hold for a trace; an empty search is met by every trace.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Search {
    pub(crate) terms: Vec<Term>,
}

/// Something a trace can meet: by any one of its spans, but for the duration and the identifier, which are the trace's.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Term {
    /// A span's name contains this, in any case; lowercase here.
    Name(String),
    /// `http.route` contains this, in any case; lowercase here.
    Route(String),
    /// The service's name contains this, in any case; lowercase here.
    Service(String),
    Kind(SpanKind),
    Status(Status),
    /// The status of an HTTP answer, from the first to the last.
    HttpStatus(u16, u16),
    /// The trace's identifier begins with this.
    TraceId(String),
    /// Longer than so many nanoseconds.
    Longer(u64),
    /// Shorter than so many nanoseconds.
    Shorter(u64),
    /// An attribute of a span or of one of its events has this value.
    Equals(String, String),
    /// Its value contains this, in any case; lowercase here.
    Contains(String, String),
}
