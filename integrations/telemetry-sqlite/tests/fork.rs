//! Processes that fork while the sink has the file open: each writes by connections of its own, whatever the others do.
//!
//! One test in a program of its own: it forks.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "the standard library cannot fork")]

mod support;

use std::fs;
use std::io::{PipeReader, PipeWriter, Read, Write};
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use support::{Folder, number, reader};
use telemetry_core::{AlwaysSample, Telemetry, span};
use telemetry_sqlite::SqliteSink;

const PATIENCE: Duration = Duration::from_secs(30);
/// Spans that a process records at a time.
const SPANS: i64 = 50;

#[span(attrs(pid = i64::from(std::process::id())))]
fn work() {}

fn record(telemetry: &Telemetry) {
    (0..SPANS).for_each(|_| work());
    telemetry.flush(PATIENCE).unwrap();
}

/// Both ends of a conversation between a process and its child: either says a byte and waits for one.
struct Turns(PipeReader, PipeWriter);

impl Turns {
    fn pair() -> (Self, Self) {
        let ((to_child, from_parent), (to_parent, from_child)) =
            (std::io::pipe().unwrap(), std::io::pipe().unwrap());
        (Self(to_parent, from_parent), Self(to_child, from_child))
    }

    fn say(&mut self) {
        self.1.write_all(&[1]).unwrap();
    }

    fn wait(&mut self) {
        self.0.read_exact(&mut [0]).unwrap();
    }
}

/// Runs `work` in a child, which ends well or says so.
fn fork(work: impl FnOnce()) -> libc::pid_t {
    // SAFETY: the child allocates, for which the C library is prepared, and ends without running anybody's destructors.
    match unsafe { libc::fork() } {
        -1 => panic!("no fork"),
        0 => {
            // SAFETY: asks for a signal, should the child hang.
            unsafe { libc::alarm(60) };
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            // SAFETY: ends the process.
            unsafe { libc::_exit(i32::from(outcome.is_err())) }
        }
        child => child,
    }
}

fn await_end(child: libc::pid_t) {
    let mut status = 0;
    // SAFETY: `status` is a number.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0, "{status:#x}");
}

/// The files of the database that this process has open, by the numbers it has them under.
fn open_files(database: &Path) -> Vec<String> {
    let name = database.to_string_lossy().into_owned();
    let links = fs::read_dir("/proc/self/fd").unwrap().map(|entry| entry.unwrap().path());
    links
        .filter_map(|link| fs::read_link(link).ok())
        .map(|file| file.to_string_lossy().into_owned())
        .filter(|file| file.starts_with(&name))
        .collect()
}

#[test]
fn no_connection_is_carried_over_a_fork_and_nothing_is_lost_in_whatever_order_processes_end() {
    let folder = Folder::new();
    let path = folder.file();
    let start = || {
        let sink = SqliteSink::open(&path).unwrap();
        Telemetry::builder()
            .sampler(AlwaysSample)
            .drain_interval(Duration::from_secs(300))
            .sink(sink)
            .start()
            .unwrap()
    };
    let telemetry = start();
    record(&telemetry);
    assert!(!open_files(&path).is_empty());

    // A child's end is moved into it: where it dies, nobody waits for it.
    let (mut parent, mut child) = Turns::pair();
    let inherited = (&telemetry, &path);
    let first = fork(move || {
        let (telemetry, path) = inherited;
        assert_eq!(open_files(path), Vec::<String>::new(), "nothing of the parent's is there");
        record(telemetry);
        child.say();
        // The parent closes the file, as the last one that had it open before the fork.
        child.wait();
        record(telemetry);
        child.say();
        // Somebody else comes and goes.
        child.wait();
        record(telemetry);
        telemetry.shutdown(PATIENCE).unwrap();
    });
    parent.wait();
    record(&telemetry);
    telemetry.shutdown(PATIENCE).unwrap();
    parent.say();
    parent.wait();
    let visitor = Connection::open(&path).unwrap();
    assert_eq!(number(&visitor, "SELECT count(*) FROM spans"), 4 * SPANS);
    visitor.close().unwrap();
    parent.say();
    await_end(first);

    // The child of a child, whose parent goes first.
    let telemetry = start();
    record(&telemetry);
    let (mut parent, mut grandchild) = Turns::pair();
    let inherited = &telemetry;
    let second = fork(move || {
        record(inherited);
        fork(move || {
            record(inherited);
            grandchild.say();
            grandchild.wait();
            record(inherited);
            inherited.shutdown(PATIENCE).unwrap();
            grandchild.say();
        });
    });
    parent.wait();
    await_end(second);
    telemetry.shutdown(PATIENCE).unwrap();
    parent.say();
    parent.wait();

    let connection = reader(&path);
    assert_eq!(number(&connection, "SELECT count(*) FROM spans"), (5 + 4) * SPANS);
    assert_eq!(number(&connection, "SELECT count(DISTINCT span_id) FROM spans"), (5 + 4) * SPANS);
    let foreign = "SELECT count(*) FROM spans JOIN runs ON runs.id = run_id \
                   WHERE spans.attributes ->> 'pid' <> runs.attributes ->> '$.\"process.pid\"'";
    assert_eq!(number(&connection, foreign), 0);
    assert_eq!(number(&connection, "SELECT count(*) FROM runs"), 2 + 3, "one for each start of each process");
    let check: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
}
