//! What is kept and what is answered is bounded, however much there is.

mod support;

use std::sync::Arc;

use serde_json::json;
use telemetry_core::record::{Status, Value};
use telemetry_core::sink::Sink;
use telemetry_viewer::{Limits, Viewer, ViewerSink};

use support::{Described, Folder, file_sink, get, reading, records};

fn limits(spans: usize) -> Limits {
    let mut limits = Limits::DEFAULT;
    limits.spans = spans;
    limits
}

/// Traces of ten spans each.
fn traces(numbers: std::ops::RangeInclusive<u64>) -> Vec<Described> {
    let spans = |number: u64| {
        (1..=10).map(move |id| Described {
            trace: number.into(),
            id: number * 100 + id,
            parent: if id == 1 { 0 } else { number * 100 + 1 },
            start: number,
            ..Described::default()
        })
    };
    numbers.flat_map(spans).collect()
}

#[tokio::test]
async fn memory_holds_the_latest_traces_and_counts_what_made_room() {
    let mut sink = ViewerSink::with_limits(limits(100));
    for number in 1..=50 {
        sink.export_spans(&records(traces(number..=number))).unwrap();
        assert!(sink.span_count() <= 100);
    }
    assert_eq!((sink.span_count(), sink.evicted()), (100, 400));
    let router = Viewer::of(&sink).router();
    let listed = get(&router, "/api/traces").await.json();
    assert_eq!(listed["traces"].as_array().unwrap().len(), 10);
    assert_eq!(listed["traces"][0]["trace_id"], format!("{:032x}", 50));
    let about = &get(&router, "/api/health").await.json()["about"];
    assert_eq!((&about["evicted_spans"], &about["max_spans"]), (&json!(400), &json!(100)));
}

#[tokio::test]
async fn a_trace_larger_than_memory_says_how_much_is_missing() {
    let mut sink = ViewerSink::with_limits(limits(50));
    let spans = (1..=80).map(|id| Described { id, parent: u64::from(id > 1), ..Described::default() });
    sink.export_spans(&records(spans)).unwrap();
    let trace = get(&Viewer::of(&sink).router(), &format!("/api/traces/{:032x}", 1)).await.json();
    assert_eq!((trace["rows"].as_array().unwrap().len(), &trace["left_out"]), (50, &json!(30)));
    assert_eq!(trace["summary"]["spans"], 80);
}

#[tokio::test]
async fn a_sink_without_room_keeps_nothing_and_goes_on() {
    let mut sink = ViewerSink::with_limits(limits(0));
    sink.export_spans(&records(traces(1..=3))).unwrap();
    assert_eq!((sink.span_count(), sink.evicted()), (0, 30));
    assert_eq!(get(&Viewer::of(&sink).router(), "/api/traces").await.json()["traces"], json!([]));
}

#[tokio::test]
async fn readings_are_bounded_too() {
    let mut sink = ViewerSink::new();
    for second in 0..2_000 {
        sink.export_metrics(&reading(second, &[("north", second)])).unwrap();
    }
    let plots = get(&Viewer::of(&sink).router(), "/api/metrics?seconds=3600").await.json();
    let points = plots[0]["series"][0]["points"].as_array().unwrap();
    let (first, last) = (points[0][0].as_f64().unwrap(), points.last().unwrap()[0].as_f64().unwrap());
    assert!(points.len() <= 240, "{}", points.len());
    assert!((last - first) / 1000.0 < Limits::DEFAULT.readings as f64, "{first} to {last}");
}

#[tokio::test]
async fn a_file_is_searched_within_bounds_and_goes_on_from_there() {
    let folder = Folder::new();
    let path = folder.path().join("spans.db");
    let mut file = file_sink(&path);
    file.export_spans(&records(traces(1..=700))).unwrap();
    let router = Viewer::open(&path).unwrap().router();
    let (mut seen, mut query) = (std::collections::HashSet::new(), String::new());
    loop {
        let page = get(&router, &format!("/api/traces?limit=100{query}")).await.json();
        let traces = page["traces"].as_array().unwrap();
        assert!(traces.len() <= 100);
        assert!(traces.iter().all(|trace| seen.insert(trace["trace_id"].to_string())), "a trace came twice");
        let Some(next) = page["next"].as_str() else { break };
        query = format!("&before={next}");
    }
    assert_eq!(seen.len(), 700);
    let first = get(&router, "/api/traces?q=trace:00000000000000000000000000000001").await.json();
    assert_eq!(first["traces"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_file_is_read_while_it_grows() {
    let folder = Folder::new();
    let path = folder.path().join("spans.db");
    let mut file = file_sink(&path);
    let router = Viewer::open(&path).unwrap().router();
    assert_eq!(get(&router, "/api/traces").await.json()["traces"], json!([]));
    file.export_spans(&records(traces(1..=2))).unwrap();
    file.export_metrics(&Arc::clone(&reading(1, &[("north", 1)]))).unwrap();
    assert_eq!(get(&router, "/api/traces").await.json()["traces"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_search_of_a_file_goes_on_by_the_spans_it_asks_for_and_misses_none() {
    let folder = Folder::new();
    let path = folder.path().join("spans.db");
    let mut file = file_sink(&path);
    // What is looked for begins long before the latest span of its trace, and between other traces.
    let spans = |number: u64| {
        let later = number + number % 7 * 1_000;
        let wanted = number.is_multiple_of(3);
        let mut early = Described {
            trace: number.into(),
            id: number * 10 + 2,
            parent: number * 10 + 1,
            start: number,
            ..Described::default()
        };
        if wanted {
            early.name = "needle.find".to_owned();
            early.status = Status::Error;
            early.attributes = vec![("book.id", Value::U64(number % 2))];
        }
        let root = Described { id: number * 10 + 1, parent: 0, start: later, ..early.clone() };
        let root =
            Described { name: "work".to_owned(), status: Status::default(), attributes: vec![], ..root };
        [early, root]
    };
    file.export_spans(&records((1..=3_000).flat_map(spans))).unwrap();
    let router = Viewer::open(&path).unwrap().router();
    for (search, expected) in [
        ("status:error", 1_000),
        ("needle", 1_000),
        ("book.id=1", 500),
        ("book.id~1%20name:work", 500),
        ("book.id=1%20status:error%20find", 500),
        ("needle%20book.id=2", 0),
    ] {
        let (mut seen, mut query) = (std::collections::HashSet::new(), String::new());
        loop {
            let page = get(&router, &format!("/api/traces?limit=70&q={search}{query}")).await.json();
            for trace in page["traces"].as_array().unwrap() {
                assert!(seen.insert(trace["trace_id"].to_string()), "{search}: {trace} came twice");
            }
            let Some(next) = page["next"].as_str() else { break };
            query = format!("&before={next}");
        }
        assert_eq!(seen.len(), expected, "{search}");
    }
}
