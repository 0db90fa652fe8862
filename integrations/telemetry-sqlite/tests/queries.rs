//! The ready queries, over a file that is known.

mod support;

use std::sync::Arc;
use std::time::Duration;

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, Statement};
use support::{Described, Folder, NOON, family, reader, text};
use telemetry_core::SpanKind;
use telemetry_core::metric::snapshot::{MetricKind, MetricValue, MetricsSnapshot};
use telemetry_core::record::{EventRecord, Status};
use telemetry_core::sink::Sink;
use telemetry_sqlite::{QUERIES, SqliteSink};

const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// A hundred requests, two failures, and one trace with children.
fn shop() -> (Folder, Connection) {
    let folder = Folder::new();
    let mut sink = SqliteSink::open(folder.file()).unwrap().max_age(CENTURY);
    let mut spans: Vec<_> = (1..=100)
        .map(|i| {
            let (name, kind) = ("GET /books", SpanKind::Server);
            Described {
                trace: 1000 + u128::from(i),
                id: i,
                name,
                kind,
                start: i,
                duration: i,
                ..Described::default()
            }
            .record()
        })
        .collect();
    let failed = |id, start, kind_of_error, message| {
        let attributes = vec![("error.type", text(kind_of_error)), ("error.message", text(message))];
        let (name, kind, status) = ("POST /orders", SpanKind::Server, Status::Error);
        Described {
            trace: u128::from(id),
            id,
            name,
            kind,
            start,
            duration: 500,
            attributes,
            status,
            ..Described::default()
        }
        .record()
    };
    spans.extend([
        failed(501, 61_000, "StoreError", "locked"),
        failed(502, 62_000, "StoreError", "full"),
        failed(503, 63_000, "panic", "oops"),
    ]);
    let query = |id, start, duration| {
        let attributes = vec![("db.statement", text("SELECT ?"))];
        let (name, kind) = ("db.query", SpanKind::Client);
        Described {
            trace: 7,
            id,
            parent: 702,
            name,
            kind,
            start,
            duration,
            attributes,
            ..Described::default()
        }
        .record()
    };
    spans.extend([query(703, 1003, 4), query(704, 1008, 6)]);
    spans.push(
        Described {
            trace: 7,
            id: 702,
            parent: 701,
            name: "load",
            start: 1002,
            duration: 15,
            ..Described::default()
        }
        .record(),
    );
    let mut root = Described {
        trace: 7,
        id: 701,
        parent: 9,
        name: "GET /tree",
        kind: SpanKind::Server,
        start: 1000,
        duration: 20,
        ..Described::default()
    }
    .record();
    root.events = vec![EventRecord { name: "found".into(), time_unix_nanos: NOON, attributes: vec![] }];
    spans.push(root);
    sink.export_spans(&spans).unwrap();
    for (seconds, total) in [(0, 5), (10, 25), (20, 25), (30, 40)] {
        let mut snapshot = MetricsSnapshot::default();
        snapshot.time_unix_nanos = NOON + seconds * 1_000_000_000;
        let waits = MetricValue::Histogram { bounds: Arc::from([0.5]), counts: vec![1, 2], sum: 3.5 };
        snapshot.families = vec![
            family("shop_load", MetricKind::Gauge, MetricValue::Gauge(0.5)),
            family("shop_sales_total", MetricKind::Counter, MetricValue::Counter(total)),
            family("shop_wait_seconds", MetricKind::Histogram, waits),
        ];
        sink.export_metrics(&Arc::new(snapshot)).unwrap();
    }
    sink.close().unwrap();
    let connection = reader(&folder.file());
    (folder, connection)
}

