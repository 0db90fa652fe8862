//! The OpenTelemetry SDK's side: exporters that count, and a processor that leaves bursts alone.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry::trace::{Link, SpanKind, TraceId, TraceState};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SamplingDecision, SamplingResult, SdkTracerProvider,
    ShouldSample, SpanData, SpanExporter,
};

use super::{Mode, Received};

/// Longer than any run: the processor's thread works between bursts alone, when it is asked to.
const INTERVAL: Duration = Duration::from_mins(5);
/// Room for a burst, and a batch of that size: a smaller one would be exported during the burst.
const QUEUE: usize = 16_384;

/// Whether spans are recorded.
static SAMPLED: AtomicBool = AtomicBool::new(true);

/// Records spans or not, for all providers, from the next span on.
pub(super) fn sample(mode: Mode) {
    SAMPLED.store(mode == Mode::Sampled, Ordering::Relaxed);
}

/// A provider that counts in `received` what it exports, in batches, on a thread of its own.
pub(super) fn provider(received: &'static Received) -> SdkTracerProvider {
    let batches = BatchConfigBuilder::default()
        .with_max_queue_size(QUEUE)
        .with_max_export_batch_size(QUEUE)
        .with_scheduled_delay(INTERVAL)
        .build();
    let processor = BatchSpanProcessor::builder(Exporter(received)).with_batch_config(batches).build();
    SdkTracerProvider::builder().with_sampler(Switch).with_span_processor(processor).build()
}

/// Counts what arrives.
struct Exporter(&'static Received);

impl std::fmt::Debug for Exporter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Exporter")
    }
}

impl SpanExporter for Exporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.count(batch.iter().map(|span| (span.attributes.len(), span.events.len())));
        Ok(())
    }
}

/// Always or never, as the mode says.
#[derive(Clone, Debug)]
struct Switch;

impl ShouldSample for Switch {
    fn should_sample(
        &self,
        _: Option<&Context>,
        _: TraceId,
        _: &str,
        _: &SpanKind,
        _: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        let sampled = SAMPLED.load(Ordering::Relaxed);
        SamplingResult {
            decision: if sampled { SamplingDecision::RecordAndSample } else { SamplingDecision::Drop },
            attributes: Vec::new(),
            trace_state: TraceState::default(),
        }
    }
}
