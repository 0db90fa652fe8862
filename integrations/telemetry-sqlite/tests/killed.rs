//! A process that is killed amid writing, a hundred times over the same file.

mod support;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use support::{Folder, number, reader, spans};
use telemetry_core::sink::Sink;
use telemetry_sqlite::SqliteSink;

const BATCH: u64 = 50;
const PATH: &str = "TELEMETRY_SQLITE_TEST_PATH";

/// What the child does: writes batches without end, and says so after each.
fn write_for_ever(path: &Path) -> ! {
    let mut sink = SqliteSink::open(path).unwrap();
    let batch = spans(BATCH);
    loop {
        sink.export_spans(&batch).unwrap();
        println!("committed");
        std::io::stdout().flush().unwrap();
    }
}

#[test]
fn the_file_always_opens_and_holds_every_batch_that_was_committed() {
    if let Some(path) = std::env::var_os(PATH) {
        write_for_ever(Path::new(&path));
    }
    let folder = Folder::new();
    let path = folder.file();
    let mut committed = 0;
    for round in 0..100 {
        let test = "the_file_always_opens_and_holds_every_batch_that_was_committed";
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture"])
            .env(PATH, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let told = |line: &Result<String, _>| line.as_ref().is_ok_and(|line| line.ends_with("committed"));
        for _ in 0..fastrand::u32(1..10) {
            while !told(&lines.next().expect("the child writes until it is killed")) {}
            committed += BATCH;
        }
        // SIGKILL, wherever it is just now.
        child.kill().unwrap();
        child.wait().unwrap();
        // What it had said before it went.
        committed += BATCH * lines.filter(told).count() as u64;
        let connection = reader(&path);
        let count = number(&connection, "SELECT count(*) FROM spans") as u64;
        assert!(count >= committed, "round {round}: {count} of {committed}");
        assert_eq!(count % BATCH, 0, "a batch is there as a whole or not at all");
        // One may have been committed and not told of.
        assert!(count <= committed + BATCH, "round {round}: {count} of {committed}");
        committed = count;
    }
    let check: String = reader(&path).query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    assert_eq!(number(&reader(&path), "SELECT count(*) FROM runs"), 100);
}