/// What a query gives, a line a row; in its first columns alone, where so many are said.
fn rows(connection: &Connection, name: &str, parameters: &[(&str, &str)], columns: usize) -> Vec<String> {
    let query = QUERIES.iter().find(|query| query.name == name).unwrap();
    let mut statement: Statement<'_> = connection.prepare(query.sql).unwrap();
    let width = statement.column_count().min(columns);
    let shown = |value: Sql| match value {
        Sql::Null => "null".to_owned(),
        Sql::Integer(value) => value.to_string(),
        Sql::Real(value) => format!("{value:?}"),
        Sql::Text(value) => value,
        Sql::Blob(_) => unreachable!("there are none"),
    };
    statement
        .query_map(parameters, |row| {
            let cells: Result<Vec<_>, _> = (0..width).map(|column| row.get(column).map(shown)).collect();
            Ok(cells?.join(" | "))
        })
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

#[test]
fn every_query_answers_what_it_says() {
    let (_folder, connection) = shop();
    let rows = |name, columns| rows(&connection, name, &[], columns);
    assert_eq!(
        rows("slowest_routes", 9),
        [
            "POST /orders | 3 | 500.0 | 500.0 | 500.0 | 500.0",
            "GET /books | 100 | 50.0 | 95.0 | 99.0 | 100.0",
            "GET /tree | 1 | 20.0 | 20.0 | 20.0 | 20.0",
        ]
    );
    let (locked, oops) = (format!("{:032x}", 502), format!("{:032x}", 503));
    assert_eq!(
        rows("errors_by_type", 9),
        [
            format!("StoreError | 2 | 2 | 2026-01-01 12:01:02 | {locked}"),
            format!("panic | 1 | 1 | 2026-01-01 12:01:03 | {oops}"),
        ]
    );
    assert_eq!(rows("slowest_spans", 3).len(), 20);
    assert_eq!(rows("slowest_spans", 3)[0], "POST /orders | server | 500.0");
    assert_eq!(
        rows("requests_per_minute", 9),
        ["2026-01-01 12:01:00 | 3 | 3 | 500.0", "2026-01-01 12:00:00 | 101 | 0 | 50.198"]
    );
    assert_eq!(rows("slow_statements", 9), ["SELECT ? | 2 | 10.0 | 5.0 | 6.0"]);
    assert_eq!(
        rows("recent_errors", 4),
        [
            "2026-01-01 12:01:03 | POST /orders | panic | oops",
            "2026-01-01 12:01:02 | POST /orders | StoreError | full",
            "2026-01-01 12:01:01 | POST /orders | StoreError | locked",
        ]
    );
    assert_eq!(
        rows("own_time", 9),
        [
            "GET /books | 100 | 5050.0 | 5050.0",
            "POST /orders | 3 | 1500.0 | 1500.0",
            "db.query | 2 | 10.0 | 10.0",
            "load | 1 | 5.0 | 15.0",
            "GET /tree | 1 | 5.0 | 20.0",
        ]
    );
    assert_eq!(
        rows("latest_metrics", 5),
        [
            "shop_load | {\"shelf\":\"north\"} | gauge | 0.5 | null",
            "shop_sales_total | {\"shelf\":\"north\"} | counter | 40 | null",
            "shop_wait_seconds | {\"shelf\":\"north\"} | histogram | 3 | 3.5",
        ]
    );
}

#[test]
fn a_trace_is_a_tree_by_its_identifier_or_the_beginning_of_one() {
    let (_folder, connection) = shop();
    let whole = format!("{:032x}", 7);
    for id in [&whole[..], &whole[..32]] {
        assert_eq!(
            rows(&connection, "trace_tree", &[(":trace_id", id)], 3),
            [
                "GET /tree | 20.0 | 0.0",
                "  load | 15.0 | 2.0",
                "    db.query | 4.0 | 3.0",
                "    db.query | 6.0 | 8.0"
            ]
        );
    }
    assert!(rows(&connection, "trace_tree", &[(":trace_id", "ff")], 3).is_empty());
}

#[test]
fn a_counter_has_rates_between_the_values_that_were_kept() {
    let (_folder, connection) = shop();
    assert_eq!(
        rows(&connection, "counter_rates", &[(":name", "shop_sales_total")], 9),
        [
            "2026-01-01 12:00:30 | {\"shelf\":\"north\"} | 15 | 0.75",
            "2026-01-01 12:00:10 | {\"shelf\":\"north\"} | 20 | 2.0",
        ]
    );
}

#[test]
fn views_show_attributes_and_events_as_rows() {
    let (_folder, connection) = shop();
    let said: String = connection
        .query_row("SELECT group_concat(key || '=' || value || ':' || type, ' ') FROM span_attributes WHERE name = 'db.query'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(said, "db.statement=SELECT ?:text db.statement=SELECT ?:text");
    let (name, span): (String, String) = connection
        .query_row("SELECT name, span_name FROM span_events", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!((&*name, &*span), ("found", "GET /tree"));
}
