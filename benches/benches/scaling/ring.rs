//! The slots of the ring: what a span and its drain cost.

use std::hint::black_box;
use std::time::Duration;

use benches::growth::{Bound, Column, Row};
use benches::statistics::median;
use benches::{NullSink, work};
use telemetry_core::{AlwaysSample, Telemetry, span};

use super::spent;

pub(crate) const ROW: Row = Row {
    name: "ring, slots",
    sizes: &[256, 1_024, 4_096, 16_384, 65_536, 262_144],
    columns: &[
        // From slots that stay in the first cache to slots that come from memory.
        Column { title: "ns a span", bound: Bound::One(4.0) },
        Column { title: "drain, CPU ns a span", bound: Bound::One(4.0) },
        // It looks at one word for 16 slots.
        Column { title: "drain of nothing, CPU µs", bound: Bound::All },
    ],
    measure,
};

/// Spans to measure, at least.
const SPANS: usize = 400_000;
/// Bursts to measure, at least: some more than go round the ring once.
const BURSTS: usize = 16;
/// Slots of a quarter of the ring that a burst leaves, so that the drain is not woken: a root, and a reservation that is
/// not used up.
const LEFT: usize = 32;

/// Draining fewer spans takes less time than waking the worker takes more or less.
const FEW: usize = 512;

#[span]
fn root(run: &mut dyn FnMut()) {
    run();
}

#[span]
fn child(x: u64) -> u64 {
    work(x)
}

fn measure(slots: usize) -> Vec<f64> {
    let sink = NullSink::default();
    let telemetry = Telemetry::builder()
        .ring_capacity(slots)
        .sampler(AlwaysSample)
        .drain_interval(Duration::from_secs(300))
        .sink(sink.clone())
        .start()
        .expect("nothing runs yet");
    let (wall, processor) = (spent::wall(), spent::in_process());
    let drain = || {
        let drained = telemetry.drain_now(Duration::from_secs(60));
        drained.expect("nothing hinders the drain");
    };
    let burst = slots / 4 - LEFT;
    let bursts = (SPANS / burst).max(BURSTS);
    let (mut opened, mut full, mut empty) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..bursts + BURSTS {
        let mut nanos = 0.0;
        root(&mut || {
            nanos = wall.nanos(|| {
                for x in 0..burst {
                    black_box(child(black_box(x as u64)));
                }
            });
        });
        let (took, looked) = (processor.nanos(drain), processor.nanos(drain));
        // The first ones go through slots that were never written.
        if number >= BURSTS {
            opened.push(nanos / burst as f64);
            full.push(took);
            empty.push(looked);
        }
    }
    let (full, empty) = (median(full), median(empty));
    let spans = (burst + 1) as u64 * (bursts + BURSTS) as u64;
    assert_eq!((sink.spans(), telemetry.accounting().dropped()), (spans, 0), "every span arrived");
    let drained = if burst < FEW { f64::NAN } else { (full - empty) / (burst + 1) as f64 };
    vec![median(opened), drained, empty / 1_000.0]
}
