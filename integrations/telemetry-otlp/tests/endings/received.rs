//! What a collector and the files have got.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use rusqlite::Connection;
use telemetry_otlp::Protocol;

use super::support::protobuf::{fields, only};
use super::support::{grpc, http};

/// A collector of either kind.
pub(crate) enum Collector {
    Http(http::Collector),
    Grpc(grpc::Collector),
}

impl Collector {
    pub(crate) fn of(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Grpc => Self::Grpc(grpc::Collector::start([grpc::Reply::Message(Vec::new())])),
            _ => Self::Http(http::Collector::start([http::Reply::status(200)])),
        }
    }

    pub(crate) fn endpoint(&self) -> String {
        match self {
            Self::Http(collector) => collector.endpoint(),
            Self::Grpc(collector) => collector.endpoint(),
        }
    }

    /// How many spans came; none may come twice.
    pub(crate) fn spans(&self) -> usize {
        let spans: Vec<String> = match self {
            Self::Http(collector) => over_http(collector),
            Self::Grpc(collector) => over_grpc(collector),
        };
        assert_eq!(spans.iter().collect::<HashSet<_>>().len(), spans.len(), "a span came twice");
        spans.len()
    }

    /// The last value of a gauge, where the collector reads JSON.
    pub(crate) fn gauge(&self, name: &str) -> Option<f64> {
        let Self::Http(collector) = self else { return None };
        let last = collector.requests().into_iter().rfind(|request| request.path == "/v1/metrics")?.json();
        let scopes = last["resourceMetrics"][0]["scopeMetrics"].as_array()?;
        let mut metrics = scopes.iter().flat_map(|scope| scope["metrics"].as_array().unwrap());
        metrics.find(|metric| metric["name"] == name)?["gauge"]["dataPoints"][0]["asDouble"].as_f64()
    }
}

fn over_http(collector: &http::Collector) -> Vec<String> {
    let mut spans = Vec::new();
    for request in collector.requests().iter().filter(|request| request.path == "/v1/traces") {
        for span in request.json()["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap() {
            spans.push(span["spanId"].as_str().unwrap().to_owned());
        }
    }
    spans
}

fn over_grpc(collector: &grpc::Collector) -> Vec<String> {
    let mut spans = Vec::new();
    for call in collector.calls().iter().filter(|call| call.path.contains("TraceService")) {
        let of_the_crate = only(&only(&call.message, 1), 2);
        for (_, span) in fields(&of_the_crate).filter(|(number, _)| *number == 2) {
            spans.push(format!("{:?}", only(&span.bytes(), 2)));
        }
    }
    spans
}

/// How many spans are in a file, and the last value of a gauge there.
pub(crate) fn written(database: &Path, gauge: &str) -> (usize, Option<f64>) {
    let connection = Connection::open(database).unwrap();
    let (rows, spans): (i64, i64) = connection
        .query_row("SELECT count(*), count(DISTINCT span_id) FROM spans", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!(rows, spans, "a span was written twice");
    let sql = "SELECT value FROM metrics WHERE name = ?1 ORDER BY time_unix_nanos DESC LIMIT 1";
    (spans as usize, connection.query_row(sql, [gauge], |row| row.get(0)).ok())
}

/// How many spans are in a trace file, which has to be whole.
pub(crate) fn traced(file: &Path) -> usize {
    let events: serde_json::Value =
        serde_json::from_slice(&fs::read(file).unwrap()).expect("the file is valid JSON");
    events.as_array().unwrap().iter().filter(|event| event["ph"] == "X").count()
}
