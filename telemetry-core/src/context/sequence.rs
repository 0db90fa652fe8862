//! Identifiers: a sequence of a thread's own.

use std::cell::Cell;

/// The step of the sequence: odd, so that it passes every number; the golden ratio in 64 bits.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
const STEP_INVERSE: u64 = inverse(STEP);
/// Spreads the sequence over all bits: odd, so that no two numbers become one.
const SPREAD: u64 = 0xbf58_476d_1ce4_e5b9;
/// More identifiers than spans open between two refills.
const AHEAD: u64 = 1 << 10;

/// A sequence that passes each of the 2⁶⁴ numbers once, from a random one.
pub(super) struct Sequence(Cell<u64>);

impl Sequence {
    pub(super) const fn new() -> Self {
        Self(Cell::new(0))
    }

    pub(super) fn begin(&self, seed: u64) {
        self.0.set(seed);
    }

    #[inline(always)]
    fn step(&self) -> u64 {
        let next = self.0.get().wrapping_add(STEP);
        self.0.set(next);
        next
    }

    /// The next identifier of a span, by few instructions: through a bijection, so never the same twice. It is not
    /// zero as long as [`Sequence::skip_zero`] is called at every refill.
    #[inline(always)]
    pub(super) fn next_span(&self) -> u64 {
        let state = self.step();
        (state ^ state >> 32).wrapping_mul(SPREAD)
    }

    /// Moves on when zero, which is no identifier, lies shortly ahead.
    pub(super) fn skip_zero(&self) {
        let steps_to_zero = self.0.get().wrapping_neg().wrapping_mul(STEP_INVERSE);
        if steps_to_zero <= AHEAD {
            self.0.set(0);
        }
    }

    /// The next identifier with every bit well mixed (`SplitMix64`).
    pub(super) fn next(&self) -> u64 {
        let mut mixed = self.step();
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        // Zero is no identifier.
        mixed | u64::from(mixed == 0)
    }
}

/// The number that makes one when it is multiplied by an odd one, modulo 2⁶⁴.
const fn inverse(odd: u64) -> u64 {
    let mut inverse = odd;
    let mut round = 0;
    while round < 5 {
        // Newton's step: twice as many low bits are right after each.
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(inverse)));
        round += 1;
    }
    inverse
}

const _: () = assert!(STEP.wrapping_mul(STEP_INVERSE) == 1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_that_comes_to_zero_leaps_over_it() {
        for before in [1, 2, AHEAD - 1, AHEAD, AHEAD + 1] {
            let sequence = Sequence::new();
            sequence.begin(0u64.wrapping_sub(STEP.wrapping_mul(before)));
            for _ in 0..4 {
                sequence.skip_zero();
                for _ in 0..AHEAD / 2 {
                    assert_ne!(sequence.next_span(), 0);
                }
            }
        }
    }

    #[test]
    fn without_the_leap_it_would_have_been_zero() {
        let sequence = Sequence::new();
        sequence.begin(0u64.wrapping_sub(STEP));
        assert_eq!(sequence.next_span(), 0);
    }
}
