//! The sink that serves its page itself, so that a program's environment can choose it.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use futures_util::future::{Either, select};
use telemetry_core::metric::snapshot::MetricsSnapshot;
use telemetry_core::record::SpanRecord;
use telemetry_core::settings::Resolved;
use telemetry_core::sink::{AfterFork, Sink, SinkContext, SinkError};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::memory::ViewerSink;
use crate::settings::Options;
use crate::viewer::Viewer;

/// How long answers under way may take once the page ends.
const GRACE: Duration = Duration::from_secs(1);

/// Why the page cannot be served.
#[derive(Debug, thiserror::Error)]
#[error("the viewer cannot listen at {address} (VIEWER_ADDRESS): {source}")]
struct ListenError {
    address: SocketAddr,
    source: io::Error,
}

/// A [`ViewerSink`] with its page, from the first delivery to the end of the pipeline.
pub(crate) struct ServedViewer {
    sink: ViewerSink,
    viewer: Viewer,
    /// Until it is served.
    listener: Option<TcpListener>,
    /// While it is served.
    server: Option<Server>,
}

struct Server {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl ServedViewer {
    /// Listens at once, so that an address that is taken is an error of the start.
    pub(crate) fn from_settings(resolved: &Resolved) -> Result<Self, SinkError> {
        let Options { address, any_peer, hosts, limits } = Options::of(resolved);
        let refused = |source| SinkError::Other(Box::new(ListenError { address, source }));
        let listener = TcpListener::bind(address).map_err(refused)?;
        listener.set_nonblocking(true).map_err(refused)?;
        let sink = ViewerSink::with_limits(limits);
        let mut viewer = hosts.into_iter().fold(Viewer::of(&sink), Viewer::allow_host);
        if any_peer {
            viewer = viewer.allow_any_peer();
        }
        Ok(Self { sink, viewer, listener: Some(listener), server: None })
    }

    fn serve(&mut self) -> io::Result<()> {
        let Some(listener) = self.listener.take() else { return Ok(()) };
        let address = listener.local_addr()?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _context = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let (ending, ended) = oneshot::channel::<()>();
        let viewer = self.viewer.clone();
        let until = async {
            let _ = stopped.await;
            let _ = ending.send(());
        };
        let work = async {
            match select(pin!(viewer.serve(listener, until)), ended).await {
                Either::Left((outcome, _)) => tell_of(outcome),
                Either::Right((_, served)) => {
                    if let Ok(outcome) = timeout(GRACE, served).await {
                        tell_of(outcome);
                    }
                }
            }
        };
        let thread = thread::Builder::new()
            .name("telemetry-viewer".to_owned())
            .spawn(move || runtime.block_on(work))?;
        self.server = Some(Server { stop, thread });
        tell(&format!("telemetry: traces, metrics and health at http://{address}/"));
        Ok(())
    }

    fn end(&mut self) {
        self.listener = None;
        if let Some(Server { stop, thread }) = self.server.take() {
            let _ = stop.send(());
            // It ends within its grace; a panic in it has been told already.
            let _ = thread.join();
        }
    }
}

impl Sink for ServedViewer {
    fn name(&self) -> &str {
        self.sink.name()
    }

    fn attach(&mut self, context: &SinkContext) {
        self.sink.attach(context);
    }

    fn start(&mut self, context: &SinkContext) -> Result<(), SinkError> {
        self.sink.start(context)?;
        Ok(self.serve()?)
    }

    fn export_spans(&mut self, spans: &[SpanRecord]) -> Result<(), SinkError> {
        self.sink.export_spans(spans)
    }

    fn export_metrics(&mut self, metrics: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
        self.sink.export_metrics(metrics)
    }

    fn close(&mut self) -> Result<(), SinkError> {
        let closed = self.sink.close();
        self.end();
        closed
    }

    /// The page is the parent's, which goes on to serve it.
    fn after_fork(&mut self) -> AfterFork {
        // Its thread is not here, and cannot be waited for.
        std::mem::forget(self.server.take());
        AfterFork::Disable
    }
}

impl Drop for ServedViewer {
    fn drop(&mut self) {
        self.end();
    }
}

fn tell_of(outcome: io::Result<()>) {
    if let Err(error) = outcome {
        tell(&format!("telemetry: the viewer's page has ended: {error}"));
    }
}

/// Writes a line to standard error; where that is gone, there is nobody to tell.
fn tell(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
