//! Deleting what is too old, or too much.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};

/// Rows deleted in one transaction: few enough that others who write wait only a moment.
const CHUNK: i64 = 10_000;

/// Deletes what began before `now - max_age`, and series without values but those of `run`, which is ours.
pub(crate) fn by_age(
    connection: &Connection,
    now_unix_nanos: i64,
    max_age: Duration,
    run: Option<i64>,
) -> rusqlite::Result<()> {
    let cutoff = now_unix_nanos.saturating_sub(i64::try_from(max_age.as_nanos()).unwrap_or(i64::MAX));
    let mut deleted = 0;
    loop {
        let spans = connection.execute(
            "DELETE FROM spans WHERE id IN (SELECT id FROM spans WHERE start_unix_nanos < ?1 LIMIT ?2)",
            [cutoff, CHUNK],
        )?;
        let points = delete_points_before(connection, cutoff)?;
        deleted += spans + points;
        if spans + points == 0 {
            break;
        }
    }
    if deleted > 0 {
        // Our own are known by their rows; of another run one without a value belongs to a process that is gone.
        connection.execute(
            "DELETE FROM metric_series WHERE run_id IS NOT ?1 \
             AND NOT EXISTS (SELECT 1 FROM metric_points WHERE series_id = metric_series.id)",
            [run],
        )?;
        give_back(connection)?;
    }
    Ok(())
}

/// Deletes the oldest when more than `max_bytes` are used, down to nine tenths of it.
pub(crate) fn by_size(connection: &Connection, max_bytes: u64) -> rusqlite::Result<()> {
    if used_bytes(connection)? <= max_bytes {
        return Ok(());
    }
    while used_bytes(connection)? > max_bytes / 10 * 9 {
        let spans = connection
            .execute("DELETE FROM spans WHERE id IN (SELECT id FROM spans ORDER BY id LIMIT ?1)", [CHUNK])?;
        let oldest = connection
            .query_row("SELECT start_unix_nanos FROM spans ORDER BY id LIMIT 1", [], |row| row.get(0))
            .optional()?;
        let points = delete_points_before(connection, oldest.unwrap_or(i64::MAX))?;
        if spans + points == 0 {
            break;
        }
    }
    give_back(connection)
}

/// Deletes some of the oldest values before a moment. They come in the order of time, so that the first say whether
/// there are any.
fn delete_points_before(connection: &Connection, cutoff: i64) -> rusqlite::Result<usize> {
    connection.execute(
        "DELETE FROM metric_points WHERE time_unix_nanos < ?1 AND id IN (SELECT id FROM metric_points ORDER BY id LIMIT ?2)",
        [cutoff, CHUNK],
    )
}

/// The bytes of pages that hold something.
fn used_bytes(connection: &Connection) -> rusqlite::Result<u64> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let pages = pragma("page_count")?.saturating_sub(pragma("freelist_count")?);
    Ok(u64::try_from(pages * pragma("page_size")?).unwrap_or(0))
}

/// Makes the file smaller by the pages that hold nothing.
fn give_back(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(PASSIVE)")
}
