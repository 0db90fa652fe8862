//! What is traced and what is observed: the same body, future and values for every contestant.

use std::future::Future;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

/// The body of every traced function.
#[inline(always)]
pub(crate) fn body(x: u64) -> u64 {
    black_box(x.wrapping_mul(3).wrapping_add(1))
}

/// The attribute of a number.
pub(crate) const STATUS: u64 = 200;
/// The attribute of dynamic text: known to nobody before the call, so copied by everybody.
pub(crate) const PATH: &str = "/books/42";

/// Calls in a row, none of which the compiler can merge with another or move out of the loop.
#[inline(always)]
pub(crate) fn repeat<R>(times: u64, mut call: impl FnMut(u64) -> R) {
    for turn in 0..times {
        black_box(call(turn));
    }
}

/// Pending once, then ready.
#[derive(Default)]
pub(crate) struct YieldOnce(bool);

impl Future for YieldOnce {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// Polls to the end with a waker that does nothing.
#[inline(always)]
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

/// The upper bounds of every histogram: our default ones, in seconds.
pub(crate) const BUCKETS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// How many different values are observed in turn.
const OBSERVATIONS: usize = 1024;

/// Durations from 1 ms to 20 s, evenly spread over the orders of magnitude, in an order no branch predictor learns.
static VALUES: LazyLock<[f64; OBSERVATIONS]> = LazyLock::new(|| {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    std::array::from_fn(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let share = (state >> 11) as f64 / (1_u64 << 53) as f64;
        0.001 * 20_000_f64.powf(share)
    })
});

/// The values that are observed, resolved once so that loops do not ask whether they are there.
pub(crate) fn values() -> &'static [f64; OBSERVATIONS] {
    &VALUES
}

/// The value of a turn.
#[inline(always)]
pub(crate) fn value_of(values: &[f64; OBSERVATIONS], turn: u64) -> f64 {
    black_box(values[turn as usize % OBSERVATIONS])
}

/// The value of a label that many series differ by.
pub(crate) fn route(number: usize) -> String {
    format!("/route/{number:04}")
}
