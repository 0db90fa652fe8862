//! Eight digits in a word of eight bytes: for any processor.

/// One in every byte of a word.
const ONES: u64 = 0x0101_0101_0101_0101;

/// What stands between `9` and `a`.
const AFTER_NINE: u64 = (b'a' - b'9' - 1) as u64;

/// What was no digit, to be looked at once for many of them.
#[derive(Clone, Copy)]
pub(crate) struct Bad(u64);

impl Bad {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) const fn is_any(self) -> bool {
        self.0 != 0
    }
}

/// The number in sixteen lower-case digits.
#[inline(always)]
pub(crate) fn parse(digits: [u8; 16], bad: &mut Bad) -> u64 {
    let text = u128::from_be_bytes(digits);
    u64::from(half((text >> 64) as u64, bad)) << 32 | u64::from(half(text as u64, bad))
}

#[inline(always)]
fn half(text: u64, bad: &mut Bad) -> u32 {
    // Letters have bit 6. What is no digit either has no place in a nibble now, or is a letter below ten, or not one
    // from ten on; a byte that borrows from its neighbour has no place in a nibble itself.
    let letters = (text >> 6) & ONES;
    let nibbles = text.wrapping_sub(letters * AFTER_NINE).wrapping_sub(ONES * u64::from(b'0'));
    let from_ten = (nibbles.wrapping_add(ONES * 6) >> 4) & ONES;
    bad.0 |= (nibbles & (ONES * 0xf0)) | (from_ten ^ letters);
    let pairs = (nibbles | nibbles >> 4) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
    (fours | fours >> 16) as u32
}

/// A number as sixteen lower-case digits.
#[inline(always)]
pub(crate) fn format(number: u64) -> [u8; 16] {
    let text = u128::from(digits((number >> 32) as u32)) << 64 | u128::from(digits(number as u32));
    text.to_be_bytes()
}

#[inline(always)]
fn digits(number: u32) -> u64 {
    let fours = (u64::from(number) | u64::from(number) << 16) & 0x0000_ffff_0000_ffff;
    let pairs = (fours | fours << 8) & 0x00ff_00ff_00ff_00ff;
    let nibbles = (pairs | pairs << 4) & (ONES * 0x0f);
    let letters = ((nibbles + ONES * 6) >> 4) & ONES;
    nibbles + ONES * u64::from(b'0') + letters * AFTER_NINE
}
