//! Hexadecimal digits, eight at a time in a word: the traceparent of every request is read and written so.

/// One in every byte of a word.
const ONES: u64 = 0x0101_0101_0101_0101;

/// What stands between `9` and `a`.
const AFTER_NINE: u64 = (b'a' - b'9' - 1) as u64;

/// The number in eight lower-case digits. What is not a digit leaves a bit in `bad`, to be looked at once for many words.
#[inline(always)]
pub(super) fn parse(digits: [u8; 8], bad: &mut u64) -> u32 {
    let text = u64::from_be_bytes(digits);
    // Letters have bit 6. What is no digit either has no place in a nibble now, or is a letter below ten, or not one
    // from ten on; a byte that borrows from its neighbour has no place in a nibble itself.
    let letters = (text >> 6) & ONES;
    let nibbles = text.wrapping_sub(letters * AFTER_NINE).wrapping_sub(ONES * u64::from(b'0'));
    let from_ten = (nibbles.wrapping_add(ONES * 6) >> 4) & ONES;
    *bad |= (nibbles & (ONES * 0xf0)) | (from_ten ^ letters);
    let pairs = (nibbles | nibbles >> 4) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
    (fours | fours >> 16) as u32
}

/// A number as eight lower-case digits.
#[inline(always)]
pub(super) fn format(number: u32) -> [u8; 8] {
    let fours = (u64::from(number) | u64::from(number) << 16) & 0x0000_ffff_0000_ffff;
    let pairs = (fours | fours << 8) & 0x00ff_00ff_00ff_00ff;
    let nibbles = (pairs | pairs << 4) & (ONES * 0x0f);
    let letters = ((nibbles + ONES * 6) >> 4) & ONES;
    (nibbles + ONES * u64::from(b'0') + letters * AFTER_NINE).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_place_is_a_digit_or_is_found() {
        for place in 0..8 {
            for byte in 0..=u8::MAX {
                let mut digits = *b"00000000";
                digits[place] = byte;
                let mut bad = 0;
                let number = parse(digits, &mut bad);
                let value = char::from(byte).to_digit(16).filter(|_| !byte.is_ascii_uppercase());
                assert_eq!(bad == 0, value.is_some(), "{byte:#x} at {place}");
                if let Some(value) = value {
                    assert_eq!(number, value << (28 - 4 * place), "{byte:#x} at {place}");
                    assert_eq!(format(number), digits);
                }
            }
        }
    }
}
