//! Queries that answer what one most often asks.

/// A ready query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Query {
    /// Its name.
    pub name: &'static str,
    /// Its text, which begins with a comment that says what it answers and what its parameters are.
    pub sql: &'static str,
}

macro_rules! queries {
    ($($name:literal)*) => {
        &[$(Query { name: $name, sql: include_str!(concat!("../queries/", $name, ".sql")) }),*]
    };
}

/// The ready queries. Two have a parameter: `trace_tree` (`:trace_id`) and `counter_rates` (`:name`).
///
/// # Examples
/// ```
/// let names: Vec<_> = telemetry_sqlite::QUERIES.iter().map(|query| query.name).collect();
/// assert_eq!(names.len(), 10);
/// assert!(names.contains(&"slowest_routes"));
/// ```
pub const QUERIES: &[Query] = queries! {
    "slowest_routes"
    "errors_by_type"
    "trace_tree"
    "slowest_spans"
    "requests_per_minute"
    "slow_statements"
    "recent_errors"
    "own_time"
    "latest_metrics"
    "counter_rates"
};
