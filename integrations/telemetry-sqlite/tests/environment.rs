//! A program that has one line for this crate and is told the rest by its environment.

mod support;

use std::process::Command;

use rusqlite::Connection;
use support::{Folder, number, reader};
use telemetry_core::{configure_from_settings, metric, span};

/// Set where this file's test runs as that program.
const ROLE: &str = "SQLITE_TEST_ROLE";
const SPANS: i64 = 7;

metric! {
    /// Books sold.
    static SOLD: Counter = "environment_books_sold_total";
}

#[span]
fn sell_a_book() {
    SOLD.inc();
}

/// Runs this file's test as a program of its own, with these variables, in this folder.
fn program(folder: &Folder, variables: &[(&str, &str)]) -> (bool, String) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["the_environment_alone_keeps_a_programs_spans_and_metrics", "--exact", "--nocapture"])
        .current_dir(folder.path())
        .env_clear()
        .env(ROLE, "seller")
        .env("TELEMETRY_ENABLED", "1")
        .env("TELEMETRY_SAMPLE_RATIO", "1")
        .env("TELEMETRY_SINKS", "sqlite")
        .env("OTEL_SERVICE_NAME", "bookshop")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn assert_sold(connection: &Connection) {
    assert_eq!(number(connection, "SELECT count(*) FROM spans WHERE name = 'sell_a_book'"), SPANS);
    assert_eq!(number(connection, "SELECT count(*) FROM runs WHERE service = 'bookshop'"), 1);
    let sold = "SELECT max(value) FROM metrics WHERE name = 'environment_books_sold_total'";
    assert_eq!(number(connection, sold), SPANS);
}

#[test]
fn the_environment_alone_keeps_a_programs_spans_and_metrics() {
    if std::env::var_os(ROLE).is_some() {
        telemetry_sqlite::register().unwrap();
        let telemetry = match configure_from_settings() {
            Ok(telemetry) => telemetry.unwrap(),
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                eprintln!("{error}: {}", cause.unwrap_or_default());
                std::process::exit(1);
            }
        };
        (0..SPANS).for_each(|_| sell_a_book());
        // Dropped, it delivers what is left.
        drop(telemetry);
        return;
    }
    // A path of the program's own choice, with whatever a file may be called.
    let folder = Folder::new();
    for name in ["spans.db", "two words é.db", "what?mode=memory&cache=shared#1.db", "file:spans.db"] {
        let (succeeded, errors) = program(&folder, &[("TELEMETRY_SQLITE_PATH", name)]);
        assert!(succeeded, "{errors}");
        assert_sold(&reader(&folder.path().join(name)));
    }
    // Without one it is beside the program.
    let (succeeded, errors) = program(&folder, &[]);
    assert!(succeeded, "{errors}");
    assert_sold(&reader(&folder.path().join("telemetry.sqlite")));
    // The limits.
    let limits = [("TELEMETRY_SQLITE_MAX_AGE", "1s"), ("TELEMETRY_SQLITE_MAX_BYTES", "many")];
    let (succeeded, errors) = program(&folder, &limits);
    assert!(!succeeded);
    for wrong in ["TELEMETRY_SQLITE_MAX_AGE", "TELEMETRY_SQLITE_MAX_BYTES"] {
        assert!(errors.contains(wrong), "{errors}");
    }
    // What cannot be a file of ours ends the start.
    std::fs::write(folder.path().join("notes.txt"), "buy milk, eggs, and so on and so forth").unwrap();
    for (path, said) in
        [("notes.txt", "notes.txt"), (".", "cannot be opened"), ("no/such/folder.db", "folder.db")]
    {
        let (succeeded, errors) = program(&folder, &[("TELEMETRY_SQLITE_PATH", path)]);
        assert!(!succeeded && errors.contains(said), "{path}: {errors}");
    }
}
