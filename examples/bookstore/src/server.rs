//! The server: opens the store, listens, answers, and stops when told.

use std::future::IntoFuture;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::serve::ListenerExt;
use telemetry_core::metric::{SamplerError, SamplerGuard};
use telemetry_core::trace;
use telemetry_http::{MetricsService, TelemetryLayer};
use telemetry_viewer::Viewer;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::app::{AppState, router};
use crate::db::{self, Pool, StoreError};
use crate::guard::KeyRing;
use crate::restock;
use crate::scratch::ScratchDir;

const CONNECTIONS: usize = 4;
const RESTOCK_PERIOD: Duration = Duration::from_secs(5);
const STOP_DEADLINE: Duration = Duration::from_secs(10);

/// What a server needs to know.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// The database file; none for one that goes with the server.
    pub database: Option<PathBuf>,
    /// Where the inventory is; none where there is none.
    pub inventory: Option<SocketAddr>,
    /// What `/metrics` shows; none for no such route.
    pub metrics: Option<MetricsService>,
    /// What `/telemetry` shows; none for no such page.
    pub viewer: Option<Viewer>,
    /// What records the requests.
    pub layer: TelemetryLayer,
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {hint}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What to do about it.
        hint: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// There is no place for a temporary database.
    #[error("cannot make a directory for the database in {}", std::env::temp_dir().display())]
    Scratch(#[source] io::Error),
    /// The database cannot be used.
    #[error("cannot open the database {}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What the database said.
        source: StoreError,
    },
    /// Another server of this process shows its pool in the gauges.
    #[error("cannot show the pool in the metrics")]
    Sampler(#[from] SamplerError),
}

impl StartError {
    /// True when the address is in use by somebody else.
    pub fn is_taken(&self) -> bool {
        matches!(self, Self::Listen { source, .. } if source.kind() == io::ErrorKind::AddrInUse)
    }
}

/// A server at work. Dropping it stops nothing: call [`stop`](Self::stop).
pub struct Server {
    address: SocketAddr,
    state: AppState,
    viewer: Option<Viewer>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<io::Result<()>>,
    restocking: JoinHandle<()>,
    _pool_gauges: SamplerGuard,
    // Kept last, so that the connections are gone before their file.
    _scratch: Option<ScratchDir>,
}

impl Server {
    /// Opens the store and answers requests from now on.
    ///
    /// # Errors
    /// The database cannot be used, or the address cannot be listened on.
    #[trace(name = "server.start", attrs(server.address: str), bind = span)]
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let listener = listen(options.listen).await?;
        let address = listener.local_addr().map_err(|source| refused(options.listen, source))?;
        let (path, scratch) = if let Some(path) = options.database {
            (path, None)
        } else {
            let directory = ScratchDir::create().map_err(StartError::Scratch)?;
            (directory.path().join("bookstore.db"), Some(directory))
        };
        let pool = open_store(&path).await.map_err(|source| StartError::Database { path, source })?;
        span.server_address(&address.to_string());
        let pool_gauges = pool.show()?;
        let state = AppState::new(pool, KeyRing::demonstration(), reachable(address), options.inventory);
        let (stop, stopped) = watch::channel(false);
        let restocking = tokio::spawn(restock::run(
            state.pool.clone(),
            state.loader.clone(),
            RESTOCK_PERIOD,
            stopped.clone(),
        ));
        let mut router = router(state.clone(), options.layer, options.metrics);
        if let Some(viewer) = &options.viewer {
            // Outside of the layer: the page is not among what it shows.
            router = router.nest_service("/telemetry", viewer.router());
        }
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let serving =
            axum::serve(listener.tap_io(without_delay), service).with_graceful_shutdown(until(stopped));
        let serving = tokio::spawn(serving.into_future());
        Ok(Self {
            address,
            state,
            viewer: options.viewer,
            stop,
            serving,
            restocking,
            _pool_gauges: pool_gauges,
            _scratch: scratch,
        })
    }

    /// Where it listens, the real port included.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The parts it works with.
    pub fn state(&self) -> &AppState {
        &self.state
    }

    /// Takes no more requests, lets those under way end, and closes the store. Requests that take longer than ten
    /// seconds are abandoned; false when there were some.
    #[trace(name = "server.stop")]
    pub async fn stop(self) -> bool {
        // Fails when nobody listens any more, which is what is wanted.
        let _ = self.stop.send(true);
        // A page that is kept up to date is a request that would not end.
        if let Some(viewer) = &self.viewer {
            viewer.stop();
        }
        let abort = self.serving.abort_handle();
        let ended = tokio::time::timeout(STOP_DEADLINE, async {
            let _ = self.serving.await;
            let _ = self.restocking.await;
        });
        let in_time = ended.await.is_ok();
        abort.abort();
        self.state.pool.close();
        in_time
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| refused(address, source))
}

fn refused(address: SocketAddr, source: io::Error) -> StartError {
    let hint = match source.kind() {
        io::ErrorKind::AddrInUse => {
            "another program does already; choose a port with --port N, or --port 0 for any"
        }
        io::ErrorKind::PermissionDenied => "ports below 1024 need privileges; choose another with --port N",
        _ => "the system refuses it",
    };
    StartError::Listen { address, hint, source }
}

#[trace(name = "store.open", attrs(books.added: u64), bind = span)]
async fn open_store(path: &std::path::Path) -> Result<Pool, StoreError> {
    let pool = Pool::open(path, CONNECTIONS)?;
    let create = |connection: &mut _| {
        db::create_schema(connection)?;
        db::seed(connection)
    };
    span.books_added(pool.run(create).await? as u64);
    Ok(pool)
}

/// The address to call this server at: one that listens everywhere is reached over loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    let mut address = address;
    if address.ip().is_unspecified() {
        let loopback = match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        };
        address.set_ip(loopback);
    }
    address
}

/// Small chunks of a stream go out at once; a connection that refuses is slower, and works.
fn without_delay(connection: &mut TcpStream) {
    let _ = connection.set_nodelay(true);
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that the sender is gone: stop as well.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}
