//! Rows of spans and metrics.

use std::borrow::Cow;
use std::collections::HashMap;

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, params};
use telemetry_core::SpanId;
use telemetry_core::metric::snapshot::{MetricFamily, MetricSeries, MetricValue, MetricsSnapshot};
use telemetry_core::record::{SpanRecord, Value};
use telemetry_core::resource::Resource;
use telemetry_core::sink::json;

use crate::hexadecimal::Hexadecimal;

/// After how long an unchanged value is written again, so that what holds is never older than what is kept.
const REPEAT_NANOS: i64 = 600 * 1_000_000_000;

const SPAN: &str = "INSERT INTO spans (run_id, trace_id, span_id, parent_span_id, is_local_root, trace_flags, name, kind, \
                    start_unix_nanos, duration_nanos, status, outcome, attributes, events, links, dropped_attributes, \
                    dropped_events, dropped_links, scope_name, scope_version, file, line, trace_state) \
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, \
                    ?21, ?22, ?23)";

/// A process that writes, as a row.
pub(crate) fn run(
    connection: &Connection,
    resource: &Resource,
    now_unix_nanos: i64,
) -> rusqlite::Result<i64> {
    let service = match resource.get("service.name") {
        Some(Value::Str(name)) => name,
        _ => "unknown_service",
    };
    connection.execute(
        "INSERT INTO runs (first_seen_unix_nanos, service, attributes) VALUES (?1, ?2, ?3)",
        params![now_unix_nanos, service, json::attributes(resource.attributes())],
    )?;
    Ok(connection.last_insert_rowid())
}

/// A batch of spans.
pub(crate) fn spans(connection: &Connection, run: i64, spans: &[SpanRecord]) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(SPAN)?;
    for span in spans {
        let parent = span.parent_span_id.map(short);
        insert.execute(params![
            run,
            Hexadecimal::<32>::of(span.trace_id.to_u128()).as_str(),
            short(span.span_id).as_str(),
            parent.as_ref().map(Hexadecimal::as_str),
            span.local_root,
            span.trace_flags,
            span.name,
            span.kind.as_str(),
            signed(span.start_unix_nanos),
            signed(span.duration_nanos),
            span.status.as_str(),
            span.outcome.as_str(),
            json_of(&span.attributes, "{}", json::attributes),
            json_of(&span.events, "[]", json::events),
            json_of(&span.links, "[]", json::links),
            span.dropped_attributes_count,
            span.dropped_events_count,
            span.dropped_links_count,
            span.origin.crate_name,
            span.origin.crate_version,
            span.origin.file,
            span.line,
            span.trace_state.as_deref(),
        ])?;
    }
    Ok(())
}

fn short(id: SpanId) -> Hexadecimal<16> {
    Hexadecimal::of(id.to_u64().into())
}

/// Parts of a span as JSON; most have none, and take no memory.
fn json_of<T>(parts: &[T], none: &'static str, json: fn(&[T]) -> String) -> Cow<'static, str> {
    if parts.is_empty() { none.into() } else { json(parts).into() }
}

/// The series this process has written, with their rows and latest values.
#[derive(Debug, Default)]
pub(crate) struct Written(HashMap<(String, String), Latest>);

#[derive(Clone, Debug)]
struct Latest {
    row: i64,
    time_unix_nanos: i64,
    value: MetricValue,
}

impl Written {
    /// Writes every value that has changed; gives what is known once it is committed.
    pub(crate) fn write(
        &self,
        connection: &Connection,
        run: i64,
        snapshot: &MetricsSnapshot,
    ) -> rusqlite::Result<Vec<Change>> {
        let time = signed(snapshot.time_unix_nanos);
        let mut changes = Vec::new();
        for family in &snapshot.families {
            for series in &family.series {
                let key = (family.name.to_string(), labels(series));
                let known = self.0.get(&key);
                if known.is_some_and(|known| {
                    known.value == series.value && time - known.time_unix_nanos < REPEAT_NANOS
                }) {
                    continue;
                }
                let row = match known {
                    Some(known) => known.row,
                    None => insert_series(connection, run, family, &key.1)?,
                };
                insert_point(connection, row, time, &series.value)?;
                changes.push(Change(key, Latest { row, time_unix_nanos: time, value: series.value.clone() }));
            }
        }
        Ok(changes)
    }

    /// Remembers what has been committed.
    pub(crate) fn remember(&mut self, changes: Vec<Change>) {
        self.0.extend(changes.into_iter().map(|Change(key, latest)| (key, latest)));
    }
}

/// A value that was written.
pub(crate) struct Change((String, String), Latest);

fn insert_series(
    connection: &Connection,
    run: i64,
    family: &MetricFamily,
    labels: &str,
) -> rusqlite::Result<i64> {
    connection
        .prepare_cached(
            "INSERT INTO metric_series (run_id, name, kind, unit, help, labels, scope_name, scope_version) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            run,
            family.name,
            family.kind.as_str(),
            family.unit,
            family.help,
            labels,
            family.crate_name,
            family.crate_version
        ])?;
    Ok(connection.last_insert_rowid())
}

fn insert_point(
    connection: &Connection,
    series: i64,
    time: i64,
    value: &MetricValue,
) -> rusqlite::Result<()> {
    let (value, sum, buckets) = match value {
        MetricValue::Counter(total) => (Sql::Integer(signed(*total)), None, None),
        // A real that is not a number would be a null.
        MetricValue::Gauge(value) if value.is_nan() => (Sql::Text("NaN".to_owned()), None, None),
        MetricValue::RealCounter(value) | MetricValue::Gauge(value) => (Sql::Real(*value), None, None),
        MetricValue::Histogram { .. } | MetricValue::Exponential(_) => {
            let (count, sum) = value.observed().unwrap_or_default();
            (
                Sql::Integer(signed(count)),
                Some(sum),
                value.buckets().map(|(bounds, counts)| buckets(&bounds, &counts)),
            )
        }
    };
    connection
        .prepare_cached(
            "INSERT INTO metric_points (series_id, time_unix_nanos, value, sum, buckets) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![series, time, value, sum, buckets])?;
    Ok(())
}

/// A list of upper bounds, each with its count.
fn buckets(bounds: &[f64], counts: &[u64]) -> String {
    let buckets: Vec<_> = bounds.iter().map(Some).chain([None]).zip(counts).collect();
    serde_json::to_string(&buckets).expect("numbers can be written")
}

fn labels(series: &MetricSeries) -> String {
    let labels = series.labels.iter().map(|(name, value)| (name.to_string(), value.to_string().into()));
    serde_json::Value::Object(labels.collect()).to_string()
}

/// SQLite's integers are signed; nothing here comes near the end of their range.
fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
