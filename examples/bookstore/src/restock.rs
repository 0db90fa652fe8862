//! The work nobody waits for: counts what sells, and fills the shelves that run empty.

use std::time::Duration;

use telemetry_core::trace;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::cache::Loader;
use crate::db::{self, Pool, StoreError};

/// What one round did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// Books whose popularity changed.
    pub recounted: usize,
    /// Books whose shelf was filled.
    pub restocked: usize,
}

/// Works round after round, one at once and then one each period, until `stop` turns true or its sender is gone.
pub async fn run(pool: Pool, loader: Loader, period: Duration, mut stop: watch::Receiver<bool>) {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stop.wait_for(|stopped| *stopped) => return,
        }
        // A failed round is recorded as such; the next may fare better.
        let _ = round(&pool, &loader).await;
    }
}

/// Works one round.
///
/// # Errors
/// The database failed.
#[trace(name = "restock.round", root, attrs(books.recounted: u64, books.restocked: u64), bind = span)]
pub async fn round(pool: &Pool, loader: &Loader) -> Result<Round, StoreError> {
    let (recounted, restocked) = pool
        .run(|connection| {
            Ok((db::recompute_popularity(connection)?, db::restock_low_shelves(connection)?.len()))
        })
        .await?;
    span.books_recounted(recounted as u64);
    span.books_restocked(restocked as u64);
    if recounted > 0 || restocked > 0 {
        loader.clear();
    }
    Ok(Round { recounted, restocked })
}
