//! Identifiers as text, without memory of their own.

/// A number as so many lowercase hexadecimal digits, which is four bits each.
pub(crate) struct Hexadecimal<const DIGITS: usize>([u8; DIGITS]);

impl<const DIGITS: usize> Hexadecimal<DIGITS> {
    pub(crate) fn of(number: u128) -> Self {
        let mut digits = [0; DIGITS];
        let mut rest = number;
        for digit in digits.iter_mut().rev() {
            *digit = b"0123456789abcdef"[(rest & 15) as usize];
            rest >>= 4;
        }
        Self(digits)
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("digits are ASCII")
    }
}

#[cfg(test)]
mod tests {
    use super::Hexadecimal;

    #[test]
    fn every_digit_is_there() {
        assert_eq!(Hexadecimal::<16>::of(0xabc).as_str(), "0000000000000abc");
        assert_eq!(Hexadecimal::<32>::of(u128::MAX - 0xf).as_str(), "fffffffffffffffffffffffffffffff0");
    }
}
