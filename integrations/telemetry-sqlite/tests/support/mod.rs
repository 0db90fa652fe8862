//! What the tests share.
#![allow(dead_code, reason = "each test takes what it needs")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rusqlite::{Connection, OpenFlags};
use telemetry_core::metric::snapshot::{
    MetricFamily, MetricKind, MetricSeries, MetricValue, MetricsSnapshot,
};
use telemetry_core::record::{Attribute, Outcome, SpanKind, SpanRecord, Status, Value};
use telemetry_core::testing::Scope;
use telemetry_core::{SpanId, TraceId, span};

/// A folder that goes with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("telemetry-sqlite-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.0.join("telemetry.sqlite")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Opens a file as a reader would.
pub(crate) fn reader(path: &Path) -> Connection {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

/// The only number a query gives.
pub(crate) fn number(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// A span with what a test says of it; starts and durations in milliseconds.
pub(crate) struct Described {
    pub(crate) trace: u128,
    pub(crate) id: u64,
    pub(crate) parent: u64,
    pub(crate) name: &'static str,
    pub(crate) kind: SpanKind,
    pub(crate) start: u64,
    pub(crate) duration: u64,
    pub(crate) attributes: Vec<(&'static str, Value)>,
    pub(crate) status: Status,
}

impl Default for Described {
    fn default() -> Self {
        Self {
            trace: 1,
            id: 1,
            parent: 0,
            name: "work",
            kind: SpanKind::Internal,
            start: 0,
            duration: 1,
            attributes: Vec::new(),
            status: Status::Unset,
        }
    }
}

/// Noon of 2026-01-01.
pub(crate) const NOON: u64 = 1_767_268_800_000_000_000;

impl Described {
    pub(crate) fn record(self) -> SpanRecord {
        #[span]
        fn any() {}

        let scope = Scope::new();
        any();
        let mut span = scope.take_spans().remove(0);
        span.trace_id = TraceId::new(self.trace).unwrap();
        span.span_id = SpanId::new(self.id).unwrap();
        span.parent_span_id = SpanId::new(self.parent);
        span.local_root = self.parent == 0;
        span.name = self.name.into();
        span.kind = self.kind;
        span.start_unix_nanos = NOON + self.start * 1_000_000;
        span.duration_nanos = self.duration * 1_000_000;
        span.status = self.status;
        span.outcome = if self.status == Status::Error { Outcome::Failed } else { Outcome::Completed };
        let attribute = |(key, value)| Attribute { key: std::borrow::Cow::Borrowed(key), value };
        span.attributes = self.attributes.into_iter().map(attribute).collect();
        span
    }
}

/// So many spans, numbered.
pub(crate) fn spans(count: u64) -> Vec<SpanRecord> {
    let template = Described::default().record();
    let number = |id| {
        let mut span = template.clone();
        span.span_id = SpanId::new(id).unwrap();
        span
    };
    (1..=count).map(number).collect()
}

pub(crate) fn text(text: &'static str) -> Value {
    Value::Str(text.into())
}

pub(crate) fn family(name: &'static str, kind: MetricKind, value: MetricValue) -> MetricFamily {
    MetricFamily {
        name: name.into(),
        help: "What it is.".into(),
        unit: None,
        kind,
        crate_name: "shop".into(),
        crate_version: "1".into(),
        series: vec![MetricSeries::new(vec![("shelf".into(), "north".into())], value)],
    }
}

/// A gauge's value at a moment.
pub(crate) fn snapshot(time_unix_nanos: u64, value: f64) -> Arc<MetricsSnapshot> {
    let mut snapshot = MetricsSnapshot::default();
    snapshot.time_unix_nanos = time_unix_nanos;
    snapshot.families.push(family("shop_load", MetricKind::Gauge, MetricValue::Gauge(value)));
    Arc::new(snapshot)
}
