//! The hash of a string label set: short inputs, no allocation, well mixed.

const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
const STEP: u64 = 0x8bb8_4b93_962e_acc9;
const SEED: u64 = 0x2d35_8dcc_aa6c_78a5;

/// A text in two words.
///
/// Of texts up to [`WHOLE`](Self::WHOLE) bytes no two different ones make the same: they need not be compared byte by
/// byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    low: u64,
    high: u64,
    pub(super) len: usize,
}

impl Digest {
    /// Up to how many bytes a digest says all.
    pub(super) const WHOLE: usize = 16;

    #[inline(always)]
    pub(super) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let len = bytes.len();
        let (low, high) = match len {
            9..17 => (first_eight(bytes), last_eight(bytes)),
            4..9 => (first_four(bytes), last_four(bytes)),
            // The first, the middle and the last byte are all of them.
            1..4 => {
                (u64::from(bytes[0]) << 16 | u64::from(bytes[len / 2]) << 8 | u64::from(bytes[len - 1]), 0)
            }
            0 => (0, 0),
            _ => long(bytes),
        };
        Self { low, high, len }
    }

    /// The hash of a label set, which depends on their order: 32 bits, well mixed.
    #[inline(always)]
    pub(super) fn hash(digests: &[Self]) -> u64 {
        let mut hash = 0;
        let mut lens = 0_u64;
        let mut salt = STEP;
        for digest in digests {
            // Each position has its own salt, so that the multiplications need not wait for each other.
            hash ^= mix(digest.low ^ salt, digest.high ^ SEED);
            lens = lens.rotate_left(16) ^ digest.len as u64;
            salt = salt.wrapping_add(SPREAD);
        }
        (hash ^ lens).wrapping_mul(SPREAD) >> 32
    }
}

/// Multiplies into 128 bits and folds the halves together: every input bit reaches every output bit.
#[inline(always)]
fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

/// Of more than sixteen bytes.
fn long(bytes: &[u8]) -> (u64, u64) {
    let (start, end) = (&bytes[..16], &bytes[bytes.len() - 16..]);
    let mut low = mix(first_eight(start) ^ STEP, last_eight(start) ^ SEED);
    let high = mix(first_eight(end) ^ SEED, last_eight(end) ^ SPREAD);
    let mut at = 16;
    while at + 16 < bytes.len() {
        let chunk = &bytes[at..at + 16];
        low = mix(first_eight(chunk) ^ low, last_eight(chunk) ^ STEP);
        at += 16;
    }
    (low, high)
}

#[inline(always)]
fn first_four(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |chunk| u64::from(u32::from_le_bytes(*chunk)))
}

#[inline(always)]
fn last_four(bytes: &[u8]) -> u64 {
    bytes.last_chunk().map_or(0, |chunk| u64::from(u32::from_le_bytes(*chunk)))
}

#[inline(always)]
fn first_eight(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |chunk| u64::from_le_bytes(*chunk))
}

#[inline(always)]
fn last_eight(bytes: &[u8]) -> u64 {
    bytes.last_chunk().map_or(0, |chunk| u64::from_le_bytes(*chunk))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn hash(texts: &[&str]) -> u64 {
        Digest::hash(&texts.iter().map(|text| Digest::of(text)).collect::<Vec<_>>())
    }

    #[test]
    fn every_byte_and_every_boundary_counts() {
        let mut seen = HashSet::new();
        for len in 0..70 {
            let plain = "a".repeat(len);
            assert!(seen.insert(hash(&[&plain])), "length {len}");
            for at in 0..len {
                let mut changed = plain.clone();
                changed.replace_range(at..=at, "b");
                assert!(seen.insert(hash(&[&changed])), "length {len}, byte {at}");
            }
        }
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
        assert_ne!(hash(&["a", ""]), hash(&["", "a"]));
        assert_ne!(hash(&["a", "b"]), hash(&["b", "a"]));
    }

    #[test]
    fn digests_of_short_texts_tell_them_apart() {
        let mut seen = HashSet::new();
        for len in 0..=Digest::WHOLE {
            for at in 0..=len {
                let mut text = "a".repeat(len);
                if at < len {
                    text.replace_range(at..=at, "b");
                }
                let Digest { low, high, len } = Digest::of(&text);
                assert!(seen.insert((low, high, len)), "{text}");
            }
        }
    }

    #[test]
    fn the_low_bits_spread_numbered_labels() {
        let patterns: [fn(u32) -> [String; 2]; 5] = [
            |n| [format!("user-{n}"), String::new()],
            |n| [n.to_string(), String::from("GET")],
            |n| [format!("/route/{n:04}"), String::from("200")],
            |n| [String::from("/books/{id}/reviews/latest"), format!("tenant-{n}")],
            |n| [format!("/a/much/longer/route/than/sixteen/{n}"), (n % 7).to_string()],
        ];
        for (at, pattern) in patterns.iter().enumerate() {
            let slots: HashSet<u64> =
                (0..1_000).map(|n| hash(&pattern(n).each_ref().map(String::as_str)) & 2_047).collect();
            // A random function would fill 2,048 × (1 − e^(−1000/2048)) = 791 of them.
            assert!(slots.len() > 740, "pattern {at}: {}", slots.len());
        }
    }
}
