//! The sink that holds the latest exposition for whoever scrapes.

mod request;
mod server;
#[cfg(test)]
mod server_tests;

use std::fmt;
use std::io;
use std::sync::{Arc, MutexGuard};

use crate::forking::Anew;
use crate::metric::exposition::Format;
use crate::metric::snapshot::MetricsSnapshot;
use crate::record::SpanRecord;

use super::{LiveMetrics, Sink, SinkContext, SinkError};

pub use server::PrometheusServer;

/// Keeps the latest metrics for a scrape; a handle that can be cloned and read from any thread.
///
/// A scrape returns what the last tick of the drain saw. Before the first tick it is computed live, where
/// [`with_live`](Self::with_live) has said how. Spans are taken and not kept.
///
/// # Examples
/// ```
/// use telemetry_core::sink::PrometheusSink;
///
/// let prometheus = PrometheusSink::new();
/// assert_eq!(prometheus.text(), "", "nothing has been drained yet");
/// ```
#[derive(Clone, Default)]
pub struct PrometheusSink {
    shared: Arc<Anew<Shared>>,
}

#[derive(Default)]
struct Shared {
    latest: Option<Arc<MetricsSnapshot>>,
    live: Option<LiveMetrics>,
}

impl PrometheusSink {
    /// The media type of [`text`](Self::text): the Prometheus text format 0.0.4.
    pub const CONTENT_TYPE: &'static str = crate::metric::exposition::CONTENT_TYPE;

    /// A sink without metrics so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says how to compute the metrics for a scrape before the first tick; for all clones of this handle.
    #[must_use]
    pub fn with_live(self, live: impl Fn() -> Arc<MetricsSnapshot> + Send + Sync + 'static) -> Self {
        self.lock().live = Some(LiveMetrics::new(live));
        self
    }

    /// The latest metrics, or live ones before the first tick; none when there is no way to compute those.
    pub fn snapshot(&self) -> Option<Arc<MetricsSnapshot>> {
        let live = {
            let shared = self.lock();
            if let Some(latest) = &shared.latest {
                return Some(Arc::clone(latest));
            }
            shared.live.clone()
        };
        // Outside the lock: it runs the samplers, which may take their time or even scrape.
        live.map(|live| live.read())
    }

    /// The latest metrics in the Prometheus text format, or live ones before the first tick.
    pub fn text(&self) -> String {
        self.text_in(Format::Text)
    }

    /// The latest metrics in a format, which [`Format::negotiate`] finds for a client; live ones before the first tick.
    ///
    /// The text format is rendered at each tick, the other one when it is first asked for.
    ///
    /// # Examples
    /// ```
    /// use telemetry_core::metric::exposition::Format;
    /// use telemetry_core::sink::PrometheusSink;
    ///
    /// assert_eq!(PrometheusSink::new().text_in(Format::OpenMetrics), "# EOF\n");
    /// ```
    pub fn text_in(&self, format: Format) -> String {
        self.snapshot().unwrap_or_default().text_in(format).to_owned()
    }

    /// Serves `GET /metrics` over HTTP/1.1 by a small listener of its own, until the guard is dropped: in the format
    /// that the client's `Accept` header prefers.
    ///
    /// `address` is `host:port`, or a port alone (`9464` or `:9464`), which binds 127.0.0.1; port 0 takes any free
    /// one. At most 8 connections are served at a time, one request each. A further one takes the place of the oldest that
    /// has not sent its request; when all have, it gets a 503. A request has 5 s to come.
    ///
    /// # Errors
    /// The address cannot be understood or bound, or the thread could not be started.
    ///
    /// # Examples
    /// ```
    /// use telemetry_core::sink::PrometheusSink;
    ///
    /// let server = PrometheusSink::new().serve("0")?;
    /// assert!(server.local_addr().ip().is_loopback());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn serve(&self, address: &str) -> io::Result<PrometheusServer> {
        PrometheusServer::start(self.clone(), address)
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock()
    }
}

impl fmt::Debug for PrometheusSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = self.lock();
        f.debug_struct("PrometheusSink")
            .field("drained_unix_nanos", &shared.latest.as_ref().map(|latest| latest.time_unix_nanos))
            .field("live", &shared.live.is_some())
            .finish()
    }
}

impl Sink for PrometheusSink {
    fn name(&self) -> &'static str {
        "prometheus"
    }

    fn attach(&mut self, context: &SinkContext) {
        let mut shared = self.lock();
        if shared.live.is_none() {
            shared.live.clone_from(&context.live);
        }
    }

    fn export_spans(&mut self, _: &[SpanRecord]) -> Result<(), SinkError> {
        Ok(())
    }

    fn export_metrics(&mut self, metrics: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
        // Rendered here, on the sink's own thread, so that a scrape only copies.
        metrics.text();
        let before = self.lock().latest.replace(Arc::clone(metrics));
        drop(before);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn snapshot(text: &str) -> Arc<MetricsSnapshot> {
        Arc::new(MetricsSnapshot { text: text.to_owned().into(), ..MetricsSnapshot::default() })
    }

    #[test]
    fn a_scrape_before_the_first_tick_is_live_and_cached_after_it() {
        let sink = PrometheusSink::new();
        assert_eq!(sink.text(), "");
        let handle = sink.clone();
        let mut sink = sink.with_live(|| snapshot("live 1\n"));
        assert_eq!(handle.text(), "live 1\n");
        sink.export_metrics(&snapshot("drained 1\n")).unwrap();
        assert_eq!(handle.text(), "drained 1\n");
    }

    #[test]
    fn a_live_scrape_may_scrape() {
        let sink = PrometheusSink::new();
        let inner = sink.clone();
        let asked = Mutex::new(false);
        let sink = sink.with_live(move || {
            if !std::mem::replace(&mut *asked.lock().unwrap(), true) {
                drop(inner.text());
            }
            snapshot("live 1\n")
        });
        assert_eq!(sink.text(), "live 1\n");
    }
}
