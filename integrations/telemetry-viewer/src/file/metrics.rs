//! Values of instruments.

use std::collections::BTreeMap;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params};
use telemetry_core::metric::snapshot::{MetricKind, MetricValue};

use crate::source::{Family, Series};

/// The most values that are read at once.
const MAX_POINTS: i64 = 200_000;

/// The instruments of the latest run of every service, with their values in its last so many seconds. A value holds until
/// the next, so each series begins with the one that held and ends with the one that holds.
pub(super) fn families(connection: &Connection, seconds: u64) -> rusqlite::Result<Vec<Family>> {
    let sql = "SELECT time_unix_nanos FROM metric_points ORDER BY id DESC LIMIT 1";
    let latest =
        connection.prepare_cached(sql)?.query_map([], |row| row.get::<_, i64>(0))?.next().transpose()?;
    let Some(latest) = latest else { return Ok(Vec::new()) };
    let from =
        latest.saturating_sub(i64::try_from(seconds.saturating_mul(1_000_000_000)).unwrap_or(i64::MAX));
    let runs = "SELECT max(id) FROM runs GROUP BY service";
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut places = BTreeMap::new();
    let sql = format!(
        "SELECT id, name, kind, unit, help, labels FROM metric_series WHERE run_id IN ({runs}) ORDER BY id"
    );
    let mut query = connection.prepare_cached(&sql)?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let name: String = row.get(1)?;
        let family = match families.entry(name.clone()) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(new) => new.insert(family(name.clone(), row)?),
        };
        places.insert(row.get::<_, i64>(0)?, (name, family.series.len()));
        family.series.push(Series { labels: labels(row.get_ref(5)?.as_str()?), points: Vec::new() });
    }
    let sql = format!(
        "SELECT series_id, max(time_unix_nanos, ?1), value, sum, buckets FROM metric_points AS points \
         JOIN metric_series AS series ON series.id = points.series_id \
         WHERE run_id IN ({runs}) AND time_unix_nanos >= coalesce((SELECT max(time_unix_nanos) FROM metric_points \
         WHERE series_id = series.id AND time_unix_nanos < ?1), ?1) ORDER BY points.id DESC LIMIT ?2"
    );
    let mut query = connection.prepare_cached(&sql)?;
    let mut rows = query.query(params![from, MAX_POINTS])?;
    while let Some(row) = rows.next()? {
        let Some((name, at)) = places.get(&row.get::<_, i64>(0)?) else { continue };
        let Some(family) = families.get_mut(name) else { continue };
        if let Some(value) = value(family.kind, row)? {
            family.series[*at].points.push((row.get::<_, i64>(1)?.cast_unsigned(), value));
        }
    }
    let mut families: Vec<Family> = families.into_values().collect();
    for series in families.iter_mut().flat_map(|family| &mut family.series) {
        hold(series, latest.cast_unsigned());
    }
    Ok(families)
}

/// Puts values in the order of time; the last one holds until now.
fn hold(series: &mut Series, now_unix_nanos: u64) {
    // They were read the latest first, so that of too many the oldest are left out.
    series.points.reverse();
    if let Some((time, value)) = series.points.last().cloned()
        && time < now_unix_nanos
    {
        series.points.push((now_unix_nanos, value));
    }
}

fn family(name: String, row: &Row<'_>) -> rusqlite::Result<Family> {
    let kind = match row.get_ref(2)?.as_str()? {
        "counter" => MetricKind::Counter,
        "histogram" => MetricKind::Histogram,
        _ => MetricKind::Gauge,
    };
    Ok(Family { name, help: row.get(4)?, unit: row.get(3)?, kind, series: Vec::new() })
}

fn labels(json: &str) -> Vec<(String, String)> {
    crate::json::attributes(json)
        .into_iter()
        .map(|label| (label.key.into_owned(), crate::span::text_of(&label.value).into_owned()))
        .collect()
}

/// A value; none where it is not of the instrument's kind.
fn value(kind: MetricKind, row: &Row<'_>) -> rusqlite::Result<Option<MetricValue>> {
    Ok(match (kind, row.get_ref(2)?) {
        (MetricKind::Counter, ValueRef::Integer(total)) => Some(MetricValue::Counter(total.cast_unsigned())),
        (MetricKind::Counter, ValueRef::Real(total)) => Some(MetricValue::RealCounter(total)),
        (MetricKind::Gauge, ValueRef::Real(value)) => Some(MetricValue::Gauge(value)),
        (MetricKind::Gauge, ValueRef::Text(_)) => Some(MetricValue::Gauge(f64::NAN)),
        (MetricKind::Histogram, _) => {
            let sum = row.get::<_, Option<f64>>(3)?.unwrap_or(0.0);
            row.get_ref(4)?.as_str_or_null()?.and_then(|json| histogram(json, sum))
        }
        _ => None,
    })
}

fn histogram(buckets: &str, sum: f64) -> Option<MetricValue> {
    let buckets: Vec<(Option<f64>, u64)> = serde_json::from_str(buckets).ok()?;
    let bounds = buckets.iter().filter_map(|(bound, _)| *bound).collect::<Vec<_>>();
    // All but the last have a bound.
    (bounds.len() + 1 == buckets.len()).then(|| MetricValue::Histogram {
        bounds: bounds.into(),
        counts: buckets.iter().map(|(_, count)| *count).collect(),
        sum,
    })
}
