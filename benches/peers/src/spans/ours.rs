//! This framework, through its macros.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use telemetry_core::metric::snapshot::MetricsSnapshot;
use telemetry_core::record::SpanRecord;
use telemetry_core::sink::{Sink, SinkError};
use telemetry_core::{AlwaysSample, NeverSample, Telemetry, trace};

use super::{Mode, Received, System, Tally};
use crate::work::{YieldOnce, block_on, body};

/// Longer than any run: the drain works between bursts alone, when it is asked to.
const INTERVAL: Duration = Duration::from_mins(5);
/// By when a drain is done, unless something is broken.
const PATIENCE: Duration = Duration::from_mins(1);

static RECEIVED: Received = Received::new();
/// The mode of the last burst.
static MODE: AtomicU8 = AtomicU8::new(Mode::Sampled as u8);
static TELEMETRY: OnceLock<Telemetry> = OnceLock::new();

/// This framework.
pub(crate) struct Ours;

/// Counts what arrives.
struct Count;

impl Sink for Count {
    fn name(&self) -> &'static str {
        "count"
    }

    fn export_spans(&mut self, spans: &[SpanRecord]) -> Result<(), SinkError> {
        RECEIVED.count(spans.iter().map(|span| (span.attributes.len(), span.events.len())));
        Ok(())
    }

    fn export_metrics(&mut self, _: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
        Ok(())
    }
}

/// The pipeline of this process, started at the first call, otherwise as it comes: the ring has its default size.
///
/// # Panics
/// When it cannot be started.
pub(crate) fn telemetry() -> &'static Telemetry {
    TELEMETRY.get_or_init(|| {
        Telemetry::builder()
            .service_name("peers")
            .sampler(AlwaysSample)
            .drain_interval(INTERVAL)
            .sink(Count)
            .start()
            .expect("no other pipeline runs in this process")
    })
}

#[trace(name = "root", root)]
fn root(calls: impl FnOnce()) {
    calls();
}

#[trace(name = "call")]
#[inline(never)]
fn plain(x: u64) -> u64 {
    body(x)
}

#[trace(name = "call", attrs(http.method = "GET", http.status = status, http.path = path))]
#[inline(never)]
fn attributes(x: u64, status: u64, path: &str) -> u64 {
    body(x)
}

#[trace(name = "call", bind = span)]
#[inline(never)]
fn events(x: u64) -> u64 {
    span.event("checked");
    span.event("missed");
    body(x)
}

#[trace(name = "tree", root)]
#[inline(never)]
fn tree(x: u64) -> u64 {
    (0..10).fold(x, |x, _| child(x))
}

#[trace(name = "child")]
#[inline(never)]
fn child(x: u64) -> u64 {
    (0..10).fold(x, |x, _| grandchild(x))
}

#[trace(name = "grandchild")]
#[inline(never)]
fn grandchild(x: u64) -> u64 {
    body(x)
}

#[trace(name = "call")]
#[inline(never)]
async fn asynchronous(x: u64) -> u64 {
    YieldOnce::default().await;
    body(x)
}

impl System for Ours {
    const NAME: &'static str = "ours";

    fn select(mode: Mode) {
        let telemetry = telemetry();
        if MODE.swap(mode as u8, Ordering::Relaxed) == mode as u8 {
            return;
        }
        match mode {
            Mode::Disabled => telemetry_core::disable(),
            Mode::Unsampled => {
                telemetry_core::enable();
                telemetry.set_sampler(NeverSample);
            }
            Mode::Sampled => {
                telemetry_core::enable();
                telemetry.set_sampler(AlwaysSample);
            }
        }
    }

    fn rooted(calls: impl FnOnce()) {
        root(calls);
    }

    #[inline(always)]
    fn plain(x: u64) -> u64 {
        plain(x)
    }

    #[inline(always)]
    fn attributes(x: u64, status: u64, path: &str) -> u64 {
        attributes(x, status, path)
    }

    #[inline(always)]
    fn events(x: u64) -> u64 {
        events(x)
    }

    #[inline(always)]
    fn tree(x: u64) -> u64 {
        tree(x)
    }

    #[inline(always)]
    fn asynchronous(x: u64) -> u64 {
        block_on(asynchronous(x))
    }

    fn settle() {
        telemetry().drain_now(PATIENCE).expect("nothing hinders the drain");
    }

    fn received() -> Tally {
        RECEIVED.so_far()
    }
}
