//! Eight threads against a running drain: every span is accounted for, and none is torn.

use std::sync::atomic::{AtomicUsize, Ordering};

use telemetry_core::record::{SpanRecord, Value};
use telemetry_core::testing::Scope;
use telemetry_core::{Context, span};

const THREADS: u64 = 8;
const SPANS: u64 = 100_000;

#[span(attrs(thread = thread, sequence = sequence, echo = echo))]
fn outer(thread: u64, sequence: u64, echo: &str) {
    inner(thread, sequence + 1, echo);
}

#[span(attrs(thread = thread, sequence = sequence, echo = echo))]
fn inner(thread: u64, sequence: u64, echo: &str) {
    std::hint::black_box((thread, sequence, echo));
}

/// The thread and number a span carries, each checked against the other two places that say it.
fn identity(span: &SpanRecord) -> (u64, u64) {
    let (Some(Value::U64(thread)), Some(Value::U64(sequence)), Some(Value::Str(echo))) =
        (span.attribute("thread"), span.attribute("sequence"), span.attribute("echo"))
    else {
        panic!("attributes are missing: {span:?}");
    };
    assert_eq!(*echo, format!("thread {thread}"), "a torn span");
    assert_eq!(span.name, if sequence % 2 == 0 { "outer" } else { "inner" }, "a torn span");
    assert!(span.duration_nanos < 60_000_000_000, "a torn span: {span:?}");
    (*thread, *sequence)
}

fn stress(capacity: usize) {
    let scope = Scope::builder().capacity(capacity).real_clock().enter().unwrap();
    let mut seen = vec![false; (THREADS * SPANS) as usize];
    let mut taken = 0_u64;
    let mut take = |scope: &Scope| {
        for span in scope.take_spans() {
            let (thread, sequence) = identity(&span);
            let first = !std::mem::replace(&mut seen[(thread * SPANS + sequence) as usize], true);
            assert!(first, "a span was exported twice");
            taken += 1;
        }
    };
    let running = AtomicUsize::new(THREADS as usize);
    let context = Context::current();
    std::thread::scope(|threads| {
        for thread in 0..THREADS {
            let running = &running;
            threads.spawn(context.wrap(move || {
                let echo = format!("thread {thread}");
                for pair in 0..SPANS / 2 {
                    outer(thread, pair * 2, &echo);
                }
                running.fetch_sub(1, Ordering::Release);
            }));
        }
        while running.load(Ordering::Acquire) != 0 {
            take(&scope);
        }
    });
    scope.close();
    take(&scope);
    let accounting = scope.accounting();
    assert_eq!(accounting.started, THREADS * SPANS);
    assert_eq!(accounting.taken, taken);
    assert_eq!(accounting.in_flight, 0);
    assert_eq!(accounting.started, accounting.taken + accounting.dropped());
    assert_eq!(accounting.dropped(), accounting.dropped_full);
    assert_eq!(accounting.late_writes, 0);
}

#[test]
fn a_tiny_ring_accounts_for_every_span() {
    stress(256);
}

#[test]
fn a_small_ring_accounts_for_every_span() {
    stress(4_096);
}

#[test]
fn a_large_ring_accounts_for_every_span() {
    stress(65_536);
}
