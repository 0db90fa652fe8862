//! The report on telemetry itself, over a life of the process's pipeline.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use telemetry_core::drain::SinkState;
use telemetry_core::metric::snapshot::MetricsSnapshot;
use telemetry_core::record::SpanRecord;
use telemetry_core::sink::{LossReason, Losses, MemorySink, Sink, SinkError};
use telemetry_core::{Telemetry, health, span};

const AMPLE: Duration = Duration::from_secs(60);

#[span]
fn work() {}

/// Refuses three of each batch, once it has been let.
struct Picky {
    began: Sender<()>,
    go_on: Receiver<()>,
}

impl Sink for Picky {
    fn name(&self) -> &'static str {
        "picky"
    }

    fn export_spans(&mut self, _: &[SpanRecord]) -> Result<(), SinkError> {
        self.began.send(()).unwrap();
        self.go_on.recv().unwrap();
        let mut losses = Losses::default();
        losses.add(LossReason::Refused, 3, "three were too plain");
        losses.into_result()
    }

    fn export_metrics(&mut self, _: &Arc<MetricsSnapshot>) -> Result<(), SinkError> {
        Ok(())
    }
}

/// The report with every length of time as `T`.
fn without_times(report: &str) -> String {
    let is_time = |word: &str| {
        let number = word.trim_end_matches(['s', 'm', 'n', 'µ', ',', ';']);
        number.len() < word.len() && number.parse::<f64>().is_ok()
    };
    let line = |line: &str| {
        let words: Vec<String> = line
            .split(' ')
            .map(|word| match word.trim_end_matches([',', ':', ';']) {
                bare if is_time(bare) => format!("T{}", &word[bare.len()..]),
                _ => word.to_owned(),
            })
            .collect();
        words.join(" ")
    };
    report.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_report_tells_what_became_of_every_span_and_what_went_wrong() {
    assert_eq!(
        health().to_string(),
        "telemetry: not running, disabled, nothing lost\n  spans  0 started = 0 taken + 0 in flight + 0 dropped\n  ring   16384 slots, not allocated"
    );

    let (began, has_begun) = channel();
    let (let_go, go_on) = channel();
    let telemetry = Telemetry::builder()
        .service_name("books")
        .ring_capacity(256)
        .drain_interval(Duration::from_secs(300))
        .sink(MemorySink::new())
        .sink(Picky { began, go_on })
        .start()
        .unwrap();
    (0..10).for_each(|_| work());
    telemetry.drain_now(Duration::ZERO).unwrap_err();
    has_begun.recv_timeout(AMPLE).unwrap();

    // While a sink is busy the report can be had, and says with what it is.
    let busy = telemetry.health();
    assert_eq!(busy.lost(), 0);
    let picky = &busy.sinks[1];
    assert_eq!((picky.figures.taken, picky.figures.queued, picky.queued_batches), (10, 10, 0));
    assert_eq!((picky.state, picky.last_error.as_deref()), (SinkState::Running, None));
    assert!(picky.busy_for.is_some_and(|time| time < AMPLE));

    let_go.send(()).unwrap();
    // What it lost may be told to this call or may have been counted before it.
    let _ = telemetry.drain_now(AMPLE);
    let report = health();
    assert_eq!((report.service.as_deref(), report.is_enabled, report.lost()), (Some("books"), true, 3));
    assert_eq!((report.spans.started, report.spans.taken), (10, 10));
    assert!(report.ring.is_operational && report.ring.occupied <= 256);
    let drain = report.drain.as_ref().unwrap();
    assert!(drain.ticks >= 2 && drain.longest_tick >= drain.last_tick, "{drain:?}");
    assert!(
        drain.all_ticks >= drain.longest_tick && drain.uptime >= drain.since_last_tick.unwrap(),
        "{drain:?}"
    );
    let text = without_times(&report.to_string());
    let occupied = format!("{} occupied ({:.1} %)", report.ring.occupied, report.ring.occupied as f64 / 2.56);
    let ticks = drain.ticks;
    assert_eq!(
        text,
        [
            "telemetry of books: running for T, 3 spans lost",
            "  spans  10 started = 10 taken + 0 in flight + 0 dropped",
            &format!("  ring   256 slots, {occupied}"),
            &format!("  drain  every T, {ticks} ticks, the last T ago in T, the longest in T"),
            "  sink   memory (running): 10 taken = 10 delivered + 0 dropped + 0 queued; 0 of 256 batches wait",
            "  sink   picky (running): 10 taken = 7 delivered + 3 dropped (refused 3) + 0 queued; 0 of 256 batches wait",
            "         1 error; the last fault T ago: could not export spans in full: 3 were not delivered: three were too plain",
        ]
        .join("\n")
    );

    let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(json["lost"], 3);
    assert_eq!(json["spans"]["dropped"]["full"], 0);
    assert_eq!(json["sinks"][1]["dropped"]["refused"], 3);
    assert_eq!(json["sinks"][1]["state"], "running");
    assert!(json["sinks"][1]["last_error"].as_str().unwrap().ends_with("three were too plain"), "{json}");
    assert_eq!(json["drain"]["interval"], 300.0);

    telemetry.shutdown(AMPLE).unwrap();
    work();
    let after = telemetry.health();
    assert_eq!((after.spans.dropped_after_shutdown, after.lost()), (1, 4));
    assert!(after.sinks.iter().all(|sink| sink.state == SinkState::Closed && sink.busy_for.is_none()));
    assert!(health().drain.is_none(), "none runs any more");
}
