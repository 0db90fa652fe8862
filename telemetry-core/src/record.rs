//! What a finished span looks like once it has left the ring: owned, typed, ready for any sink.

use std::borrow::Cow;
use std::sync::Arc;

use crate::id::{SpanId, TraceId};

/// A finished span.
#[derive(Clone, Debug, PartialEq)]
pub struct SpanRecord {
    /// The trace it belongs to.
    pub trace_id: TraceId,
    /// Its own identifier.
    pub span_id: SpanId,
    /// The identifier of its parent; none for the root of a trace.
    pub parent_span_id: Option<SpanId>,
    /// True for the first span of its trace in this process: no parent, or a parent in another process.
    pub local_root: bool,
    /// The W3C trace flags: bit 0 sampled, bit 1 random. Without the first, the sampler did not want the trace, and it was
    /// kept for how it ended ([`KeepTraces`](crate::KeepTraces)).
    pub trace_flags: u8,
    /// The `tracestate` of its trace, as the header has it; none where there is none.
    pub trace_state: Option<Arc<str>>,
    /// Its name.
    pub name: Cow<'static, str>,
    /// Its role towards other services.
    pub kind: SpanKind,
    /// When it began, in nanoseconds since the Unix epoch.
    pub start_unix_nanos: u64,
    /// How long it lasted, in nanoseconds; measured by a monotonic clock, so never negative.
    pub duration_nanos: u64,
    /// Whether it went well.
    pub status: Status,
    /// How the work ended.
    pub outcome: Outcome,
    /// Its attributes, constant ones first; each key once.
    pub attributes: Vec<Attribute>,
    /// Its events in the order of time.
    pub events: Vec<EventRecord>,
    /// Spans it refers to beside its parent.
    pub links: Vec<LinkRecord>,
    /// How many attributes did not fit.
    pub dropped_attributes_count: u32,
    /// How many events did not fit.
    pub dropped_events_count: u32,
    /// How many links did not fit.
    pub dropped_links_count: u32,
    /// Where in the code it was opened.
    pub origin: &'static Origin,
    /// The line there.
    pub line: u32,
}

impl SpanRecord {
    /// When it ended, in nanoseconds since the Unix epoch.
    pub const fn end_unix_nanos(&self) -> u64 {
        self.start_unix_nanos.saturating_add(self.duration_nanos)
    }

    /// Whether its parent is a span of another process.
    pub const fn has_remote_parent(&self) -> bool {
        self.local_root && self.parent_span_id.is_some()
    }

    /// The value of an attribute, by key.
    pub fn attribute(&self, key: &str) -> Option<&Value> {
        self.attributes.iter().find(|a| a.key == key).map(|a| &a.value)
    }
}

/// Where a span was opened, and by which crate (the instrumentation scope of OpenTelemetry). All call sites of a module
/// share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The crate's name.
    pub crate_name: &'static str,
    /// The crate's version.
    pub crate_version: &'static str,
    /// The module path.
    pub module: &'static str,
    /// The source file.
    pub file: &'static str,
}

/// The role of a span towards other services (OpenTelemetry's span kinds).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum SpanKind {
    /// Work inside the service.
    #[default]
    Internal = 0,
    /// Serves a request.
    Server = 1,
    /// Makes a request and waits for the answer.
    Client = 2,
    /// Hands over a message without waiting.
    Producer = 3,
    /// Takes over a message.
    Consumer = 4,
}

impl SpanKind {
    /// The kind as a word: `internal`, `server`, `client`, `producer` or `consumer`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Server => "server",
            Self::Client => "client",
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        }
    }
}

/// Whether a span went well. `Ok` is final; `Error` gives way to `Ok` alone; `Unset` gives way to both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Status {
    /// Nothing was said.
    #[default]
    Unset = 0,
    /// Said to be well, whatever else was recorded.
    Ok = 1,
    /// Failed.
    Error = 2,
}

impl Status {
    /// The status as a word: `unset`, `ok` or `error`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unset => "unset",
            Self::Ok => "ok",
            Self::Error => "error",
        }
    }
}

/// How the work under a span ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Outcome {
    /// It ran to its end.
    #[default]
    Completed = 0,
    /// It returned an error.
    Failed = 1,
    /// It panicked.
    Panicked = 2,
    /// A future was dropped before it was ready.
    Cancelled = 3,
    /// A future was dropped before its first poll.
    NeverPolled = 4,
}

impl Outcome {
    /// The outcome as a word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Panicked => "panicked",
            Self::Cancelled => "cancelled",
            Self::NeverPolled => "never_polled",
        }
    }
}

/// A key with a typed value.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// The key.
    pub key: Cow<'static, str>,
    /// The value.
    pub value: Value,
}

/// The value of an attribute; the type survives to every sink.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// A signed integer.
    I64(i64),
    /// An unsigned integer.
    U64(u64),
    /// A floating-point number.
    F64(f64),
    /// Text.
    Str(Cow<'static, str>),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// Something that happened at one moment of a span.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRecord {
    /// What happened.
    pub name: Cow<'static, str>,
    /// When, in nanoseconds since the Unix epoch.
    pub time_unix_nanos: u64,
    /// What is known of it.
    pub attributes: Vec<Attribute>,
}

/// A reference to another span.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkRecord {
    /// The other span's trace.
    pub trace_id: TraceId,
    /// The other span.
    pub span_id: SpanId,
    /// The other span's W3C trace flags.
    pub trace_flags: u8,
    /// The `tracestate` with which the other span's trace came to this process; none where there is none.
    pub trace_state: Option<Arc<str>>,
    /// Whether the other span is one of another process.
    pub remote: bool,
}
