//! The one way to the database: every query is a span, counted and timed.

use rusqlite::{Connection, Params, Row};
use telemetry_core::{AttributeValue, Entry, trace};

use super::StoreError;
use crate::instruments::{DB_QUERIES, DB_QUERY_DURATION};

/// The text of a query. It is part of the program and holds no data, so spans keep it by reference.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sql(pub(super) &'static str);

impl AttributeValue for Sql {
    fn record(&self, entry: Entry<'_>) {
        entry.static_str(self.0);
    }
}

/// All rows a query gives.
#[trace(name = "db.query", kind = client, attrs(db.system = "sqlite", db.statement = sql, db.rows: u64), bind = span)]
pub(super) fn rows<T>(
    connection: &Connection,
    sql: Sql,
    parameters: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    DB_QUERIES.inc();
    let _timer = DB_QUERY_DURATION.start_timer();
    let mut statement = connection.prepare_cached(sql.0)?;
    let rows = statement.query_map(parameters, read)?.collect::<Result<Vec<_>, _>>()?;
    span.db_rows(rows.len() as u64);
    Ok(rows)
}

/// The first row a query gives, if any.
pub(super) fn first<T>(
    connection: &Connection,
    sql: Sql,
    parameters: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>, StoreError> {
    Ok(rows(connection, sql, parameters, read)?.into_iter().next())
}

/// Changes rows. Returns how many were changed.
#[trace(name = "db.query", kind = client, attrs(db.system = "sqlite", db.statement = sql))]
pub(super) fn change(
    connection: &Connection,
    sql: Sql,
    parameters: impl Params,
) -> Result<usize, StoreError> {
    DB_QUERIES.inc();
    let _timer = DB_QUERY_DURATION.start_timer();
    Ok(connection.prepare_cached(sql.0)?.execute(parameters)?)
}
