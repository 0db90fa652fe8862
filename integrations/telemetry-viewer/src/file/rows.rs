//! Rows of spans.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, Row, params};
use telemetry_core::TraceId;

use crate::json;
use crate::source::Position;
use crate::span::{Dropped, Span, Trace};
use crate::words;

const COLUMNS: &str = "spans.id, span_id, parent_span_id, is_local_root, name, kind, start_unix_nanos, duration_nanos, \
                       status, outcome, spans.attributes, events, links, dropped_attributes, dropped_events, \
                       dropped_links, scope_name, file, line, run_id";

/// The services by the number of their run.
#[derive(Debug, Default)]
pub(super) struct Services(HashMap<i64, Arc<str>>);

impl Services {
    fn of(&mut self, connection: &Connection, run: i64) -> Arc<str> {
        let known = self.0.entry(run).or_insert_with(|| {
            let service = connection
                .prepare_cached("SELECT service FROM runs WHERE id = ?1")
                .and_then(|mut query| query.query_row([run], |row| row.get::<_, String>(0)));
            service.unwrap_or_else(|_| "unknown_service".to_owned()).into()
        });
        Arc::clone(known)
    }
}

/// A trace with up to so many of its spans, the earliest written first.
pub(super) fn trace(
    connection: &Connection,
    services: &mut Services,
    id: TraceId,
    max_spans: usize,
) -> rusqlite::Result<Option<Trace>> {
    let sql = format!("SELECT {COLUMNS} FROM spans WHERE trace_id = ?1 ORDER BY spans.id LIMIT ?2");
    let mut query = connection.prepare_cached(&sql)?;
    let mut rows = query.query(params![id.to_string(), max_spans as i64 + 1])?;
    let mut spans = Vec::new();
    let mut more = false;
    while let Some(row) = rows.next()? {
        if spans.len() == max_spans {
            more = true;
            break;
        }
        spans.extend(span(connection, services, row)?.map(Arc::new));
    }
    let left_out = if more { count(connection, id)?.saturating_sub(max_spans as u64) } else { 0 };
    Ok((!spans.is_empty()).then_some(Trace { id, spans, left_out }))
}

fn count(connection: &Connection, id: TraceId) -> rusqlite::Result<u64> {
    let sql = "SELECT count(*) FROM spans WHERE trace_id = ?1";
    connection.query_row(sql, [id.to_string()], |row| row.get::<_, i64>(0)).map(i64::cast_unsigned)
}

pub(super) fn position(row: &Row<'_>) -> rusqlite::Result<Position> {
    Ok(Position {
        start_unix_nanos: row.get::<_, i64>(0)?.cast_unsigned(),
        tie: row.get::<_, i64>(1)?.cast_unsigned(),
    })
}

/// A span; none where its identifier is no identifier, which the sink never writes.
fn span(connection: &Connection, services: &mut Services, row: &Row<'_>) -> rusqlite::Result<Option<Span>> {
    let text = |column| row.get::<_, String>(column);
    let Some(id) = json::span_id(&text(1)?) else { return Ok(None) };
    let parent = row.get::<_, Option<String>>(2)?;
    Ok(Some(Span {
        id,
        parent: parent.and_then(|parent| json::span_id(&parent)),
        local_root: row.get(3)?,
        service: services.of(connection, row.get(19)?),
        name: text(4)?.into(),
        kind: words::kind(row.get_ref(5)?.as_str()?),
        start_unix_nanos: row.get::<_, i64>(6)?.max(0).cast_unsigned(),
        duration_nanos: row.get::<_, i64>(7)?.max(0).cast_unsigned(),
        status: words::status(row.get_ref(8)?.as_str()?),
        outcome: words::outcome(row.get_ref(9)?.as_str()?),
        attributes: json::attributes(row.get_ref(10)?.as_str()?),
        events: json::events(row.get_ref(11)?.as_str()?),
        links: json::links(row.get_ref(12)?.as_str()?),
        dropped: Dropped { attributes: row.get(13)?, events: row.get(14)?, links: row.get(15)? },
        scope: text(16)?.into(),
        file: text(17)?.into(),
        line: row.get(18)?,
    }))
}
