//! What the benches share: the traced functions, bursts with a drain between them, statistics and tables.

#[cfg(unix)]
pub mod cpu_time;
pub mod expected;
pub mod growth;
mod null_sink;
pub mod peak_memory;
pub mod readme;
pub mod statistics;
pub mod table;

use std::future::Future;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

pub use null_sink::NullSink;
use telemetry_core::Telemetry;

/// Spans opened between two drains: a burst the ring holds.
pub const BURST: u64 = 4_000;

/// The work that is traced.
#[inline(never)]
pub fn work(x: u64) -> u64 {
    black_box(x.wrapping_mul(3).wrapping_add(1))
}

/// Runs `burst(n)` until `total` operations are done, draining between bursts outside the timing.
///
/// `spans` is what one operation opens.
///
/// # Panics
/// When the pipeline has been shut down.
pub fn timed_in_bursts(
    telemetry: &Telemetry,
    total: u64,
    spans: u64,
    mut burst: impl FnMut(u64),
) -> Duration {
    let mut left = total;
    let mut spent = Duration::ZERO;
    while left > 0 {
        let now = left.min(BURST / spans.max(1));
        let begin = Instant::now();
        burst(now);
        spent += begin.elapsed();
        left -= now;
        telemetry.drain_now(Duration::from_secs(60)).expect("nothing hinders the drain");
    }
    spent
}

/// Pending once, then ready.
#[derive(Debug, Default)]
pub struct YieldOnce(bool);

impl Future for YieldOnce {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// Polls to the end with a waker that does nothing.
#[inline]
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
}
