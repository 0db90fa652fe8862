//! The accounting of watched traces in a pipeline of its own, under threads, to the shutdown.
//!
//! One test, since the pipeline is the process's.

use std::time::Duration;

use telemetry_core::settings::Resolver;
use telemetry_core::{Status, configure, step, trace};

const THREADS: u64 = 4;
/// Few enough for the ring to hold all their spans.
const TRACES: u64 = 3_000;

#[trace(name = "request", root)]
fn request(number: u64) {
    for _ in 0..3 {
        let _ = query(number);
    }
}

/// One request in a hundred fails, in one of its spans.
#[trace(name = "query")]
fn query(number: u64) -> Result<(), &'static str> {
    if number % 100 == 7 { Err("gone") } else { Ok(()) }
}

#[test]
fn every_span_of_a_watched_trace_is_delivered_or_not_kept_or_lost_for_a_reason() {
    let resolver = Resolver::new()
        .value("ENABLED", true)
        .value("SAMPLE_RATIO", 0.0)
        .value("KEEP_FAILED", true)
        .value("KEEP_SLOWER_THAN", "1h")
        .value("KEEP_MAX_SPANS", 65_536_u64)
        .value("DRAIN_INTERVAL", 0.01)
        .value("SPAN_RING_CAPACITY", 65_536_u64)
        .value("SINKS", ["memory"]);
    let bootstrap = configure(resolver, None).unwrap().expect("it is enabled");
    let telemetry = &bootstrap.telemetry;
    let memory = bootstrap.memory.clone().unwrap();
    let load = |traces: u64| {
        std::thread::scope(|threads| {
            for thread in 0..THREADS {
                threads.spawn(move || (0..traces).for_each(|trace| request(thread * traces + trace)));
            }
        });
        telemetry.drain_now(Duration::from_secs(60)).unwrap();
        let accounting = telemetry.accounting();
        // `drain_now` has decided every trace whose local root had ended.
        assert_eq!((accounting.undecided, accounting.in_flight), (0, 0), "{accounting:?}");
        assert_eq!(accounting.started, accounting.taken + accounting.not_kept + accounting.dropped());
        let [figures] = &telemetry.sinks()[..] else { panic!("one sink") };
        assert_eq!(figures.taken, accounting.taken, "what is not kept is not the sinks'");
        assert_eq!(figures.taken, figures.delivered + figures.dropped_total() + figures.queued);
        accounting
    };
    let accounting = load(TRACES);
    assert_eq!((accounting.started, accounting.dropped()), (THREADS * TRACES * 4, 0));
    assert_eq!(accounting.taken, THREADS * TRACES / 100 * 4);
    let failed = memory.spans().iter().filter(|span| span.status == Status::Error).count() as u64;
    assert_eq!(failed, THREADS * TRACES / 100 * 3);
    // More than the ring takes, and than may wait: what is lost is counted as lost.
    let accounting = load(10 * TRACES);
    assert!(accounting.not_kept > accounting.taken, "{accounting:?}");

    // What is undecided at the shutdown is decided then, by what is known.
    memory.clear();
    let _open = step!("open");
    let before = telemetry.accounting();
    let _ = (query(1), query(7));
    telemetry.drain_now(Duration::from_secs(60)).unwrap();
    assert_eq!(telemetry.accounting().undecided, 2);
    assert!(telemetry.health().to_string().contains("undecided"), "{}", telemetry.health());
    telemetry.shutdown(Duration::from_secs(60)).unwrap();
    let accounting = telemetry.accounting();
    assert_eq!((accounting.undecided, accounting.in_flight), (0, 1), "{accounting:?}");
    assert_eq!(accounting.taken - before.taken, 2, "the trace has a failed span: all of it that is there");
    assert_eq!(memory.spans().len(), 2);
    assert_eq!(
        accounting.started,
        accounting.taken + accounting.in_flight + accounting.not_kept + accounting.dropped()
    );
}
