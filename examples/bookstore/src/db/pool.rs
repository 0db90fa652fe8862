//! A fixed number of connections, lent out one piece of work at a time.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use telemetry_core::metric::{SamplerError, SamplerGuard, register_sampler};
use telemetry_core::{Context, step};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::StoreError;
use crate::instruments::{POOL_IN_USE, POOL_TOTAL, POOL_WAITERS};

const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The connections. Cheap to clone; all clones are one pool.
#[derive(Clone)]
pub struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    idle: Mutex<Vec<Connection>>,
    /// One permit a connection: who holds a permit finds a connection in `idle`.
    permits: Arc<Semaphore>,
    waiters: AtomicUsize,
    total: usize,
}

/// How busy the pool is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolState {
    /// Connections there are.
    pub total: usize,
    /// Connections at work.
    pub in_use: usize,
    /// Callers waiting for one.
    pub waiters: usize,
}

impl Pool {
    /// Opens `size` connections to the file, creating it where needed.
    ///
    /// # Errors
    /// The file cannot be opened, or is no database.
    pub fn open(path: &Path, size: usize) -> Result<Self, StoreError> {
        let idle = (0..size).map(|_| open(path)).collect::<Result<Vec<_>, _>>()?;
        let shared = Shared {
            idle: Mutex::new(idle),
            permits: Arc::new(Semaphore::new(size)),
            waiters: AtomicUsize::new(0),
            total: size,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Runs work on a connection, on a thread that may block. Waits while all connections are in use.
    ///
    /// Dropping the future abandons the wait, not work that has begun: it runs to its end and gives the connection
    /// back. A panic in the work goes on in the caller.
    ///
    /// # Errors
    /// What the work returned, or [`StoreError::Closed`].
    pub async fn run<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let mut lease = self.acquire().await?;
        // The thread that works does not know whose work it is unless it is told.
        let work = Context::current().wrap(move || work(lease.connection()));
        let done = tokio::task::spawn_blocking(work).await;
        match done {
            Ok(result) => result,
            Err(failed) => match failed.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(StoreError::Closed),
            },
        }
    }

    /// How busy the pool is now.
    pub fn state(&self) -> PoolState {
        let shared = &self.shared;
        PoolState {
            total: shared.total,
            in_use: shared.total.saturating_sub(shared.permits.available_permits()),
            waiters: shared.waiters.load(Ordering::Relaxed),
        }
    }

    /// Shows the state of the pool in the gauges, brought up to date before each scrape, until the guard is dropped.
    ///
    /// # Errors
    /// Another pool of the process shows its state there already.
    pub fn show(&self) -> Result<SamplerGuard, SamplerError> {
        let pool = self.clone();
        register_sampler("bookstore.pool", move || {
            let state = pool.state();
            POOL_TOTAL.set(state.total as f64);
            POOL_IN_USE.set(state.in_use as f64);
            POOL_WAITERS.set(state.waiters as f64);
        })
    }

    /// Refuses work from now on; work that has begun runs to its end.
    pub fn close(&self) {
        self.shared.permits.close();
    }

    async fn acquire(&self) -> Result<Lease, StoreError> {
        let permits = Arc::clone(&self.shared.permits);
        let permit = if let Ok(permit) = Arc::clone(&permits).try_acquire_owned() {
            permit
        } else {
            let _waiting = Waiting::enter(&self.shared.waiters);
            step!("pool.wait" => permits.acquire_owned()).await.map_err(|_| StoreError::Closed)?
        };
        let connection = self.shared.idle().pop().ok_or(StoreError::Closed)?;
        Ok(Lease { connection: Some(connection), shared: Arc::clone(&self.shared), _permit: permit })
    }
}

impl Shared {
    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        // Nothing under this lock can panic half-way, so a poisoned list is a whole one.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection on loan. It goes back before its permit does, so a permit always finds a connection.
struct Lease {
    connection: Option<Connection>,
    shared: Arc<Shared>,
    _permit: OwnedSemaphorePermit,
}

impl Lease {
    fn connection(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("a lease holds its connection until it is dropped")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.shared.idle().push(connection);
        }
    }
}

/// Counts a waiter for as long as it lives, also when the wait is abandoned.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn enter(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn open(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // Readers and the one writer do not wait for each other in this mode.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::scratch::ScratchDir;

    fn pool(size: usize) -> (Pool, ScratchDir) {
        let directory = ScratchDir::create().unwrap();
        (Pool::open(&directory.path().join("books.db"), size).unwrap(), directory)
    }

    async fn settle(pool: &Pool, expected: PoolState) {
        while pool.state() != expected {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn the_one_who_finds_every_connection_taken_is_a_waiter_until_served() {
        let (pool, _directory) = pool(1);
        let (release, hold) = mpsc::channel::<()>();
        let first = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(move |_| Ok(hold.recv().is_ok())).await }
        });
        settle(&pool, PoolState { total: 1, in_use: 1, waiters: 0 }).await;
        let second = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(|_| Ok(())).await }
        });
        settle(&pool, PoolState { total: 1, in_use: 1, waiters: 1 }).await;
        release.send(()).unwrap();
        assert!(first.await.unwrap().unwrap());
        second.await.unwrap().unwrap();
        settle(&pool, PoolState { total: 1, in_use: 0, waiters: 0 }).await;
    }

    #[tokio::test]
    async fn an_abandoned_wait_is_no_waiter() {
        let (pool, _directory) = pool(1);
        let (release, hold) = mpsc::channel::<()>();
        let first = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(move |_| Ok(hold.recv().is_ok())).await }
        });
        settle(&pool, PoolState { total: 1, in_use: 1, waiters: 0 }).await;
        let second = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(|_| Ok(())).await }
        });
        settle(&pool, PoolState { total: 1, in_use: 1, waiters: 1 }).await;
        second.abort();
        assert!(second.await.unwrap_err().is_cancelled());
        assert_eq!(pool.state().waiters, 0);
        release.send(()).unwrap();
        first.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_panic_in_the_work_gives_the_connection_back() {
        let (pool, _directory) = pool(1);
        let broken = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run::<(), _>(|_| panic!("spilled coffee")).await }
        });
        assert!(broken.await.unwrap_err().is_panic());
        assert_eq!(pool.run(|c| Ok(c.is_autocommit())).await.ok(), Some(true));
    }

    #[tokio::test]
    async fn a_closed_pool_refuses_work() {
        let (pool, _directory) = pool(2);
        pool.close();
        assert!(matches!(pool.run(|_| Ok(())).await, Err(StoreError::Closed)));
    }
}
