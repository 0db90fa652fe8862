//! Whether the attributes of a call site fit a span: asked while the program is compiled.

use crate::ring::ATTRIBUTE_BYTES;

/// The tag of an entry and the number of its key.
const HEADER: usize = 2;
/// … and the length of text.
const TEXT_HEADER: usize = HEADER + 1;
/// A number of a declared type, whatever its value: those of few digits take less.
const NUMBER: usize = HEADER + 8;
/// What a key takes that is none of the call site's, beyond the number of one that is.
const OWN_KEY: usize = 5;

/// Bytes that the attributes of a call site take at the least, added up one by one. The first that cannot fit is an
/// error of the compiler, where it stands.
#[derive(Clone, Copy, Debug)]
#[must_use = "attributes are added up, one by one"]
pub struct Room {
    used: usize,
}

impl Room {
    /// No attributes.
    pub const NEW: Self = Self { used: 0 };

    /// One whose type is inferred: its tag and key.
    #[track_caller]
    pub const fn typed(self) -> Self {
        self.and(HEADER)
    }

    /// One recorded as text of run time: an empty one at the least.
    #[track_caller]
    pub const fn text(self) -> Self {
        self.and(TEXT_HEADER)
    }

    /// Text or bytes of this length.
    #[track_caller]
    pub const fn bytes(self, length: usize) -> Self {
        self.and(TEXT_HEADER + length)
    }

    /// One declared as `i64`, `u64` or `f64`: eight bytes, so that every value fits.
    #[track_caller]
    pub const fn number(self) -> Self {
        self.and(NUMBER)
    }

    /// `poll_count`, `busy_ns` and `idle_ns`: numbers with keys that are not the call site's.
    #[track_caller]
    pub const fn timing(self) -> Self {
        self.and(3 * (NUMBER + OWN_KEY))
    }

    #[track_caller]
    const fn and(self, size: usize) -> Self {
        let used = self.used + size;
        if used > ATTRIBUTE_BYTES {
            let message = Message::new()
                .text("this attribute does not fit: a span holds ")
                .number(ATTRIBUTE_BYTES)
                .text(" bytes of attributes, and with this one they take at least ")
                .number(used);
            panic!("{}", message.as_str());
        }
        Self { used }
    }
}

/// Text put together while compiling.
struct Message {
    bytes: [u8; 128],
    len: usize,
}

impl Message {
    const fn new() -> Self {
        Self { bytes: [0; 128], len: 0 }
    }

    const fn text(mut self, text: &str) -> Self {
        let mut index = 0;
        while index < text.len() && self.len < self.bytes.len() {
            self.bytes[self.len] = text.as_bytes()[index];
            self.len += 1;
            index += 1;
        }
        self
    }

    const fn number(mut self, number: usize) -> Self {
        if number >= 10 {
            self = self.number(number / 10);
        }
        self.bytes[self.len] = b'0' + (number % 10) as u8;
        self.len += 1;
        self
    }

    const fn as_str(&self) -> &str {
        match str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "these attributes do not fit a span",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::arena::{Arena, Key, Packed};

    /// Bytes an entry takes.
    fn taken(value: Packed<'_>) -> usize {
        let mut bytes = [0; ATTRIBUTE_BYTES];
        let mut arena = Arena::new(&mut bytes, 0);
        assert!(arena.append(Key::Site(0, 0), value));
        arena.len()
    }

    #[test]
    fn widths_are_those_of_the_packing() {
        assert_eq!(Room::NEW.typed().used, taken(Packed::Bool(true)));
        assert_eq!(Room::NEW.typed().used, taken(Packed::U64(0)));
        assert_eq!(Room::NEW.text().used, taken(Packed::Str("")));
        assert_eq!(Room::NEW.bytes(3).used, taken(Packed::Bytes(&[1, 2, 3])));
        assert_eq!(Room::NEW.number().used, taken(Packed::I64(i64::MIN)));
        assert_eq!(Room::NEW.number().used, taken(Packed::U64(u64::MAX)));
        assert_eq!(Room::NEW.number().used, taken(Packed::F64(0.5)));
    }

    #[test]
    fn the_width_of_timing_is_that_of_three_numbers_with_keys_of_their_own() {
        let mut bytes = [0; ATTRIBUTE_BYTES];
        let mut arena = Arena::new(&mut bytes, 0);
        for key in ["poll_count", "busy_ns", "idle_ns"] {
            assert!(arena.append(Key::Static(key), Packed::U64(u64::MAX)));
        }
        assert_eq!(Room::NEW.timing().used, arena.len());
    }

    #[test]
    fn what_fits_to_the_byte_is_taken() {
        assert_eq!(Room::NEW.bytes(125).used, ATTRIBUTE_BYTES);
        let full = (0..ATTRIBUTE_BYTES / HEADER).fold(Room::NEW, |room, _| room.typed());
        assert_eq!(full.used, ATTRIBUTE_BYTES);
    }

    #[test]
    #[should_panic(
        expected = "this attribute does not fit: a span holds 128 bytes of attributes, and with this one they take at least 129"
    )]
    fn what_does_not_is_refused_with_the_numbers() {
        let _ = Room::NEW.bytes(126);
    }
}
