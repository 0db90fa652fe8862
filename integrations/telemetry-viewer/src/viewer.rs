//! The viewer as an application mounts or runs it.

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::api::{ApiState, routes};
use crate::guard::{Guard, guarded};
use crate::memory::ViewerSink;
use crate::page::page;
use crate::source::Source;

/// A page over traces, metrics and the health of a service.
///
/// It answers this machine alone: peers that are not loopback are refused, as are requests that were forwarded, hosts that
/// are not this machine (a foreign name may have been pointed here) and requests of other sites. For that the server has
/// to tell who calls, by axum's `into_make_service_with_connect_info::<SocketAddr>()`; where it does not, everybody is
/// refused. [`allow_host`](Self::allow_host) and [`allow_any_peer`](Self::allow_any_peer) say otherwise.
///
/// Everything is read, nothing is written, and the page asks no other server for anything.
#[derive(Clone)]
pub struct Viewer {
    source: Arc<dyn Source>,
    guard: Guard,
    stop: Arc<watch::Sender<bool>>,
}

impl Viewer {
    /// A viewer of what a sink has collected.
    pub fn of(sink: &ViewerSink) -> Self {
        Self::over(sink.clone())
    }

    /// A viewer of a file that `telemetry-sqlite` writes or has written; it is only read.
    ///
    /// # Errors
    /// It is not there, cannot be opened, is a database of something else, or has a later version than this program knows.
    #[cfg(feature = "sqlite")]
    pub fn open(path: impl AsRef<std::path::Path>) -> Result<Self, telemetry_sqlite::OpenError> {
        Ok(Self::over(crate::file::FileSource::open(path.as_ref())?))
    }

    fn over(source: impl Source) -> Self {
        Self { source: Arc::new(source), guard: Guard::default(), stop: Arc::new(watch::Sender::new(false)) }
    }

    /// Also answers requests for this host, as browsers name it: `viewer.internal`, or with a port for that port alone.
    #[must_use]
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.guard.hosts.push(host.into());
        self
    }

    /// Answers peers from anywhere, and requests that were forwarded. The host is looked at all the same. To be used
    /// behind something that asks who they are.
    #[must_use]
    pub fn allow_any_peer(mut self) -> Self {
        self.guard.any_peer = true;
        self
    }

    /// The page and its interface, to be mounted under any path: `app.nest_service("/telemetry", viewer.router())`.
    ///
    /// Mounted outside of the layer that records requests, the viewer does not fill itself with traces of its own.
    pub fn router(&self) -> Router {
        let state = ApiState::new(Arc::clone(&self.source), Arc::clone(&self.stop));
        routes()
            .route("/", get(page))
            .with_state(state)
            .layer(from_fn_with_state(Arc::new(self.guard.clone()), guarded))
    }

    /// Ends live updates, for every router of this viewer. A server that stops gracefully waits for requests under way,
    /// and those would never end.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Serves until told to stop.
    ///
    /// # Errors
    /// Listening fails.
    pub async fn serve(
        self,
        listener: TcpListener,
        until: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        let service = self.router().into_make_service_with_connect_info::<SocketAddr>();
        let stopping = async move {
            until.await;
            self.stop();
        };
        axum::serve(listener, service).with_graceful_shutdown(stopping).await
    }
}

impl fmt::Debug for Viewer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Viewer").field("guard", &self.guard).finish_non_exhaustive()
    }
}
