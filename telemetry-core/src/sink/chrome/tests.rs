//! The file as a reader meets it.

use std::path::PathBuf;

use serde_json::{Value as Json, json};

use super::*;
use crate::record::EventRecord;
use crate::sink::fixtures::{EPOCH, span, text};

/// A file that goes with the test.
struct TraceFile(PathBuf);

impl TraceFile {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("telemetry-chrome-{}-{name}.json", std::process::id())))
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.0).unwrap()
    }

    /// What is in it, which has to be whole JSON.
    fn events(&self) -> Vec<Json> {
        serde_json::from_str(&self.text()).unwrap()
    }

    /// Names, lanes, starts and lengths of the slices.
    fn slices(&self) -> Vec<(String, u64, f64, f64)> {
        let events = self.events();
        let slices = events.iter().filter(|event| event["ph"] == "X");
        let number = |value: &Json| value.as_f64().unwrap();
        slices
            .map(|slice| {
                let name = slice["name"].as_str().unwrap().to_owned();
                (name, slice["tid"].as_u64().unwrap(), number(&slice["ts"]) - 3.6e9, number(&slice["dur"]))
            })
            .collect()
    }
}

impl Drop for TraceFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn a_span_is_a_slice_and_its_events_are_instants_on_it() {
    let file = TraceFile::new("slice");
    let mut sink = ChromeTraceSink::create(&file.0).unwrap();
    let mut root = span(0xab, 2, 0, "GET \"/books\"\n", 5, 20);
    root.attributes = vec![text("http.route", "/books")];
    root.events =
        vec![EventRecord { name: "found".into(), time_unix_nanos: EPOCH + 7_001, attributes: vec![] }];
    sink.export_spans(&[root]).unwrap();
    let events = file.events();
    assert_eq!(events.len(), 4, "two lines describe the process");
    assert_eq!(
        events[2],
        json!({
            "ph": "X", "name": "GET \"/books\"\n", "cat": "shop", "pid": 1, "tid": 1, "ts": 3.6e9, "dur": 20.0,
            "args": {
                "http.route": "/books",
                "trace_id": "000000000000000000000000000000ab",
                "span_id": "0000000000000002",
                "status": "unset",
                "outcome": "completed",
            },
        })
    );
    assert_eq!(
        events[3],
        json!({"ph": "i", "name": "found", "cat": "shop", "pid": 1, "tid": 1, "ts": 3_600_000_002.001_f64, "s": "t", "args": {}})
    );
}

#[test]
fn children_lie_below_their_parents_and_what_runs_side_by_side_in_lanes_of_its_own() {
    let file = TraceFile::new("lanes");
    let mut sink = ChromeTraceSink::create(&file.0).unwrap();
    sink.export_spans(&[
        span(1, 2, 1, "first", 10, 20),
        span(1, 3, 1, "beside", 15, 20),
        span(1, 4, 3, "within", 16, 2),
        span(1, 5, 1, "after", 40, 5),
        span(1, 6, 1, "outlives", 90, 50),
        span(1, 1, 0, "root", 0, 100),
        span(2, 7, 0, "other", 50, 10),
        span(3, 8, 0, "later", 200, 10),
    ])
    .unwrap();
    let slices: Vec<_> = file.slices().into_iter().map(|(name, lane, ..)| (name, lane)).collect();
    let expected = [
        ("root", 1),
        ("first", 1),
        ("beside", 2),
        ("within", 2),
        ("after", 1),
        ("outlives", 2),
        ("other", 3),
        ("later", 1),
    ];
    assert_eq!(slices, expected.map(|(name, lane)| (name.to_owned(), lane)));
}

#[test]
fn the_file_is_whole_after_every_write_and_its_lines_stand_when_it_is_cut() {
    let file = TraceFile::new("whole");
    let mut sink = ChromeTraceSink::create(&file.0).unwrap();
    assert_eq!(file.events().len(), 0);
    for number in 1..=20 {
        sink.export_spans(&[span(u128::from(number), number, 0, "work", number * 10, 5)]).unwrap();
        assert_eq!(file.slices().len() as u64, number);
    }
    let text = file.text();
    for length in 2..text.len() {
        // A reader closes the array and leaves a line out that is not whole.
        let cut = &text[..length];
        let whole = cut
            .rsplit_once(",\n")
            .map_or("[", |(lines, last)| if last.ends_with("}}") { cut } else { lines });
        let closed = format!("{}]", whole.trim_end_matches(['\n', ',', ']']));
        let events: Vec<Json> =
            serde_json::from_str(&closed).unwrap_or_else(|error| panic!("{error}: {closed}"));
        assert!(events.len() + 1 >= cut.matches("\"ph\"").count(), "one line is lost at most");
    }
}

#[test]
fn a_trace_waits_for_its_root_and_a_flush_waits_for_nobody() {
    let file = TraceFile::new("waits");
    let mut sink = ChromeTraceSink::create(&file.0).unwrap();
    sink.export_spans(&[span(1, 2, 1, "child", 1, 1)]).unwrap();
    assert_eq!(file.slices().len(), 0);
    sink.flush().unwrap();
    assert_eq!(file.slices().len(), 1);
}

#[test]
fn past_its_size_spans_are_counted_as_lost() {
    let file = TraceFile::new("size");
    let mut sink = ChromeTraceSink::create(&file.0).unwrap().with_max_bytes(2_000);
    let mut lost = 0;
    for number in 1..=50 {
        match sink.export_spans(&[span(u128::from(number), number, 0, "work", number, 1)]) {
            Ok(()) => assert_eq!(lost, 0),
            Err(SinkError::Lost(losses)) => lost += losses.of(LossReason::GivenUp),
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(file.slices().len() as u64 + lost, 50);
    assert!(lost > 30 && file.text().len() < 2_500);
}

#[test]
#[cfg(unix)]
fn a_file_that_is_being_written_is_refused_and_left_as_it_is() {
    let file = TraceFile::new("busy");
    let mut sink = ChromeTraceSink::create(&file.0).unwrap();
    sink.export_spans(&[span(1, 1, 0, "first", 1, 1)]).unwrap();
    let error = ChromeTraceSink::create(&file.0).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
    assert_eq!(error.to_string(), "another sink is writing to this file");
    sink.export_spans(&[span(2, 2, 0, "second", 2, 1)]).unwrap();
    assert_eq!(file.slices().len(), 2);
    // In the child of a fork, where it is the parent's.
    assert_eq!(sink.after_fork(), crate::sink::AfterFork::Disable);
    drop(ChromeTraceSink::create(&file.0).unwrap());
    drop(sink);
    ChromeTraceSink::create("/dev/null").unwrap();
    let beside = ChromeTraceSink::create("/dev/null").unwrap();
    drop(beside);
}

#[test]
fn a_file_that_cannot_be_made_is_named() {
    let error = crate::settings::Resolver::new()
        .value("CHROME_PATH", "/no/such/folder/trace.json")
        .resolve()
        .map(|resolved| ChromeTraceSink::from_settings(&resolved).unwrap_err().to_string());
    assert!(error.unwrap().contains("/no/such/folder/trace.json"));
}
