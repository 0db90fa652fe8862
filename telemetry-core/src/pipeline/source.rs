//! What the drain takes from: the ring and the instruments of one pipeline.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use super::Pipeline;
use crate::context::{Context, Local, SpanContext};
use crate::drain::{Report, Source};
use crate::metric::Moment;
use crate::metric::own;
use crate::metric::snapshot::{MetricFamily, MetricValue, MetricsSnapshot};
use crate::propagate::dropped_states;
use crate::record::SpanRecord;

/// A pipeline as the drain sees it.
pub(super) struct PipelineSource {
    pub(super) pipeline: &'static Pipeline,
    pub(super) interval: Duration,
    pub(super) started_unix_nanos: u64,
}

impl Source for PipelineSource {
    fn tick(&self) {
        self.pipeline.timeline.anchor();
        crate::evidence::alive(|| self.pipeline.timeline.conversion().lines());
    }

    fn collect_metrics(&self, own: Vec<MetricFamily>) -> (Arc<MetricsSnapshot>, Vec<Report>) {
        let metrics = self.pipeline.metrics();
        metrics.await_samplers(self.interval);
        let snapshot = self.pipeline.read(self.started_unix_nanos, own);
        let samplers = metrics.take_sampler_reports();
        let mut reports: Vec<Report> =
            samplers.iter().map(|report| Report { kind: report.kind(), line: report.to_string() }).collect();
        reports.extend(
            metrics
                .take_overflow_warnings()
                .iter()
                .map(|overflow| Report { kind: overflow.to_string(), line: overflow.to_string() }),
        );
        (snapshot, reports)
    }

    fn drain_spans(&self, max: usize, out: &mut Vec<SpanRecord>) -> usize {
        self.pipeline.drain_spans(max, out)
    }

    fn conclude(&self) {
        self.pipeline.conclude();
    }

    fn capacity(&self) -> usize {
        self.pipeline.ring.capacity()
    }
}

impl Pipeline {
    /// Runs the samplers and reads every instrument and the pipeline's own counts, outside a tick.
    ///
    /// The process's samplers run on a thread of their own, and are not waited for when they are running already; what
    /// they did wrong is left for the next tick to report. A scope's run on this thread.
    pub(crate) fn collect(
        &'static self,
        interval: Duration,
        started_unix_nanos: u64,
        own: Vec<MetricFamily>,
    ) -> (Arc<MetricsSnapshot>, Vec<String>) {
        let metrics = self.metrics();
        let reports = if std::ptr::eq(self, &raw const super::GLOBAL) {
            metrics.await_samplers_unless_running(interval);
            Vec::new()
        } else {
            metrics.run_samplers(interval)
        };
        (self.read(started_unix_nanos, own), reports.iter().map(ToString::to_string).collect())
    }

    /// Reads every instrument and the pipeline's own counts.
    fn read(&'static self, started_unix_nanos: u64, own: Vec<MetricFamily>) -> Arc<MetricsSnapshot> {
        let metrics = self.metrics();
        Arc::new(metrics.snapshot(self.timeline.unix_nanos(), started_unix_nanos, |families| {
            for family in self.families().into_iter().chain(own) {
                match families.iter_mut().find(|known| known.name == family.name) {
                    Some(known) => known.series.extend(family.series),
                    None => families.push(family),
                }
            }
        }))
    }

    /// The ring's own figures.
    fn families(&self) -> Vec<MetricFamily> {
        let accounting = self.accounting();
        let occupancy =
            self.ring.allocated().map_or(0.0, |ring| ring.occupied() as f64 / ring.capacity() as f64);
        let dropped = accounting
            .dropped_by_reason()
            .map(|(reason, count)| own::SPANS_DROPPED.series([reason.into()], MetricValue::Counter(count)));
        let mut families = vec![
            own::SPANS_STARTED.only(MetricValue::Counter(accounting.started)),
            own::SPANS_DROPPED.family(dropped.collect()),
            own::SPANS_IN_FLIGHT.only(MetricValue::Gauge(accounting.in_flight as f64)),
            own::LATE_WRITES.only(MetricValue::Counter(accounting.late_writes)),
            own::STATES_DROPPED.only(MetricValue::Counter(dropped_states())),
            own::RING_OCCUPANCY.only(MetricValue::Gauge(occupancy)),
        ];
        families.extend(self.keep_counts.families(accounting.not_kept));
        families
    }
}

/// The sampled span this thread is in, and the time on its pipeline's clock: what makes an update an exemplar. One of a
/// trace that may not be kept is none.
pub(super) fn moment() -> Option<Moment> {
    Local::with(|local| {
        let current = local.current();
        let SpanContext { trace_id, span_id, .. } =
            current.span_context().filter(|span| current.is_sampled() && span.is_sampled())?;
        let time_unix_nanos = local.pipeline.get().timeline.unix_nanos();
        Some(Moment { trace_id, span_id, time_unix_nanos })
    })
}

/// While the guard lives, spans opened on this thread are not recorded: an exporter never traces itself.
pub(super) fn suppress() -> Box<dyn Any> {
    Box::new(Context::suppressed().attach())
}
