//! What every handler can reach.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::FromRef;

use crate::cache::Loader;
use crate::db::Pool;
use crate::guard::{KeyRing, RateLimiter};
use crate::inventory::Inventory;
use crate::outgoing::Outgoing;

/// Books kept in memory, fewer than the store has, so that some are read anew.
const KEPT_BOOKS: usize = 32;

/// The parts of the service. Cheap to clone; all clones share the parts.
#[derive(Clone)]
pub struct AppState {
    /// The database.
    pub pool: Pool,
    /// The cache and what fills it.
    pub loader: Loader,
    /// Who the clients are.
    pub keys: KeyRing,
    /// How often they have asked.
    pub limiter: Arc<RateLimiter>,
    /// Calls to other services; this one plays the other.
    pub outgoing: Outgoing,
    /// Calls to the inventory.
    pub inventory: Inventory,
}

impl AppState {
    /// The parts over a database, with calls going out to the service at `peer` and to an inventory.
    pub fn new(pool: Pool, keys: KeyRing, peer: SocketAddr, inventory: Option<SocketAddr>) -> Self {
        let loader = Loader::new(pool.clone(), KEPT_BOOKS);
        let (outgoing, inventory) = (Outgoing::to(peer), Inventory::at(inventory));
        Self { pool, loader, keys, limiter: Arc::default(), outgoing, inventory }
    }
}

impl FromRef<AppState> for KeyRing {
    fn from_ref(state: &AppState) -> Self {
        state.keys.clone()
    }
}
