//! Sixteen digits in a vector of SSE2, which every x86-64 has.

#![allow(unsafe_code, reason = "vectors are worked on by the processor's own instructions")]

use std::arch::x86_64::{
    __m128i, _mm_add_epi8, _mm_and_si128, _mm_cmpeq_epi8, _mm_cmpgt_epi8, _mm_cvtsi64_si128,
    _mm_cvtsi128_si64, _mm_loadu_si128, _mm_movemask_epi8, _mm_or_si128, _mm_packus_epi16, _mm_set1_epi8,
    _mm_set1_epi16, _mm_setzero_si128, _mm_slli_epi16, _mm_srli_epi16, _mm_storeu_si128, _mm_sub_epi8,
    _mm_subs_epu8, _mm_unpacklo_epi8,
};
use std::mem;

/// What stands between `9` and `a`.
const AFTER_NINE: i8 = (b'a' - b'9' - 1) as i8;

/// What was no digit, to be looked at once for many of them.
#[derive(Clone, Copy)]
pub(crate) struct Bad(__m128i);

impl Bad {
    // SAFETY: a vector is any sixteen bytes.
    pub(crate) const NONE: Self = Self(unsafe { mem::zeroed() });

    #[inline(always)]
    pub(crate) fn is_any(self) -> bool {
        // SAFETY: every x86-64 has SSE2.
        unsafe { _mm_movemask_epi8(_mm_cmpeq_epi8(self.0, _mm_setzero_si128())) != 0xffff }
    }
}

/// The number in sixteen lower-case digits.
#[inline(always)]
pub(crate) fn parse(digits: [u8; 16], bad: &mut Bad) -> u64 {
    // SAFETY: every x86-64 has SSE2, and what is loaded is as long as a vector.
    unsafe {
        let text = _mm_loadu_si128(digits.as_ptr().cast());
        // As signed numbers, so that what is not ASCII is no letter, and too great for a digit.
        let letters = _mm_cmpgt_epi8(text, _mm_set1_epi8(b'9' as i8));
        let gap = _mm_and_si128(letters, _mm_set1_epi8(AFTER_NINE));
        let nibbles = _mm_sub_epi8(_mm_sub_epi8(text, _mm_set1_epi8(b'0' as i8)), gap);
        // Letters count from ten to fifteen, others to nine. What is less than nothing is a great number.
        let counted = _mm_sub_epi8(nibbles, _mm_and_si128(letters, _mm_set1_epi8(10)));
        let most = _mm_sub_epi8(_mm_set1_epi8(9), _mm_and_si128(letters, _mm_set1_epi8(4)));
        bad.0 = _mm_or_si128(bad.0, _mm_subs_epu8(counted, most));
        let bytes = _mm_or_si128(_mm_slli_epi16::<4>(nibbles), _mm_srli_epi16::<8>(nibbles));
        let bytes = _mm_and_si128(bytes, _mm_set1_epi16(0xff));
        u64::from_be(_mm_cvtsi128_si64(_mm_packus_epi16(bytes, bytes)) as u64)
    }
}

/// A number as sixteen lower-case digits.
#[inline(always)]
pub(crate) fn format(number: u64) -> [u8; 16] {
    let mut digits = [0; 16];
    // SAFETY: every x86-64 has SSE2, and what is stored is as long as a vector.
    unsafe {
        let bytes = _mm_cvtsi64_si128(number.to_be() as i64);
        let low = _mm_set1_epi8(0x0f);
        let nibbles =
            _mm_unpacklo_epi8(_mm_and_si128(_mm_srli_epi16::<4>(bytes), low), _mm_and_si128(bytes, low));
        let letters = _mm_cmpgt_epi8(nibbles, _mm_set1_epi8(9));
        let gap = _mm_and_si128(letters, _mm_set1_epi8(AFTER_NINE));
        let text = _mm_add_epi8(_mm_add_epi8(nibbles, _mm_set1_epi8(b'0' as i8)), gap);
        _mm_storeu_si128(digits.as_mut_ptr().cast(), text);
    }
    digits
}
