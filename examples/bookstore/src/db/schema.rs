//! The tables.

use rusqlite::Connection;
use telemetry_core::trace;

use super::StoreError;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS books (
    id          INTEGER PRIMARY KEY,
    title       TEXT    NOT NULL,
    author      TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    year        INTEGER NOT NULL,
    price_cents INTEGER NOT NULL CHECK (price_cents > 0),
    stock       INTEGER NOT NULL CHECK (stock >= 0),
    popularity  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS books_by_subject ON books (subject);
CREATE TABLE IF NOT EXISTS orders (
    id        INTEGER PRIMARY KEY,
    customer  TEXT    NOT NULL,
    book_id   INTEGER NOT NULL REFERENCES books (id),
    quantity  INTEGER NOT NULL CHECK (quantity > 0),
    placed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS orders_by_customer ON orders (customer, placed_at);
";

/// Creates what is missing; existing tables and their rows stay.
///
/// # Errors
/// The file is read-only, full, or no database of ours.
#[trace(name = "store.create_schema")]
pub fn create(connection: &Connection) -> Result<(), StoreError> {
    Ok(connection.execute_batch(SCHEMA)?)
}
