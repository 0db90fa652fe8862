//! The sink.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use telemetry_core::metric::snapshot::MetricsSnapshot;
use telemetry_core::record::SpanRecord;
use telemetry_core::resource::Resource;
use telemetry_core::settings::Resolved;
use telemetry_core::sink::{AfterFork, ShutdownSignal, Sink, SinkContext, SinkError};

use crate::builder::OtlpBuilder;
use crate::channel::Channel;
use crate::delta;
use crate::encode::metrics::{Period, Temporality};
use crate::error::ConfigError;
use crate::figures::LOST_POINTS;
use crate::options::{Limits, Signal, Target};
use crate::retry::{Persistence, Retry};

/// The longest time metrics are tried again. The next ones say all they said, and spans wait behind them.
const METRICS_RETRY_TIME: Duration = Duration::from_secs(5);

/// Sends spans and metrics to a collector by the OpenTelemetry protocol.
///
/// Everything it waits for, it waits for on the sink's own thread: a collector that is slow or gone fills the sink's
/// queue, of 256 batches, and delays nothing else. A request is tried again as the [crate's documentation](crate) says.
/// What is lost is counted for this sink by reason: `refused` by the collector, in whole or in part; `given_up` after the
/// last attempt; `too_large`; and `queue_full` where it never came to an attempt.
///
/// # Examples
/// ```
/// use telemetry_core::sink::Sink;
/// use telemetry_otlp::{OtlpSink, Protocol};
///
/// let sink = OtlpSink::builder().endpoint("http://127.0.0.1:4318").protocol(Protocol::HttpJson).build()?;
/// assert_eq!(sink.name(), "otlp");
/// let error = OtlpSink::builder().endpoint("collector").build().unwrap_err();
/// assert!(error.to_string().contains("does not suit the protocol http/protobuf"));
/// # Ok::<(), telemetry_otlp::ConfigError>(())
/// ```
pub struct OtlpSink {
    traces: Channel,
    metrics: Channel,
    resource: Arc<Resource>,
    temporality: Temporality,
    interval: Duration,
    /// When metrics were last sent, and what came since.
    sent: Option<Instant>,
    waiting: Option<Arc<MetricsSnapshot>>,
    /// What the last request that was taken had in it; kept for deltas alone.
    taken: Option<Arc<MetricsSnapshot>>,
}

impl OtlpSink {
    /// A sink that is described in code and reads no environment but for a [proxy](crate); unless told otherwise it sends
    /// protobuf over HTTP to port 4318 of this machine.
    pub fn builder() -> OtlpBuilder {
        OtlpBuilder::new()
    }

    /// The sink that settings describe; rows that are missing have their defaults.
    ///
    /// # Errors
    /// The endpoint does not suit the protocol, a file of certificates cannot be read, or what is asked for needs a
    /// feature this program was built without.
    pub fn from_settings(resolved: &Resolved) -> Result<Self, ConfigError> {
        Self::with_limits(resolved, &Limits::of(resolved))
    }

    pub(crate) fn with_limits(resolved: &Resolved, limits: &Limits) -> Result<Self, ConfigError> {
        let channel = |signal| {
            let total = match signal {
                Signal::Traces => limits.retry.total,
                Signal::Metrics => limits.retry.total.min(METRICS_RETRY_TIME),
            };
            let mut persistence = Persistence::new(Retry { total, ..limits.retry }, ShutdownSignal::new());
            // Metrics hold nothing up: the next ones say all they said.
            persistence.holds = signal == Signal::Traces;
            Channel::new(Target::of(signal, resolved)?, limits, persistence)
        };
        Ok(Self {
            traces: channel(Signal::Traces)?,
            metrics: channel(Signal::Metrics)?,
            resource: Arc::new(Resource::empty()),
            temporality: limits.temporality,
            interval: limits.metrics_interval,
            sent: None,
            waiting: None,
            taken: None,
        })
    }

    fn send_metrics(&mut self, snapshot: Arc<MetricsSnapshot>) -> Result<(), SinkError> {
        self.sent = Some(Instant::now());
        let mut period = Period {
            temporality: self.temporality,
            start_unix_nanos: snapshot.start_unix_nanos,
            time_unix_nanos: snapshot.time_unix_nanos,
        };
        let losses = match &self.taken {
            Some(before) => {
                period.start_unix_nanos = before.time_unix_nanos;
                self.metrics.send_metrics(&self.resource, period, &delta::since(before, &snapshot))
            }
            None => self.metrics.send_metrics(&self.resource, period, &snapshot.families),
        };
        // What was lost of deltas is in the next ones: they count from the last request that was taken as a whole.
        if self.temporality == Temporality::Delta && losses.total() == 0 {
            self.taken = Some(snapshot);
        }
        LOST_POINTS.add(losses.total());
        losses.into_result()
    }
}

/// Shows what the settings came to, for each signal, without the values of headers.
impl fmt::Debug for OtlpSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpSink")
            .field("traces", &self.traces)
            .field("metrics", &self.metrics)
            .field("temporality", &self.temporality)
            .field("metrics_interval", &self.interval)
            .finish_non_exhaustive()
    }
}

impl Sink for OtlpSink {
    fn name(&self) -> &'static str {
        "otlp"
    }

    fn attach(&mut self, context: &SinkContext) {
        self.resource = Arc::clone(&context.resource);
        for channel in [&mut self.traces, &mut self.metrics] {
            channel.persistence.shutdown = context.shutdown.clone();
            channel.warnings = context.warnings.clone();
        }
    }

    fn export_spans(&mut self, spans: &[SpanRecord]) -> Result<(), SinkError> {
        self.traces.send_spans(&self.resource, spans).into_result()
    }

    fn export_metrics(&mut self, metrics: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
        if self.sent.is_some_and(|sent| sent.elapsed() < self.interval) {
            self.waiting = Some(Arc::clone(metrics));
            return Ok(());
        }
        self.waiting = None;
        self.send_metrics(Arc::clone(metrics))
    }

    /// Sends metrics that wait for their interval; spans are never held back.
    fn flush(&mut self) -> Result<(), SinkError> {
        self.waiting.take().map_or(Ok(()), |waiting| self.send_metrics(waiting))
    }

    fn after_fork(&mut self) -> AfterFork {
        self.traces.after_fork();
        self.metrics.after_fork();
        (self.sent, self.waiting, self.taken) = (None, None, None);
        AfterFork::Keep
    }
}
