//! Spans inside spans.

use std::hint::black_box;
use std::time::Duration;

use benches::growth::{Bound, Column, Row};
use benches::statistics::median;
use benches::{NullSink, work};
use telemetry_core::{AlwaysSample, Telemetry, span};

use super::spent;

pub(crate) const ROW: Row = Row {
    name: "nesting, depth",
    sizes: &[1, 10, 100, 1_000],
    // Every level keeps its guard on the stack: a thousand of them leave the first cache.
    columns: &[Column { title: "ns a span", bound: Bound::One(3.0) }],
    measure,
};

/// Spans in one round, whatever the depth.
const SPANS: usize = 3_000;
const ROUNDS: usize = 200;

#[span]
fn root(run: &mut dyn FnMut()) {
    run();
}

#[span]
fn nested(depth: usize) -> u64 {
    if depth == 1 { work(7) } else { black_box(nested(black_box(depth - 1))) }
}

fn measure(depth: usize) -> Vec<f64> {
    let sink = NullSink::default();
    let builder = Telemetry::builder().sampler(AlwaysSample).sink(sink.clone());
    let telemetry = builder.drain_interval(Duration::from_secs(300)).start().expect("nothing runs yet");
    let wall = spent::wall();
    let round = || {
        let mut nanos = 0.0;
        root(&mut || {
            nanos = wall.nanos(|| {
                for _ in 0..SPANS / depth {
                    black_box(nested(black_box(depth)));
                }
            });
        });
        telemetry.drain_now(Duration::from_secs(60)).expect("nothing hinders the drain");
        nanos / SPANS as f64
    };
    let nanos = median((0..ROUNDS).map(|_| round()).skip(ROUNDS / 10));
    assert_eq!(
        (sink.spans(), telemetry.accounting().dropped()),
        ((ROUNDS * (SPANS + 1)) as u64, 0),
        "every span arrived"
    );
    vec![nanos]
}
