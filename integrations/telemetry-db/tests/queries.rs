//! Queries of real clients: rusqlite, called and awaited.
#![allow(missing_docs)]

use std::task::{Context, Waker};

use rusqlite::Connection;
use telemetry_core::record::{SpanRecord, Value};
use telemetry_core::testing::Scope;
use telemetry_core::testing::assertions::Assertions;
use telemetry_core::{Outcome, SpanKind, Status, span};
use telemetry_db::{Database, PoolState, System, show_pool};

static BOOKS: Database = Database::new(System::Sqlite);

fn library() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch(
            "CREATE TABLE books (title TEXT, shelf TEXT); INSERT INTO books VALUES ('Dune', 'north')",
        )
        .unwrap();
    connection
}

fn only(scope: &Scope) -> SpanRecord {
    let mut spans: Vec<_> = scope.spans().into_iter().filter(|span| span.name == "db.query").collect();
    assert_eq!(spans.len(), 1, "{}", scope.tree());
    spans.remove(0)
}

fn counted(scope: &Scope, count: u32) {
    scope.assert_metric_value("db_queries_total", &[("system", "sqlite")], count);
    scope.assert_metric_value("db_query_duration_seconds_count", &[("system", "sqlite")], count);
}

#[test]
fn a_query_is_a_client_span_without_data_counted_and_timed() {
    #[span]
    fn find(connection: &Connection) -> rusqlite::Result<String> {
        let sql = "SELECT title FROM books WHERE shelf = 'north' LIMIT 1";
        BOOKS.query(sql, || connection.query_row(sql, [], |row| row.get(0)))
    }
    let scope = Scope::new();
    assert_eq!(find(&library()).unwrap(), "Dune");
    let span = only(&scope);
    assert_eq!((span.kind, span.outcome, span.status), (SpanKind::Client, Outcome::Completed, Status::Unset));
    assert_eq!(span.attribute("db.system"), Some(&Value::Str("sqlite".into())));
    let statement = "SELECT title FROM books WHERE shelf = ? LIMIT ?";
    assert_eq!(span.attribute("db.statement"), Some(&Value::Str(statement.into())));
    scope.assert_ancestors("db.query", &["find"]);
    counted(&scope, 1);
}

#[test]
fn a_query_that_fails_says_why() {
    let scope = Scope::new();
    let connection = library();
    let sql = "SELECT royalties FROM books";
    BOOKS.query(sql, || connection.query_row(sql, [], |row| row.get::<_, i64>(0))).unwrap_err();
    let span = only(&scope);
    assert_eq!(span.status, Status::Error);
    assert_eq!(span.attribute("error.type"), Some(&Value::Str("rusqlite::error::Error".into())));
    scope.assert_attribute_contains("db.query", "error.message", "no such column: royalties");
    counted(&scope, 1);
}

#[test]
fn a_long_statement_is_cut() {
    let scope = Scope::new();
    let sql = format!("SELECT {} FROM books", vec!["title"; 100].join(", "));
    BOOKS.query(&sql, || Ok::<_, String>(())).unwrap();
    let span = only(&scope);
    let Some(Value::Str(statement)) = span.attribute("db.statement") else { panic!("{span:?}") };
    assert!(statement.len() < 128 && statement.starts_with("SELECT title, title"), "{statement}");
    assert_eq!(span.dropped_attributes_count, 0);
}

#[test]
fn an_awaited_query_that_is_given_up_is_cancelled_and_counted() {
    let scope = Scope::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let answer = runtime.block_on(BOOKS.query_async("SELECT 1", async {
        tokio::task::yield_now().await;
        Ok::<_, String>(1)
    }));
    assert_eq!(answer, Ok(1));
    assert_eq!(only(&scope).outcome, Outcome::Completed);
    counted(&scope, 1);

    let scope = Scope::new();
    let never = std::future::pending::<Result<(), String>>();
    let mut query = Box::pin(BOOKS.query_async("SELECT 1", never));
    assert!(query.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(query);
    assert_eq!(only(&scope).outcome, Outcome::Cancelled);
    counted(&scope, 1);
}

#[test]
fn a_pool_shows_its_state_until_its_guard_is_dropped() {
    let scope = Scope::new();
    let shown = show_pool("books", || PoolState { idle: 3, in_use: 1, waiters: 2 }).unwrap();
    for (state, count) in [("idle", 3), ("in_use", 1)] {
        scope.assert_metric_value("db_pool_connections", &[("pool", "books"), ("state", state)], count);
    }
    scope.assert_metric_value("db_pool_waiters", &[("pool", "books")], 2);
    assert!(show_pool("books", PoolState::default).is_err(), "one of a name");
    drop(shown);
    let _again = show_pool("books", PoolState::default).unwrap();
}

#[test]
fn without_telemetry_queries_run_as_they_are() {
    assert_eq!(BOOKS.query("SELECT 1", || Ok::<_, String>(7)), Ok(7));
}
