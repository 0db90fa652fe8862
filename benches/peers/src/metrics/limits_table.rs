//! Buckets by a table: the exponent and the first bits of the fraction leave one bound to compare with.

use crate::work::BUCKETS;

/// Bits of the fraction that count; fine enough that no two bounds share a place.
const FRACTION: u32 = 3;
/// The place of the smallest value that has one of its own, 2⁻⁸.
const FIRST: u64 = place_of(0.003_906_25);
/// Places, up to 2⁴: larger than any bound.
const PLACES: usize = (place_of(16.0) - FIRST) as usize + 1;

/// For each place the bucket of its smallest value, and the bound of that bucket.
static TABLE: [(u8, f64); PLACES] = {
    let mut table = [(BUCKETS.len() as u8, f64::INFINITY); PLACES];
    let mut place = 0;
    while place < PLACES {
        let mut bucket = 0;
        let smallest = f64::from_bits((place as u64 + FIRST) << (52 - FRACTION));
        while bucket < BUCKETS.len() && (BUCKETS[bucket] < smallest && place > 0) {
            bucket += 1;
        }
        if bucket < BUCKETS.len() {
            table[place] = (bucket as u8, BUCKETS[bucket]);
        }
        place += 1;
    }
    table
};

const fn place_of(value: f64) -> u64 {
    value.to_bits() >> (52 - FRACTION)
}

/// The first bucket whose bound is not below `value`, which is positive.
#[inline(always)]
pub(super) fn bucket_of(value: f64) -> usize {
    let place = place_of(value).saturating_sub(FIRST) as usize;
    let (bucket, bound) = TABLE[place.min(PLACES - 1)];
    usize::from(bucket) + usize::from(bound < value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::values;

    #[test]
    fn the_table_agrees_with_comparing_all_bounds() {
        let bounds = BUCKETS.iter().flat_map(|bound| [*bound, bound.next_up(), bound.next_down()]);
        for value in values().iter().copied().chain(bounds).chain([1e-9, 1e9]) {
            let compared = BUCKETS.iter().filter(|bound| **bound < value).count();
            assert_eq!(bucket_of(value), compared, "{value}");
        }
    }
}
