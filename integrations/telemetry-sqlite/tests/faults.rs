//! What happens to the file while it is written, and what becomes of the batches.

mod support;

use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use support::{Folder, NOON, number, reader, snapshot, spans};
use telemetry_core::sink::{ShutdownSignal, Sink, SinkContext};
use telemetry_sqlite::SqliteSink;

#[test]
fn a_disk_that_is_full_costs_the_batch_and_nothing_else() {
    let folder = Folder::new();
    let mut sink = SqliteSink::open(folder.file()).unwrap();
    sink.export_spans(&spans(10)).unwrap();
    let other = Connection::open(folder.file()).unwrap();
    other.execute_batch("CREATE TRIGGER full BEFORE INSERT ON spans WHEN NEW.span_id = '0000000000000005' BEGIN SELECT raise(ABORT, 'database or disk is full'); END").unwrap();
    let error = sink.export_spans(&spans(10)).unwrap_err().to_string();
    assert!(error.contains("disk is full"), "{error}");
    other.execute_batch("DROP TRIGGER full").unwrap();
    sink.export_spans(&spans(10)).unwrap();
    assert_eq!(number(&reader(&folder.file()), "SELECT count(*) FROM spans"), 20);
}

#[test]
#[cfg(unix)]
fn a_file_that_is_removed_or_replaced_is_made_anew_and_nothing_is_written_where_nobody_looks() {
    let folder = Folder::new();
    let mut sink = SqliteSink::open(folder.file()).unwrap();
    sink.export_spans(&spans(10)).unwrap();
    sink.export_metrics(&snapshot(NOON, 1.0)).unwrap();
    for name in ["telemetry.sqlite", "telemetry.sqlite-wal", "telemetry.sqlite-shm"] {
        std::fs::remove_file(folder.path().join(name)).unwrap();
    }
    let now = u64::try_from(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos()).unwrap();
    sink.export_spans(&spans(5)).unwrap();
    sink.export_metrics(&snapshot(now, 1.0)).unwrap();
    let connection = reader(&folder.file());
    let counts = "SELECT (SELECT count(*) FROM runs) * 100 + (SELECT count(*) FROM metric_points) * 10 + count(*) FROM spans";
    assert_eq!(number(&connection, counts), 115);
    drop(connection);
    // Moved away, as by a tool that rotates logs.
    std::fs::rename(folder.file(), folder.path().join("old.sqlite")).unwrap();
    sink.export_spans(&spans(3)).unwrap();
    assert_eq!(number(&reader(&folder.file()), "SELECT count(*) FROM spans"), 3);
    // Emptied by somebody.
    let other = Connection::open(folder.file()).unwrap();
    other.execute_batch("DELETE FROM spans; DELETE FROM runs").unwrap();
    sink.export_spans(&spans(4)).unwrap();
    assert_eq!(
        number(&reader(&folder.file()), "SELECT count(*) FROM spans JOIN runs ON runs.id = run_id"),
        4
    );
}

#[test]
fn a_file_that_others_keep_locked_is_waited_for() {
    let folder = Folder::new();
    let mut sink = SqliteSink::open(folder.file()).unwrap();
    let other = Connection::open(folder.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (told, tell) = channel();
    thread::scope(|scope| {
        scope.spawn(|| {
            sink.export_spans(&spans(10)).unwrap();
            told.send(()).unwrap();
        });
        // Longer than one attempt waits.
        assert!(tell.recv_timeout(Duration::from_millis(1_500)).is_err(), "it is locked");
        other.execute_batch("COMMIT").unwrap();
        tell.recv_timeout(Duration::from_secs(60)).unwrap();
    });
    assert_eq!(number(&reader(&folder.file()), "SELECT count(*) FROM spans"), 10);
}

#[test]
fn a_shutdown_waits_for_no_lock_beyond_its_deadline() {
    let folder = Folder::new();
    let mut sink = SqliteSink::open(folder.file()).unwrap();
    let shutdown = ShutdownSignal::new();
    sink.attach(&SinkContext { shutdown: shutdown.clone(), ..SinkContext::default() });
    let other = Connection::open(folder.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let began = Instant::now();
    shutdown.begin(began.checked_add(Duration::from_millis(100)));
    let error = sink.export_spans(&spans(10)).unwrap_err().to_string();
    assert!(error.contains("locked"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    other.execute_batch("COMMIT").unwrap();
    sink.export_spans(&spans(10)).unwrap();
}

#[test]
fn a_file_damaged_in_the_middle_costs_what_cannot_be_written_and_ends_nobody() {
    let folder = Folder::new();
    let mut sink = SqliteSink::open(folder.file()).unwrap();
    sink.export_spans(&spans(5_000)).unwrap();
    sink.close().unwrap();
    let mut bytes = std::fs::read(folder.file()).unwrap();
    // All but the first pages, which say what the file is.
    for (at, byte) in bytes.iter_mut().enumerate().skip(40 * 4096) {
        *byte = (at % 251) as u8;
    }
    std::fs::write(folder.file(), bytes).unwrap();
    let mut sink = SqliteSink::open(folder.file()).unwrap();
    let outcomes: Vec<_> = (0..20).map(|_| sink.export_spans(&spans(100))).collect();
    let errors: Vec<_> =
        outcomes.into_iter().filter_map(Result::err).map(|error| error.to_string()).collect();
    assert!(!errors.is_empty() && errors.iter().all(|error| error.contains("malformed")), "{errors:?}");
    // A new file in its place is written at once.
    std::fs::remove_file(folder.file()).unwrap();
    sink.export_spans(&spans(7)).unwrap();
    assert_eq!(number(&reader(&folder.file()), "SELECT count(*) FROM spans"), 7);
}
