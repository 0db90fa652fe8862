//! What the tests share.
#![allow(dead_code, reason = "each test takes what it needs")]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value as Json;
use telemetry_core::metric::snapshot::{
    MetricFamily, MetricKind, MetricSeries, MetricValue, MetricsSnapshot,
};
use telemetry_core::record::{Attribute, EventRecord, Outcome, SpanKind, SpanRecord, Status, Value};
use telemetry_core::testing::Scope;
use telemetry_core::{SpanId, TraceId, span};
use telemetry_sqlite::SqliteSink;
use tower_service::Service;

/// Noon of 2026-01-01.
pub(crate) const NOON: u64 = 1_767_268_800_000_000_000;

/// An answer, whole.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn error(&self) -> String {
        self.json()["error"].as_str().unwrap().to_owned()
    }
}

/// Asks as a browser on this machine would.
pub(crate) async fn get(router: &Router, path: &str) -> Answer {
    ask(router, Request::get(path).header("host", "localhost:8080")).await
}

/// Asks from a loopback address.
pub(crate) async fn ask(router: &Router, request: axum::http::request::Builder) -> Answer {
    let peer = ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 50_000)));
    send(router, request.extension(peer).body(Body::empty()).unwrap()).await
}

pub(crate) async fn send(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().call(request).await.unwrap();
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: head.status, headers: head.headers, body: String::from_utf8(body.to_vec()).unwrap() }
}

/// A span with what a test says of it; starts and durations in milliseconds.
#[derive(Clone)]
pub(crate) struct Described {
    pub(crate) trace: u128,
    pub(crate) id: u64,
    pub(crate) parent: u64,
    pub(crate) name: String,
    pub(crate) kind: SpanKind,
    pub(crate) start: u64,
    pub(crate) duration: u64,
    pub(crate) attributes: Vec<(&'static str, Value)>,
    pub(crate) events: Vec<&'static str>,
    pub(crate) status: Status,
}

impl Default for Described {
    fn default() -> Self {
        Self {
            trace: 1,
            id: 1,
            parent: 0,
            name: "work".to_owned(),
            kind: SpanKind::Internal,
            start: 0,
            duration: 1,
            attributes: Vec::new(),
            events: Vec::new(),
            status: Status::Unset,
        }
    }
}

pub(crate) fn records(described: impl IntoIterator<Item = Described>) -> Vec<SpanRecord> {
    #[span]
    fn any() {}

    let scope = Scope::new();
    any();
    let template = scope.take_spans().remove(0);
    described.into_iter().map(|described| record(template.clone(), described)).collect()
}

fn record(mut span: SpanRecord, described: Described) -> SpanRecord {
    let Described { trace, id, parent, name, kind, start, duration, attributes, events, status } = described;
    span.trace_id = TraceId::new(trace).unwrap();
    span.span_id = SpanId::new(id).unwrap();
    span.parent_span_id = SpanId::new(parent);
    span.local_root = parent == 0;
    span.name = name.into();
    span.kind = kind;
    span.start_unix_nanos = NOON + start * 1_000_000;
    span.duration_nanos = duration * 1_000_000;
    span.status = status;
    span.outcome = if status == Status::Error { Outcome::Failed } else { Outcome::Completed };
    let attribute = |(key, value): (&'static str, Value)| Attribute { key: key.into(), value };
    span.attributes = attributes.into_iter().map(attribute).collect();
    let time_unix_nanos = span.start_unix_nanos;
    let event =
        |name: &'static str| EventRecord { name: name.into(), time_unix_nanos, attributes: Vec::new() };
    span.events = events.into_iter().map(event).collect();
    span
}

pub(crate) fn text(text: &'static str) -> Value {
    Value::Str(text.into())
}

/// A reading of a counter, and of one whose totals are an eighth of the first one's, so many seconds after noon.
pub(crate) fn reading(seconds: u64, totals: &[(&'static str, u64)]) -> Arc<MetricsSnapshot> {
    let family = |name: &'static str, value: fn(u64) -> MetricValue| {
        let series = totals
            .iter()
            .map(|&(shelf, total)| MetricSeries::new(vec![("shelf".into(), shelf.into())], value(total)));
        MetricFamily {
            name: name.into(),
            help: "Lookups.".into(),
            unit: None,
            kind: MetricKind::Counter,
            crate_name: "shop".into(),
            crate_version: "1".into(),
            series: series.collect(),
        }
    };
    let mut snapshot = MetricsSnapshot::default();
    snapshot.time_unix_nanos = NOON + seconds * 1_000_000_000;
    snapshot
        .families
        .push(family("lookup_seconds_total", |total| MetricValue::RealCounter(total as f64 / 8.0)));
    snapshot.families.push(family("lookups_total", MetricValue::Counter));
    Arc::new(snapshot)
}

/// A sink that writes a file, and deletes nothing of what the tests say is old.
pub(crate) fn file_sink(path: &Path) -> SqliteSink {
    SqliteSink::open(path).unwrap().max_age(Duration::from_secs(100 * 365 * 24 * 3600))
}

/// A folder that goes with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("telemetry-viewer-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
