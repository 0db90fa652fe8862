//! What the store counts and measures, beside the `http_*` metrics of its HTTP layer.

use telemetry_core::{Label, metric};

use crate::guard::{CsrfViolation, GuardDenial};

/// What keeps count of a client's requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Label)]
pub enum Backend {
    /// A token bucket in memory: requests.
    Memory,
    /// The table of orders: orders a day.
    Sqlite,
}

/// Whether a client is who it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Label)]
pub enum Authentication {
    /// The key is known.
    Accepted,
    /// There is no key.
    Missing,
    /// The key is nobody's.
    Rejected,
}

/// Where a book came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Label)]
pub enum Load {
    /// From memory.
    Hit,
    /// From the database.
    Loaded,
    /// From nowhere: there is no such book.
    Missing,
    /// From nowhere: the database failed.
    Failed,
}

/// What an administrator changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Label)]
pub enum Model {
    /// A book.
    Book,
    /// An order.
    Order,
}

/// What an administrator does to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Label)]
pub enum Action {
    /// Sets a price.
    SetPrice,
    /// Puts copies on the shelf.
    Restock,
    /// Takes it back.
    Cancel,
}

metric! {
    /// Queries sent to the database.
    pub static DB_QUERIES: Counter = "bookstore_db_queries_total";

    /// Time a query takes, from its preparation to its last row.
    pub static DB_QUERY_DURATION: Histogram = "bookstore_db_query_duration_seconds",
        buckets = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0];

    /// Connections the pool has.
    pub static POOL_TOTAL: Gauge = "bookstore_pool_total_connections";

    /// Connections at work.
    pub static POOL_IN_USE: Gauge = "bookstore_pool_in_use_connections";

    /// Callers waiting for a connection.
    pub static POOL_WAITERS: Gauge = "bookstore_pool_waiters";

    /// Requests and orders refused because a client has had its share, by what keeps count.
    pub static RATE_LIMIT_HITS: Counter = "bookstore_rate_limit_hits_total" { backend: Backend };

    /// Checks of API keys, by result.
    pub static AUTHENTICATIONS: Counter = "bookstore_auth_total" { result: Authentication };

    /// Orders refused as possibly forged, by what was wrong with the token.
    pub static CSRF_VIOLATIONS: Counter = "bookstore_csrf_violations_total" { reason: CsrfViolation };

    /// Requests turned away from the back office, by reason.
    pub static GUARD_DENIALS: Counter = "bookstore_guard_denials_total" { reason: GuardDenial };

    /// Pages rendered.
    pub static TEMPLATE_RENDERS: Counter = "bookstore_template_renders_total";

    /// Time it takes to render a page.
    pub static TEMPLATE_RENDER_DURATION: Histogram = "bookstore_template_render_duration_seconds",
        buckets = [0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01];

    /// Books asked of the loader, by where they came from.
    pub static LOADER_LOADS: Counter = "bookstore_loader_loads_total" { result: Load };

    /// Books the loader reads in one query.
    pub static LOADER_BATCH_SIZE: Histogram = "bookstore_loader_batch_size",
        buckets = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0];

    /// Changes made in the back office, by what was changed and how.
    pub static ADMIN_ACTIONS: Counter = "bookstore_admin_actions_total" { model: Model, action: Action };
}
