//! Two handlers in turns, and the difference between them.

use std::hint::black_box;
use std::time::{Duration, Instant};

use benches::cpu_time;
use benches::statistics::{Sorted, median};

/// Pairs before those that are kept.
const WARM_UP: u64 = 20;

/// A handler: an id and the words of each of its ten parts.
pub(crate) type Handler = fn(u64, u64) -> u64;

/// Until when pairs are taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// At least so many.
    pub(crate) pairs: usize,
    /// And until the median is known so well, in microseconds to either side.
    pub(crate) precision: f64,
    /// But no longer than this.
    pub(crate) time: Duration,
}

/// What the pairs say, in microseconds.
pub(crate) struct Difference {
    pub(crate) pairs: usize,
    /// Requests that were traced, those before the first pair included.
    pub(crate) requests: u64,
    /// The untouched handler's median.
    pub(crate) untouched: f64,
    /// What the other takes more, pair by pair.
    pub(crate) more: Sorted,
    /// The processor time of other threads, such as the drain, for each pair.
    pub(crate) elsewhere: f64,
}

/// Times `traced` and `untouched` one after the other, in an order that chance decides: one that alternates falls into
/// step with the timer's interrupts. `after` ends the work that other threads have with it.
pub(crate) fn measure(
    traced: Handler,
    untouched: Handler,
    words: u64,
    effort: Effort,
    after: impl Fn(),
) -> Difference {
    let time = |handler: Handler, id: u64| {
        let begin = Instant::now();
        let result = black_box(handler(black_box(id), black_box(words)));
        (begin.elapsed().as_nanos() as f64 / 1_000.0, result)
    };
    let pair = |id: u64| {
        let (with, without) = if coin(id) {
            let with = time(traced, id);
            (with, time(untouched, id))
        } else {
            let without = time(untouched, id);
            (time(traced, id), without)
        };
        assert_eq!(with.1, without.1, "both did the same");
        (with.0 - without.0, without.0)
    };
    (0..WARM_UP).for_each(|id| _ = pair(id));
    after();
    let (begin, elsewhere) = (Instant::now(), cpu_elsewhere());
    let (mut more, mut without) = (Vec::new(), Vec::new());
    loop {
        let chunk = effort.pairs.div_ceil(10);
        for _ in 0..chunk {
            let (difference, untouched) = pair(more.len() as u64);
            more.push(difference);
            without.push(untouched);
        }
        let (low, high) = Sorted::new(more.iter().copied()).median_interval();
        let known = more.len() >= effort.pairs && high - low <= 2.0 * effort.precision;
        if known || begin.elapsed() >= effort.time {
            break;
        }
    }
    after();
    let elsewhere = (cpu_elsewhere() - elsewhere).as_secs_f64() * 1e6;
    Difference {
        pairs: more.len(),
        requests: WARM_UP + more.len() as u64,
        untouched: median(without),
        elsewhere: elsewhere / more.len() as f64,
        more: Sorted::new(more),
    }
}

/// Heads or tails, the same in every run.
fn coin(number: u64) -> bool {
    let mixed = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb) >> 63 == 1
}

/// The processor time of the threads beside this one.
fn cpu_elsewhere() -> Duration {
    let own = cpu_time::of_thread();
    cpu_time::of_process().saturating_sub(own)
}
