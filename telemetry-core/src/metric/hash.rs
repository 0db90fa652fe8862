//! The hash of a string label set: short inputs, no allocation, well mixed.

const SEED: u64 = 0x2d35_8dcc_aa6c_78a5;
const STEP: u64 = 0x8bb8_4b93_962e_acc9;
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// The hash of the texts, in order; `["ab", "c"]` and `["a", "bc"]` differ.
#[inline]
pub(super) fn of(texts: &[&str]) -> u64 {
    let hash = texts.iter().fold(SEED, |hash, text| one(hash, text.as_bytes()));
    // One round leaves the low bits, which choose the slot, to the low bytes of the input.
    mix(hash, STEP)
}

/// Multiplies into 128 bits and folds the halves together: every input bit reaches every output bit.
#[inline(always)]
fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

#[inline]
fn one(hash: u64, bytes: &[u8]) -> u64 {
    let len = bytes.len();
    let (low, high) = match len {
        0 => (0, 0),
        // The first, the middle and the last byte are all of them.
        1..4 => (u64::from(bytes[0]) << 16 | u64::from(bytes[len / 2]) << 8 | u64::from(bytes[len - 1]), 0),
        4..9 => (four(bytes, 0), four(bytes, len - 4)),
        9..17 => (eight(bytes, 0), eight(bytes, len - 8)),
        _ => return long(hash, bytes),
    };
    mix(low ^ STEP, high ^ hash ^ length(len))
}

/// The length, spread out: by itself it would cancel out against a difference in the last byte.
#[inline(always)]
fn length(len: usize) -> u64 {
    (len as u64).wrapping_mul(SPREAD)
}

fn long(hash: u64, bytes: &[u8]) -> u64 {
    let mut hash = hash ^ length(bytes.len());
    let mut at = 0;
    while at + 16 < bytes.len() {
        hash = mix(eight(bytes, at) ^ STEP, eight(bytes, at + 8) ^ hash);
        at += 16;
    }
    let last = bytes.len() - 16;
    mix(eight(bytes, last) ^ STEP, eight(bytes, last + 8) ^ hash)
}

#[inline(always)]
fn four(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |chunk| u64::from(u32::from_le_bytes(*chunk)))
}

#[inline(always)]
fn eight(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |chunk| u64::from_le_bytes(*chunk))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_byte_and_every_boundary_counts() {
        let mut seen = HashSet::new();
        for len in 0..70 {
            let plain = "a".repeat(len);
            assert!(seen.insert(of(&[&plain])), "length {len}");
            for at in 0..len {
                let mut changed = plain.clone();
                changed.replace_range(at..=at, "b");
                assert!(seen.insert(of(&[&changed])), "length {len}, byte {at}");
            }
        }
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["a", ""]), of(&["", "a"]));
    }

    #[test]
    fn the_low_bits_spread_numbered_labels() {
        let buckets: HashSet<u64> = (0..1_000).map(|n| of(&[&format!("user-{n}")]) & 2_047).collect();
        // A random function would fill 2,048 × (1 − e^(−1000/2048)) = 791 of them.
        assert!(buckets.len() > 740, "{}", buckets.len());
    }
}
