//! Work of a chosen length: hashing a page of memory.
//!
//! The standard library's hash, because its four chains of additions and rotations take the same time however they are
//! entered. A single chain of multiplications was tried: its processor settles into one of several rhythms, some
//! percent apart, by what ran before it, which is more than is to be measured.

use std::hash::{DefaultHasher, Hasher};
use std::hint::black_box;
use std::time::{Duration, Instant};

use benches::statistics::median;

/// Words of the page: 4 KiB, as a request might bring.
const WORDS: usize = 512;

static PAGE: [u64; WORDS] = page();

const fn page() -> [u64; WORDS] {
    let mut page = [0; WORDS];
    let mut at = 0;
    while at < WORDS {
        page[at] = (at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        at += 1;
    }
    page
}

/// Hashes `value` and `words` of the page after it. One function for both handlers, so that both run the same loop.
#[inline(never)]
pub(crate) fn hash(value: u64, words: u64) -> u64 {
    let page = black_box(&PAGE);
    let mut hasher = DefaultHasher::new();
    hasher.write_u64(value);
    for word in 0..words {
        hasher.write_u64(page[word as usize % WORDS]);
    }
    hasher.finish()
}

/// The words whose hash takes about `time`. Tries for so long that the processor is at its speed.
pub(crate) fn words_for(time: Duration) -> u64 {
    const TRIED: u64 = 100_000;
    let nanos = median((0..301).map(|_| {
        let begin = Instant::now();
        black_box(hash(black_box(1), TRIED));
        begin.elapsed().as_nanos() as f64
    }));
    (time.as_nanos() as f64 / nanos * TRIED as f64) as u64
}
