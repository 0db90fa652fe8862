//! One signal's way to the collector: encodes, splits what is too large, and persists.

use std::fmt;

use http::HeaderName;
use telemetry_core::metric::snapshot::MetricFamily;
use telemetry_core::record::SpanRecord;
use telemetry_core::resource::Resource;
use telemetry_core::sink::{LossReason, Losses, Warnings};

use crate::encode::metrics::{Part, Period};
use crate::encode::{Json, Protobuf, metrics, trace};
use crate::error::ConfigError;
use crate::figures::REQUESTS;
use crate::options::{Limits, Protocol, Target};
use crate::retry::{Outcome, Persistence};
use crate::transport::{self, Transport};

/// The way of one signal.
pub(crate) struct Channel {
    target: Target,
    transport: Box<dyn Transport>,
    pub(crate) persistence: Persistence,
    pub(crate) warnings: Warnings,
    max_batch_spans: usize,
    max_request_bytes: usize,
}

impl Channel {
    pub(crate) fn new(
        target: Target,
        limits: &Limits,
        persistence: Persistence,
    ) -> Result<Self, ConfigError> {
        let transport = transport::to(&target)?;
        let (max_batch_spans, max_request_bytes) = (limits.max_batch_spans, limits.max_request_bytes);
        let warnings = Warnings::default();
        Ok(Self { target, transport, persistence, warnings, max_batch_spans, max_request_bytes })
    }

    /// Sends spans, in as many requests as the limits ask for.
    pub(crate) fn send_spans(&mut self, resource: &Resource, spans: &[SpanRecord]) -> Losses {
        let mut losses = Losses::default();
        for batch in spans.chunks(self.max_batch_spans) {
            self.send_batch(resource, batch, &mut losses);
        }
        losses
    }

    fn send_batch(&mut self, resource: &Resource, spans: &[SpanRecord], losses: &mut Losses) {
        let request = match self.target.protocol {
            Protocol::HttpJson => trace::request::<Json>(resource, spans),
            Protocol::HttpProtobuf | Protocol::Grpc => trace::request::<Protobuf>(resource, spans),
        };
        if request.len() <= self.max_request_bytes {
            self.deliver(request, spans.len() as u64, losses);
        } else if let (some @ [_, ..], rest @ [_, ..]) = spans.split_at(spans.len() / 2) {
            self.send_batch(resource, some, losses);
            self.send_batch(resource, rest, losses);
        } else {
            losses.add(LossReason::TooLarge, 1, self.too_large("span", request.len()));
        }
    }

    /// Sends the values of all series, in as many requests as the limit asks for.
    pub(crate) fn send_metrics(
        &mut self,
        resource: &Resource,
        period: Period,
        families: &[MetricFamily],
    ) -> Losses {
        let parts: Vec<_> =
            families.iter().filter(|family| !family.series.is_empty()).map(Part::whole).collect();
        let mut losses = Losses::default();
        if !parts.is_empty() {
            self.send_parts(resource, period, &parts, &mut losses);
        }
        losses
    }

    fn send_parts(&mut self, resource: &Resource, period: Period, parts: &[Part<'_>], losses: &mut Losses) {
        let request = match self.target.protocol {
            Protocol::HttpJson => metrics::request::<Json>(resource, period, parts),
            Protocol::HttpProtobuf | Protocol::Grpc => metrics::request::<Protobuf>(resource, period, parts),
        };
        if request.len() <= self.max_request_bytes {
            let points: usize = parts.iter().map(|part| part.series.len()).sum();
            self.deliver(request, points as u64, losses);
        } else if let Some((some, rest)) = metrics::halves(parts) {
            self.send_parts(resource, period, &some, losses);
            self.send_parts(resource, period, &rest, losses);
        } else {
            losses.add(LossReason::TooLarge, 1, self.too_large("data point", request.len()));
        }
    }

    /// Sends one request with `count` spans or data points, until it is answered for good or given up.
    fn deliver(&mut self, request: Vec<u8>, count: u64, losses: &mut Losses) {
        let Self { target, transport, persistence, .. } = self;
        let body = transport.prepare(request);
        let signal = target.signal;
        let outcome = persistence.persist(target.timeout, |timeout| {
            let answer = transport.send(&body, timeout);
            REQUESTS.with((signal, (&answer).into())).inc();
            answer
        });
        match outcome {
            Outcome::Accepted(partial) => {
                if let Some(warning) = partial.warning(&target.address) {
                    self.warnings.warn(&warning);
                }
                losses.add(LossReason::Refused, partial.rejected.min(count), partial.cause(&target.address));
            }
            Outcome::Refused(cause) => losses.add(LossReason::Refused, count, cause),
            Outcome::GivenUp(cause) => losses.add(LossReason::GivenUp, count, cause),
        }
    }

    /// Leaves connections behind that are a parent process's too.
    pub(crate) fn after_fork(&mut self) {
        self.transport.after_fork();
    }

    fn too_large(&self, what: &str, bytes: usize) -> String {
        format!(
            "a single {what} makes a request of {bytes} bytes, and {} are allowed",
            self.max_request_bytes
        )
    }
}

/// Shows where and how requests go. Of headers only the names: their values may be secret.
impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Target { protocol, address, headers, timeout, gzip, tls, .. } = &self.target;
        let headers: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        let mut shown = f.debug_struct("Channel");
        shown.field("address", address).field("protocol", protocol).field("headers", &headers);
        shown.field("timeout", timeout).field("gzip", gzip).field("tls", tls).finish_non_exhaustive()
    }
}
