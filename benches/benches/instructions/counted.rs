//! What runs inside valgrind: one operation, warmed up, then called a fixed number of times.

use std::hint::black_box;
use std::time::Duration;

use telemetry_core::{AlwaysSample, NeverSample, Telemetry};

use super::operations::{Operation, Setting, root};

/// Calls that are counted: whole runs of slots, and fewer than would wake the drain.
pub(crate) const CALLS: u64 = 4_096;
/// Calls before them, which register, allocate and attach: whole runs of slots, too.
const WARM_UP: u64 = 256;
/// The drain is woken at a quarter of it.
const RING_CAPACITY: usize = 65_536;

/// The function that callgrind counts in, and all that it calls.
pub(crate) const SYMBOL: &str = "*counted_calls*";

#[inline(never)]
fn counted_calls(call: fn(u64) -> u64, calls: u64) {
    repeat(call, calls);
}

#[inline(always)]
fn repeat(call: fn(u64) -> u64, calls: u64) {
    for number in 0..calls {
        black_box(call(black_box(number)));
    }
}

/// Runs an operation, warm-up first. The process is to be a fresh one.
pub(crate) fn run(operation: &Operation) {
    let telemetry = (operation.setting != Setting::Disabled).then(|| {
        let builder = Telemetry::builder()
            .service_name("benches")
            .ring_capacity(RING_CAPACITY)
            .drain_interval(Duration::from_secs(300));
        let builder = match operation.setting {
            Setting::Sampled => builder.sampler(AlwaysSample),
            Setting::Filtered => builder.sampler(AlwaysSample).filter("info".parse().expect("a level")),
            _ => builder.sampler(NeverSample),
        };
        let telemetry = builder.start().expect("nothing runs yet");
        // As in a process that has run for a second: the rate of the clock is known.
        telemetry.drain_now(Duration::from_secs(10)).expect("nothing hinders the drain");
        telemetry
    });
    let mut run = || {
        repeat(operation.call, WARM_UP);
        counted_calls(operation.call, CALLS);
    };
    if operation.inside {
        root(&mut run);
    } else {
        run();
    }
    if let Some(telemetry) = telemetry {
        let accounting = telemetry.accounting();
        let recorded = matches!(operation.setting, Setting::Sampled | Setting::Filtered);
        let around = u64::from(operation.inside);
        let expected = if recorded { around + operation.spans * (WARM_UP + CALLS) } else { 0 };
        assert_eq!(accounting.started, expected, "spans of {}", operation.name);
        assert_eq!(accounting.taken + accounting.dropped(), 0, "the drain kept out of the way");
    }
}
