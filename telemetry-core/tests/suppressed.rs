//! What a sink does is not recorded, wherever it has it done: with the pipeline of the process, so in a process of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use telemetry_core::metric::snapshot::MetricsSnapshot;
use telemetry_core::record::SpanRecord;
use telemetry_core::sink::{MemorySink, Sink, SinkError};
use telemetry_core::{
    AlwaysSample, Carried, Context, Instrument, Span, SpanContext, SpanId, Telemetry, TraceId, span, step,
};

/// How often [`Exporter`] has exported spans and metrics.
static EXPORTS: AtomicUsize = AtomicUsize::new(0);

#[span]
fn sends() {
    let _step = step!("connects");
    assert!(!Span::current().is_recording());
    own_root();
    let (trace_id, span_id) = (TraceId::new(7).unwrap(), SpanId::new(8).unwrap());
    under(SpanContext { trace_id, span_id, trace_flags: SpanContext::SAMPLED, remote: true });
}

#[span(root)]
fn own_root() {}

#[span(parent = parent)]
fn under(parent: SpanContext) {}

#[span]
async fn sends_later() {
    tokio::task::yield_now().await;
    sends();
}

/// A sink that is traced itself, and has others work for it.
struct Exporter {
    runtime: tokio::runtime::Runtime,
    pool: rayon::ThreadPool,
}

impl Exporter {
    fn export(&self) {
        sends();
        std::thread::spawn(Context::current().wrap(sends)).join().unwrap();
        let context = Context::current();
        self.pool.install(|| context.run(sends));
        let (sender, receiver) = mpsc::channel();
        sender.send(Carried::new(())).unwrap();
        let receive = move || receiver.recv().map(|message: Carried<()>| message.run(|()| sends()));
        std::thread::spawn(receive).join().unwrap().unwrap();
        self.runtime.block_on(async {
            sends_later().await;
            tokio::spawn(sends_later().in_current_context()).await.unwrap();
            tokio::task::spawn_blocking(Context::current().wrap(sends)).await.unwrap();
        });
        EXPORTS.fetch_add(1, Ordering::Relaxed);
    }
}

impl Sink for Exporter {
    fn name(&self) -> &'static str {
        "exporter"
    }

    fn export_spans(&mut self, _: &[SpanRecord]) -> Result<(), SinkError> {
        self.export();
        Ok(())
    }

    fn export_metrics(&mut self, _: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
        self.export();
        Ok(())
    }
}

#[span]
fn work() {}

#[test]
fn what_a_sink_has_done_elsewhere_is_suppressed_too() {
    let exporter = Exporter {
        runtime: tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap(),
        pool: rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap(),
    };
    let memory = MemorySink::new();
    let telemetry =
        Telemetry::builder().sampler(AlwaysSample).sink(exporter).sink(memory.clone()).start().unwrap();
    for _ in 0..3 {
        work();
        telemetry.drain_now(Duration::from_secs(10)).unwrap();
    }
    assert!(EXPORTS.load(Ordering::Relaxed) >= 6, "spans and metrics, three times");
    telemetry.drain_now(Duration::from_secs(10)).unwrap();
    let names: Vec<_> = memory.spans().into_iter().map(|span| span.name).collect();
    assert_eq!(names, ["work", "work", "work"]);
    let accounting = telemetry.accounting();
    assert_eq!((accounting.started, accounting.dropped()), (3, 0), "{accounting:?}");
}
