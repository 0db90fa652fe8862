//! An allocator may count what it does in instruments, also what it does for them.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use telemetry_core::metric::snapshot::{MetricValue, MetricsSnapshot};
use telemetry_core::{Telemetry, metric};

metric! {
    /// Calls of the allocator.
    static CALLS: Counter = "allocator_calls_total";
    /// Calls of the allocator, by what was asked for.
    static BY_KIND: Counter = "allocator_calls_by_kind_total" { kind: str };
    /// Sizes asked for.
    static SIZES: Histogram = "allocator_size_bytes" { kind: str }, buckets = [16, 256, 4_096];
    /// The last size asked for.
    static LAST: Gauge = "allocator_last_bytes";
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What the allocator has done, counted plainly.
static PLAIN: AtomicU64 = AtomicU64::new(0);

/// Updates for each call.
const UPDATES: u64 = 4;

fn count(kind: &str, size: usize) {
    PLAIN.fetch_add(1, Ordering::SeqCst);
    CALLS.inc();
    BY_KIND.with(kind).inc();
    SIZES.with(kind).observe(size as f64);
    LAST.set(size as f64);
}

// SAFETY: hands every call on to the system's allocator; what it does beside touches no memory of the caller's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count("alloc", layout.size());
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
        count("dealloc", layout.size());
    }
}

fn total(metrics: &MetricsSnapshot, name: &str) -> u64 {
    let family = metrics.families.iter().find(|family| family.name == name).expect(name);
    let values = family.series.iter().map(|series| match &series.value {
        MetricValue::Counter(total) => *total,
        value => value.observed().map_or(0, |(count, _)| count),
    });
    values.sum()
}

/// What was counted for certain and at the most, and the updates that were lost.
fn read(telemetry: &Telemetry) -> ([u64; 2], [u64; 3], u64) {
    let before = PLAIN.load(Ordering::SeqCst);
    let metrics = telemetry.metrics();
    let after = PLAIN.load(Ordering::SeqCst);
    let counted = ["allocator_calls_total", "allocator_calls_by_kind_total", "allocator_size_bytes"]
        .map(|name| total(&metrics, name));
    ([before, after], counted, total(&metrics, "telemetry_metric_lost_total"))
}

#[test]
fn an_allocator_that_counts_in_instruments_neither_hangs_nor_loses_silently() {
    let telemetry = Telemetry::builder().drain_interval(Duration::from_secs(300)).start().unwrap();
    let (plain_first, counted_first, lost_first) = read(&telemetry);
    for round in 0..50 {
        let worker = thread::spawn(move || {
            let texts: Vec<String> = (0..200).map(|n| (n * round).to_string()).collect();
            texts.concat().len()
        });
        assert!(worker.join().unwrap() > 0);
    }
    let (plain_last, counted_last, lost_last) = read(&telemetry);
    let (at_least, at_most) = (plain_last[0] - plain_first[1], plain_last[1] - plain_first[0]);
    let lost = lost_last - lost_first;
    for (last, first) in counted_last.into_iter().zip(counted_first) {
        let counted = last - first;
        assert!(counted <= at_most, "{counted} of at most {at_most}");
        assert!(counted + lost >= at_least, "{counted} and {lost} lost of at least {at_least}");
    }
    // What is lost is what the slow path itself allocates: a few calls for each thread and series.
    assert!(lost < UPDATES * at_least / 10, "{lost} lost of {at_least}");
}
