//! The file: whose it is, which version, how large and how old, and who else reads it.

mod support;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use support::{Described, Folder, NOON, number, reader, snapshot, spans, text};
use telemetry_core::record::Value;
use telemetry_core::sink::{AfterFork, Sink};
use telemetry_sqlite::{OpenError, SqliteSink};

#[test]
fn spans_are_kept_as_they_were_recorded() {
    let folder = Folder::new();
    let mut sink = SqliteSink::open(folder.file()).unwrap();
    let attributes = vec![
        ("http.route", text("/books/\"{id}\" é")),
        ("count", Value::I64(i64::MIN)),
        ("ratio", Value::F64(0.5)),
        ("yes", Value::Bool(true)),
        ("bytes", Value::Bytes(vec![0, 255, 16])),
        ("nan", Value::F64(f64::NAN)),
    ];
    let mut span = Described { trace: 0xabc, id: 2, parent: 1, attributes, ..Described::default() }.record();
    span.dropped_events_count = 3;
    sink.export_spans(&[span]).unwrap();
    let connection = reader(&folder.file());
    let row: (String, String, String, i64, i64, i64, String) = connection
        .query_row(
            "SELECT trace_id, span_id, parent_span_id, start_unix_nanos, duration_nanos, dropped_events, scope_name FROM spans",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?)),
        )
        .unwrap();
    let ids = (format!("{:032x}", 0xabc), format!("{:016x}", 2), format!("{:016x}", 1));
    assert_eq!(row, (ids.0, ids.1, ids.2, NOON as i64, 1_000_000, 3, "telemetry-sqlite".to_owned()));
    let route: String = connection
        .query_row("SELECT attributes ->> '$.\"http.route\"' FROM spans", [], |row| row.get(0))
        .unwrap();
    assert_eq!(route, "/books/\"{id}\" é");
    let types: String = connection
        .query_row(
            "SELECT group_concat(type || ' ' || value, ', ') FROM span_attributes WHERE key <> 'http.route'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(types, "integer -9223372036854775808, real 0.5, true 1, text AP8Q, text NaN");
}

#[test]
fn an_unchanged_value_is_written_again_after_ten_minutes() {
    let folder = Folder::new();
    let mut sink = SqliteSink::open(folder.file()).unwrap();
    for (second, value) in [(0, 1.0), (1, 1.0), (2, 2.0), (3, 2.0), (602, 2.0), (603, 2.0)] {
        sink.export_metrics(&snapshot(u64::MAX / 4 + second * 1_000_000_000, value)).unwrap();
    }
    let connection = reader(&folder.file());
    assert_eq!(number(&connection, "SELECT count(*) FROM metric_series"), 1);
    assert_eq!(number(&connection, "SELECT count(*) FROM metric_points"), 3);
}

#[test]
fn a_run_is_a_process_and_goes_on_in_the_same_file() {
    let folder = Folder::new();
    for _ in 0..3 {
        let mut sink = SqliteSink::open(folder.file()).unwrap();
        sink.export_spans(&spans(5)).unwrap();
        sink.export_spans(&spans(5)).unwrap();
        sink.close().unwrap();
    }
    let connection = reader(&folder.file());
    assert_eq!(number(&connection, "SELECT count(*) FROM runs"), 3);
    assert_eq!(number(&connection, "SELECT count(*) FROM spans GROUP BY run_id LIMIT 1"), 10);
}

#[test]
fn a_file_of_something_else_is_left_alone() {
    let folder = Folder::new();
    let path = folder.file();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE accounts (id INTEGER)").unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(SqliteSink::open(&path).unwrap_err(), OpenError::NotOurs { .. }));
    assert_eq!(std::fs::read(&path).unwrap(), before);

    std::fs::write(&path, "a text that is long enough to be looked at, and is no database of anybody's")
        .unwrap();
    let error = SqliteSink::open(&path).unwrap_err().to_string();
    assert!(error.contains("telemetry.sqlite cannot be opened"), "{error}");
    let error = SqliteSink::open("/no/such/folder/file").unwrap_err().to_string();
    assert!(error.contains("/no/such/folder/file cannot be opened"), "{error}");
}

#[test]
fn a_file_of_a_later_version_is_refused() {
    let folder = Folder::new();
    SqliteSink::open(folder.file()).unwrap().close().unwrap();
    Connection::open(folder.file()).unwrap().pragma_update(None, "user_version", 7).unwrap();
    let error = SqliteSink::open(folder.file()).unwrap_err().to_string();
    assert!(error.ends_with("has version 7 of the schema, and this program knows up to 2"), "{error}");
}

