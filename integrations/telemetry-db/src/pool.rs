//! Pools of connections, shown by gauges.

use telemetry_core::metric::{SamplerError, SamplerGuard, register_sampler};
use telemetry_core::{Label, metric};

/// What a connection of a pool does.
#[derive(Clone, Copy, Label)]
enum State {
    Idle,
    InUse,
}

metric! {
    /// Connections of a pool, by what they do.
    static CONNECTIONS: Gauge = "db_pool_connections" { pool: str, state: State };

    /// Work that waits for a connection of a pool.
    static WAITERS: Gauge = "db_pool_waiters" { pool: str };
}

/// A pool at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolState {
    /// Connections that nobody uses.
    pub idle: usize,
    /// Connections that are in use.
    pub in_use: usize,
    /// Work that waits for a connection.
    pub waiters: usize,
}

/// Shows a pool's state under this name, read once a tick of the drain and before a live scrape, until the guard is
/// dropped.
///
/// # Errors
/// A sampler named `db.pool.{name}` is registered already.
///
/// # Examples
/// ```
/// use telemetry_core::testing::{Scope, assertions::Assertions};
/// use telemetry_db::{PoolState, show_pool};
///
/// let scope = Scope::new();
/// let _shown = show_pool("books", || PoolState { idle: 3, in_use: 1, waiters: 0 })?;
/// scope.assert_metric_value("db_pool_connections", &[("pool", "books"), ("state", "idle")], 3);
/// # Ok::<(), telemetry_core::metric::SamplerError>(())
/// ```
pub fn show_pool(
    name: &'static str,
    read: impl Fn() -> PoolState + Send + Sync + 'static,
) -> Result<SamplerGuard, SamplerError> {
    register_sampler(format!("db.pool.{name}"), move || {
        let state = read();
        CONNECTIONS.with((name, State::Idle)).set(state.idle as f64);
        CONNECTIONS.with((name, State::InUse)).set(state.in_use as f64);
        WAITERS.with(name).set(state.waiters as f64);
    })
}
