//! Hexadecimal digits, sixteen at a time: the traceparent of every request is read and written so.

#[cfg(target_arch = "x86_64")]
mod vector;
#[cfg(any(test, not(target_arch = "x86_64")))]
mod words;

#[cfg(target_arch = "x86_64")]
pub(super) use vector::{Bad, format, parse};
#[cfg(not(target_arch = "x86_64"))]
pub(super) use words::{Bad, format, parse};

#[cfg(test)]
mod tests {
    /// Each way is tested by the same numbers, whichever of them this processor takes.
    macro_rules! test_each {
        ($($name:ident: $way:ident;)*) => {$(
            #[test]
            fn $name() {
                use super::$way::{Bad, format, parse};
                for (place, byte) in (0..16).flat_map(|place| (0..=u8::MAX).map(move |byte| (place, byte))) {
                    let mut digits = *b"0f5a9c3e7081d2b6";
                    digits[place] = byte;
                    let mut bad = Bad::NONE;
                    let number = parse(digits, &mut bad);
                    let is_digit = matches!(byte, b'0'..=b'9' | b'a'..=b'f');
                    let text = std::str::from_utf8(&digits).ok().filter(|_| is_digit);
                    let expected = text.and_then(|text| u64::from_str_radix(text, 16).ok());
                    assert_eq!((!bad.is_any()).then_some(number), expected, "{byte:#x} at {place}");
                    if expected.is_some() {
                        assert_eq!(format(number), digits);
                    }
                    // One that is found is not forgotten for a good one behind it.
                    parse(*b"0123456789abcdef", &mut bad);
                    assert_eq!(bad.is_any(), expected.is_none(), "{byte:#x} at {place}");
                }
            }
        )*};
    }

    #[cfg(target_arch = "x86_64")]
    test_each! {
        every_byte_at_every_place_is_a_digit_or_is_found_at_once: vector;
    }
    test_each! {
        every_byte_at_every_place_is_a_digit_or_is_found_word_by_word: words;
    }
}