#[test]
fn a_file_of_the_first_version_is_brought_to_the_latest_and_keeps_what_it_has() {
    let folder = Folder::new();
    let old = Connection::open(folder.file()).unwrap();
    old.execute_batch(include_str!("../migrations/1.sql")).unwrap();
    old.pragma_update(None, "application_id", 0x5445_4c45).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    old.execute_batch(
        "INSERT INTO runs VALUES (1, 5, 'books', '{}');
         INSERT INTO spans VALUES (1, 1, 'aa', 'bb', NULL, 1, 3, 'old', 'internal', 5, 6, 'unset', 'completed', '{}', '[]', \
         '[]', 0, 0, 0, 'books', '1', 'main.rs', 7);",
    )
    .unwrap();
    drop(old);
    let error = telemetry_sqlite::read_only(folder.file()).unwrap_err().to_string();
    assert!(
        error.ends_with("has version 1 of the schema, expected 2: a sink that opens it brings it to that"),
        "{error}"
    );
    let mut batch = spans(2);
    batch[0].trace_state = Some("rojo=1".into());
    let mut sink = SqliteSink::open(folder.file()).unwrap();
    sink.export_spans(&batch).unwrap();
    let connection = reader(&folder.file());
    let states: Vec<(String, Option<String>)> = connection
        .prepare("SELECT name, trace_state FROM spans ORDER BY id")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let [old, with, without] = &states[..] else { panic!("{states:?}") };
    assert_eq!((old.0.as_str(), old.1.as_deref()), ("old", None));
    assert_eq!((with.1.as_deref(), without.1.as_deref()), (Some("rojo=1"), None));
    assert_eq!(number(&connection, "PRAGMA user_version"), 2);
    assert_eq!(number(&connection, "SELECT count(*) FROM runs"), 2);
    // A second time there is nothing to do.
    sink.close().unwrap();
    SqliteSink::open(folder.file()).unwrap().close().unwrap();
}

#[test]
fn what_is_too_old_goes() {
    let folder = Folder::new();
    let mut sink = SqliteSink::open(folder.file()).unwrap();
    let mut batch = spans(25_000);
    let now = u64::try_from(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos()).unwrap();
    for span in &mut batch[..100] {
        span.start_unix_nanos = now;
    }
    sink.export_spans(&batch).unwrap();
    assert_eq!(number(&reader(&folder.file()), "SELECT count(*) FROM spans"), 25_000);
    sink.export_metrics(&snapshot(NOON, 1.0)).unwrap();
    let connection = reader(&folder.file());
    assert_eq!(number(&connection, "SELECT count(*) FROM spans"), 100);
    let counts = "SELECT (SELECT count(*) FROM metric_series) * 10 + (SELECT count(*) FROM metric_points)";
    assert_eq!(number(&connection, counts), 10, "the value is too old, its series goes on");
    sink.export_metrics(&snapshot(now, 2.0)).unwrap();
    assert_eq!(number(&connection, counts), 11);
    // Looked at once a minute: a new sink looks at once.
    drop(sink);
    let mut sink = SqliteSink::open(folder.file()).unwrap().max_age(Duration::from_nanos(1));
    sink.export_metrics(&snapshot(now + 3_600_000_000_000, 1.0)).unwrap();
    assert_eq!(number(&connection, "SELECT count(*) FROM spans"), 0);
    assert_eq!(number(&connection, counts), 11, "the series of the other run has gone");
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).unwrap().len()
}

#[test]
fn the_file_stays_within_its_size() {
    let folder = Folder::new();
    let limit = 4 << 20;
    let mut sink = SqliteSink::open(folder.file()).unwrap().max_bytes(limit);
    for _ in 0..30 {
        sink.export_spans(&spans(2_000)).unwrap();
    }
    sink.close().unwrap();
    let connection = reader(&folder.file());
    // Between two looks at it, 10,000 spans may come.
    assert!(size(&folder.file()) < 2 * limit, "{}", size(&folder.file()));
    assert_eq!(number(&connection, "SELECT max(id) FROM spans"), 60_000, "the latest are kept");
    assert!(number(&connection, "SELECT count(*) FROM spans") > 1_000);
}

#[test]
fn readers_read_while_it_writes() {
    let folder = Folder::new();
    let path = folder.file();
    let mut sink = SqliteSink::open(&path).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|threads| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                threads.spawn(|| {
                    let connection = reader(&path);
                    let (mut last, mut reads) = (0, 0);
                    while !done.load(Ordering::Relaxed) {
                        let count = number(&connection, "SELECT count(*) FROM spans");
                        assert!(count >= last && count % 100 == 0, "whole batches: {count} after {last}");
                        (last, reads) = (count, reads + 1);
                    }
                    reads
                })
            })
            .collect();
        for _ in 0..200 {
            sink.export_spans(&spans(100)).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        for reader in readers {
            assert!(reader.join().unwrap() > 0);
        }
    });
    assert_eq!(number(&reader(&path), "SELECT count(*) FROM spans"), 20_000);
}

#[test]
fn the_child_of_a_fork_writes_as_a_run_of_its_own() {
    let folder = Folder::new();
    let mut sink = SqliteSink::open(folder.file()).unwrap();
    sink.export_spans(&spans(10)).unwrap();
    assert_eq!(sink.after_fork(), AfterFork::Keep);
    sink.export_spans(&spans(10)).unwrap();
    assert_eq!(number(&reader(&folder.file()), "SELECT count(DISTINCT run_id) FROM spans"), 2);
}
