//! The JSON interface, over both sources: every test asks a viewer of memory and one of a file the same.

mod support;

use axum::Router;
use serde_json::{Value as Json, json};
use telemetry_core::record::{SpanKind, Status, Value};
use telemetry_core::sink::Sink;
use telemetry_viewer::{Viewer, ViewerSink};

use support::{Described, Folder, file_sink, get, reading, records, text};

/// Three traces: an order that failed, a book, and one whose root is missing.
fn spans() -> Vec<Described> {
    let order =
        Described { trace: 0xa, kind: SpanKind::Server, start: 10, duration: 40, ..Described::default() };
    let book =
        Described { trace: 0xb, kind: SpanKind::Server, start: 100, duration: 5, ..Described::default() };
    vec![
        Described {
            id: 1,
            name: "POST /orders".to_owned(),
            attributes: vec![("http.route", text("/orders")), ("http.status_code", Value::I64(500))],
            ..order.clone()
        },
        Described {
            id: 2,
            parent: 1,
            name: "pay".to_owned(),
            start: 20,
            duration: 20,
            status: Status::Error,
            attributes: vec![("error.type", text("Declined")), ("error.message", text("do not honour"))],
            events: vec!["retry"],
            ..order
        },
        Described {
            id: 3,
            name: "GET /books/{id}".to_owned(),
            attributes: vec![("book.id", Value::U64(u64::MAX)), ("http.status_code", Value::I64(200))],
            ..book
        },
        Described {
            trace: 0xc,
            id: 5,
            parent: 4,
            name: "orphan".to_owned(),
            start: 200,
            ..Described::default()
        },
    ]
}

/// Routers over the same, from memory and from a file.
fn routers(folder: &Folder) -> [Router; 2] {
    let records = records(spans());
    let readings = [reading(0, &[("north", 10)]), reading(10, &[("north", 30), ("south", 1)])];
    let mut memory = ViewerSink::new();
    let path = folder.path().join("spans.db");
    let mut file = file_sink(&path);
    let sinks: [&mut dyn Sink; 2] = [&mut memory, &mut file];
    for sink in sinks {
        sink.export_spans(&records).unwrap();
        for reading in &readings {
            sink.export_metrics(reading).unwrap();
        }
    }
    [Viewer::of(&memory).router(), Viewer::open(&path).unwrap().router()]
}

/// What both routers answer, which has to be the same.
async fn both(path: &str) -> Json {
    let folder = Folder::new();
    let [memory, file] = routers(&folder);
    let (memory, file) = (get(&memory, path).await, get(&file, path).await);
    assert_eq!((memory.status.as_u16(), file.status.as_u16()), (200, 200), "{path}: {}", file.body);
    let (memory, mut file) = (memory.json(), file.json());
    // A file is searched by its spans, not trace by trace.
    if memory["searched"].is_number() && file["searched"].is_null() {
        file["searched"] = memory["searched"].clone();
    }
    assert_eq!(memory, file, "{path}");
    memory
}

