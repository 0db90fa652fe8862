//! Rounds on the pipeline of the process: started, drained, shut down under load, started again.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use telemetry_core::metric::snapshot::MetricsSnapshot;
use telemetry_core::record::SpanRecord;
use telemetry_core::sink::{Sink, SinkError};
use telemetry_core::{Accounting, AlwaysSample, Context, Telemetry};

use crate::books::{Found, Totals, balance};
use crate::load::Shared;
use crate::random::Random;
use crate::scoped::Threads;

const PATIENCE: Duration = Duration::from_secs(60);

/// What is carried from round to round: the ring is one and the same.
pub(crate) struct Process {
    capacity: usize,
    next: u64,
    to_forget: u64,
    /// Where the books stood at the end of the last round.
    before: Accounting,
}

/// Keeps what it is given.
#[derive(Clone, Default)]
struct Keep(Arc<Mutex<Vec<SpanRecord>>>);

impl Keep {
    fn take(&self) -> Vec<SpanRecord> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Sink for Keep {
    fn name(&self) -> &'static str {
        "keep"
    }

    fn export_spans(&mut self, spans: &[SpanRecord]) -> Result<(), SinkError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(spans);
        Ok(())
    }

    fn export_metrics(&mut self, _: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
        Ok(())
    }
}

impl Process {
    pub(crate) fn new(random: &mut Random) -> Self {
        Self { capacity: 256 << random.below(6), next: 1, to_forget: 32, before: Accounting::default() }
    }

    fn start(&self, interval: Duration) -> (Telemetry, Keep) {
        let keep = Keep::default();
        let telemetry = Telemetry::builder()
            .sampler(AlwaysSample)
            .ring_capacity(self.capacity)
            .drain_interval(interval)
            .sink(keep.clone())
            .start();
        (telemetry.expect("no other runs"), keep)
    }

    /// Runs a round.
    pub(crate) fn round(&mut self, random: &mut Random, totals: &mut Totals) {
        let toggles = random.once_in(3);
        let mut output = Output::default();
        let (telemetry, keep) = self.start(Duration::from_millis(10 + random.below(300)));
        let shared = Arc::new(Shared::new(self.next, self.to_forget));
        let mut threads = Threads::new(random);
        let end = Instant::now() + Duration::from_millis(20 + random.below(200));
        while Instant::now() < end {
            threads.keep_busy(random, &shared, Context::current());
            match random.below(16) {
                0 => _ = telemetry.drain_now(PATIENCE),
                1 => _ = telemetry.flush(PATIENCE),
                2 if toggles => telemetry_core::disable(),
                3..5 if toggles => telemetry_core::enable(),
                5 => {
                    let accounting = telemetry.accounting();
                    let gone = accounting.taken + accounting.in_flight + accounting.dropped();
                    assert_eq!(accounting.started, gone, "at any time: {accounting:?}");
                }
                _ => std::thread::yield_now(),
            }
        }
        if random.once_in(2) {
            // Under load: what is open now ends in a ring that nobody drains until the next start.
            output.stop(&telemetry, &keep);
        }
        let ledger = threads.end(&shared);
        output.stop(&telemetry, &keep);
        drop(telemetry);
        let (telemetry, keep) = self.start(PATIENCE);
        output.stop(&telemetry, &keep);

        self.next = shared.next.load(Ordering::Relaxed);
        self.to_forget = shared.to_forget.load(Ordering::Relaxed);
        let now = telemetry.accounting();
        let accounting = since(now, &self.before);
        self.before = now;
        balance(&accounting, &ledger, !toggles);
        assert_eq!(accounting.taken, output.found.len() + output.missed);
        output.found.check(&ledger, output.missed);
        let occupied = (telemetry_core::ring().occupancy() * self.capacity as f64).round() as u64;
        assert_eq!(occupied, now.in_flight, "slots that nobody has: {now:?}");
        totals.add(&accounting, &ledger);
    }
}

/// What a round's sinks were given.
#[derive(Default)]
struct Output {
    found: Found,
    /// Spans a sink was not given, its queue being full.
    missed: u64,
}

impl Output {
    /// Stops the pipeline, the first time, and books what its sink was given.
    fn stop(&mut self, telemetry: &Telemetry, keep: &Keep) {
        let deliveries = telemetry.shutdown(PATIENCE).expect("nothing hinders the shutdown");
        self.found.take(&keep.take());
        // The second time there is nothing to stop, and the figures are booked.
        if !deliveries.is_empty() {
            for sink in telemetry.sinks() {
                assert_eq!(sink.taken, sink.delivered + sink.dropped_total() + sink.queued, "{sink:?}");
                assert_eq!(sink.queued, 0, "{sink:?}");
                self.missed += sink.dropped_total();
            }
        }
    }
}

/// The books of one round.
const fn since(now: Accounting, before: &Accounting) -> Accounting {
    let mut round = now;
    round.started -= before.started;
    round.taken -= before.taken;
    round.in_flight -= before.in_flight;
    round.dropped_full -= before.dropped_full;
    round.dropped_not_operational -= before.dropped_not_operational;
    round.dropped_after_shutdown -= before.dropped_after_shutdown;
    round.late_writes -= before.late_writes;
    round
}
