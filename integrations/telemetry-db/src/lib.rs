//! Telemetry around a database client, whichever it is.
//!
//! ```
//! use telemetry_db::{Database, System};
//!
//! static BOOKS: Database = Database::new(System::Sqlite);
//!
//! fn count(connection: &rusqlite::Connection) -> rusqlite::Result<i64> {
//!     let sql = "SELECT count(*) FROM books WHERE shelf = 'north'";
//!     BOOKS.query(sql, || connection.query_row(sql, [], |row| row.get(0)))
//! }
//! # let connection = rusqlite::Connection::open_in_memory().unwrap();
//! # connection.execute_batch("CREATE TABLE books (shelf TEXT)").unwrap();
//! # let scope = telemetry_core::testing::Scope::new();
//! # assert_eq!(count(&connection), Ok(0));
//! # use telemetry_core::testing::assertions::Assertions;
//! # scope.assert_attribute_equals("db.query", "db.statement", "SELECT count(*) FROM books WHERE shelf = ?");
//! ```
//!
//! Every query is a span of kind client, named `db.query`, with `db.system` and the statement as `db.statement`:
//! [literals masked](masked), so that no data gets into traces, and cut where it is longer than a span has room for. An
//! `Err` marks the span as failed, with its message.
//!
//! | metric | labels | is |
//! |---|---|---|
//! | `db_queries_total` | `system` | queries that have ended, well or not |
//! | `db_query_duration_seconds` | `system` | how long they took, in buckets from 0.1 ms |
//! | `db_pool_connections` | `pool`, `state` | connections of a [pool](show_pool) that are idle and in use |
//! | `db_pool_waiters` | `pool` | work that waits for a connection |
//!
//! The names of attributes are those OpenTelemetry's conventions had before they became stable. While telemetry is
//! disabled a query costs a few loads and branches; the statement is looked at only where its span is recorded.
#![forbid(unsafe_code)]

mod database;
mod masked;
mod pool;
mod system;

pub use database::Database;
pub use masked::masked;
pub use pool::{PoolState, show_pool};
pub use system::System;