async fn names(path: &str) -> Vec<String> {
    let listed = both(path).await;
    listed["traces"]
        .as_array()
        .unwrap()
        .iter()
        .map(|trace| trace["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn traces_are_listed_the_latest_first_with_what_one_wants_to_know() {
    let listed = both("/api/traces").await;
    assert_eq!((&listed["searched"], &listed["next"]), (&json!(3), &Json::Null));
    assert_eq!(
        listed["traces"][2],
        json!({
            "trace_id": "0000000000000000000000000000000a",
            "name": "POST /orders",
            "kind": "server",
            "services": ["unknown_service"],
            "start_unix_nanos": "1767268800010000000",
            "duration_nanos": 40_000_000,
            "spans": 2,
            "errors": 1,
            "status": "unset",
            "http_status": 500,
            "error": "Declined: do not honour",
            "rooted": true,
        })
    );
    assert_eq!(listed["traces"][0]["rooted"], false);
}

#[tokio::test]
async fn a_search_finds_by_name_route_status_duration_and_attribute() {
    for (query, found) in [
        ("q=PAY", vec!["POST /orders"]),
        ("q=route:/orders", vec!["POST /orders"]),
        ("q=status:error", vec!["POST /orders"]),
        ("q=status:2xx", vec!["GET /books/{id}"]),
        ("q=duration%3E30ms", vec!["POST /orders"]),
        ("q=book.id%3D18446744073709551615", vec!["GET /books/{id}"]),
        ("q=kind:server+duration%3C10ms", vec!["GET /books/{id}"]),
        ("q=trace:0000000000000000000000000000000c", vec!["orphan"]),
        ("q=%22no+such+thing%22", vec![]),
    ] {
        assert_eq!(names(&format!("/api/traces?{query}")).await, found, "{query}");
    }
}

#[tokio::test]
async fn errors_or_the_slowest_come_first_when_asked() {
    assert_eq!(names("/api/traces?order=recent").await, ["orphan", "GET /books/{id}", "POST /orders"]);
    assert_eq!(names("/api/traces?order=errors").await, ["POST /orders", "orphan", "GET /books/{id}"]);
    assert_eq!(names("/api/traces?order=slowest&limit=2").await, ["POST /orders", "GET /books/{id}"]);
}

#[tokio::test]
async fn a_list_goes_on_where_it_stopped() {
    let folder = Folder::new();
    for router in routers(&folder) {
        let (mut found, mut path) = (Vec::new(), "/api/traces?limit=1".to_owned());
        loop {
            let page = get(&router, &path).await.json();
            found.extend(page["traces"].as_array().unwrap().iter().map(|trace| trace["trace_id"].clone()));
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/api/traces?limit=1&before={next}");
        }
        let last_digits: Vec<_> =
            found.iter().map(|id| id.as_str().unwrap().chars().last().unwrap()).collect();
        assert_eq!(last_digits, ['c', 'b', 'a']);
    }
}

#[tokio::test]
async fn a_trace_is_a_tree_of_rows_with_its_critical_path() {
    let mut trace = both("/api/traces/0000000000000000000000000000000a").await;
    let rows = trace["rows"].as_array_mut().unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (&rows[0]["depth"], &rows[0]["children"], &rows[0]["own_nanos"]),
        (&json!(0), &json!(1), &json!(20_000_000))
    );
    assert_eq!(rows[0]["critical"], json!([[0, 10_000_000], [30_000_000, 40_000_000]]));
    let source = rows[1].as_object_mut().unwrap().remove("source").unwrap();
    assert!(source.as_str().unwrap().contains("support/mod.rs:"), "{source}");
    assert_eq!(
        rows[1],
        json!({
            "depth": 1,
            "children": 0,
            "missing": false,
            "span_id": "0000000000000002",
            "parent_span_id": "0000000000000001",
            "local_root": false,
            "service": "unknown_service",
            "name": "pay",
            "kind": "server",
            "offset_nanos": 10_000_000,
            "duration_nanos": 20_000_000,
            "own_nanos": 20_000_000,
            "critical": [[10_000_000, 30_000_000]],
            "status": "error",
            "outcome": "failed",
            "attributes": [
                {"key": "error.type", "type": "text", "value": "Declined"},
                {"key": "error.message", "type": "text", "value": "do not honour"},
            ],
            "events": [{"name": "retry", "offset_nanos": 10_000_000, "attributes": []}],
            "links": [],
            "dropped_attributes": 0,
            "dropped_events": 0,
            "dropped_links": 0,
            "scope": "telemetry-viewer",
        })
    );
}

#[tokio::test]
async fn a_parent_that_is_not_here_is_a_row_that_says_so() {
    let trace = both("/api/traces/0000000000000000000000000000000c").await;
    assert_eq!(
        trace["rows"][0],
        json!({"depth": 0, "children": 1, "missing": true, "span_id": "0000000000000004"})
    );
    assert_eq!((&trace["rows"][1]["name"], &trace["rows"][1]["depth"]), (&json!("orphan"), &json!(1)));
}

#[tokio::test]
async fn integers_beyond_what_a_page_can_read_are_texts() {
    let trace = both("/api/traces/0000000000000000000000000000000b").await;
    let book = json!({"key": "book.id", "type": "int", "value": "18446744073709551615"});
    assert_eq!(trace["rows"][0]["attributes"][0], book);
}

#[tokio::test]
async fn metrics_are_rates() {
    let plots = both("/api/metrics?seconds=60").await;
    for (name, latest, rate) in [("lookups_total", 30.0, 2.0), ("lookup_seconds_total", 3.75, 0.25)] {
        let plot = plots.as_array().unwrap().iter().find(|plot| plot["name"] == name).unwrap();
        assert_eq!(plot["kind"], "counter");
        let north = &plot["series"][0];
        assert_eq!(north["labels"], json!([["shelf", "north"]]));
        assert_eq!(north["latest"], latest);
        assert_eq!(north["points"], json!([[1_767_268_810_000_f64, rate]]));
    }
}

#[tokio::test]
async fn health_says_what_the_source_holds() {
    let folder = Folder::new();
    let [memory, file] = routers(&folder);
    let memory = get(&memory, "/api/health").await.json();
    let file = get(&file, "/api/health").await.json();
    assert_eq!((&memory["about"]["source"], &file["about"]["source"]), (&json!("memory"), &json!("file")));
    assert_eq!((&memory["about"]["traces"], &memory["about"]["evicted_spans"]), (&json!(3), &json!(0)));
    assert_eq!(file["about"]["file"], "spans.db");
    for health in [memory, file] {
        assert_eq!((&health["about"]["spans"], &health["findings"]), (&json!(4), &json!([])));
        assert_eq!(health["time_unix_millis"], 1_767_268_810_000_u64);
    }
}

#[tokio::test]
async fn bad_input_is_answered_with_what_is_accepted() {
    let folder = Folder::new();
    for router in routers(&folder) {
        for (path, status, said) in [
            ("/api/traces?limit=0", 400, "limit is \"0\", expected a number from 1 to 500"),
            ("/api/traces?limit=501", 400, "limit is \"501\", expected a number from 1 to 500"),
            ("/api/traces?order=best", 400, "order is \"best\", expected recent, errors or slowest"),
            (
                "/api/traces?before=yesterday",
                400,
                "before is \"yesterday\", expected what the answer before said",
            ),
            ("/api/traces?q=a&q=b", 400, "\"q\" is given twice"),
            (
                "/api/traces?query=a",
                400,
                "there is no parameter \"query\", expected q, order, limit or before",
            ),
            (
                "/api/traces?q=duration%3Elong",
                400,
                "duration cannot be \"long\", expected a number with a unit, such as 10ms, 1.5s or 250us",
            ),
            ("/api/traces/xyz", 400, "\"xyz\" is no trace, expected 32 hexadecimal digits, not all zero"),
            (
                "/api/traces/00000000000000000000000000000000",
                400,
                "\"00000000000000000000000000000000\" is no trace, expected 32 hexadecimal digits, not all zero",
            ),
            (
                "/api/traces/000000000000000000000000000000ff",
                404,
                "trace 000000000000000000000000000000ff is not here, or not any more",
            ),
            ("/api/metrics?seconds=9", 400, "seconds is \"9\", expected a number from 10 to 3600"),
            ("/api/nothing", 404, "there is nothing here"),
        ] {
            let answer = get(&router, path).await;
            assert_eq!((answer.status.as_u16(), answer.error().as_str()), (status, said), "{path}");
        }
    }
}

#[test]
fn a_file_that_is_none_of_ours_is_refused_with_a_reason() {
    let folder = Folder::new();
    let message = |path: &std::path::Path| Viewer::open(path).unwrap_err().to_string();
    let missing = folder.path().join("missing.db");
    assert_eq!(message(&missing), format!("there is no file {}", missing.display()));
    assert!(!missing.exists());
    let other = folder.path().join("notes.txt");
    std::fs::write(&other, "not a database, and long enough to be looked at as one".repeat(20)).unwrap();
    assert!(message(&other).contains("is the database of another application"), "{}", message(&other));
}
