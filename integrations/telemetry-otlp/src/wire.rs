//! Reads fields of a protobuf message that came from elsewhere.

/// A message; what is malformed in it ends the reading.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a>(pub(crate) &'a [u8]);

enum Value<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    /// Of a type that is not read.
    Fixed,
}

impl<'a> Message<'a> {
    /// The last value of a varint field.
    pub(crate) fn varint(self, number: u64) -> Option<u64> {
        let fields = self.fields().filter(|(field, _)| *field == number);
        fields
            .filter_map(|(_, value)| if let Value::Varint(value) = value { Some(value) } else { None })
            .last()
    }

    /// The last value of a field of strings, bytes or messages.
    pub(crate) fn bytes(self, number: u64) -> Option<&'a [u8]> {
        self.all_bytes(number).last()
    }

    /// All values of a field of strings, bytes or messages.
    pub(crate) fn all_bytes(self, number: u64) -> impl Iterator<Item = &'a [u8]> {
        let fields = self.fields().filter(move |(field, _)| *field == number);
        fields.filter_map(|(_, value)| if let Value::Bytes(bytes) = value { Some(bytes) } else { None })
    }

    fn fields(self) -> impl Iterator<Item = (u64, Value<'a>)> {
        let mut rest = self.0;
        std::iter::from_fn(move || next(&mut rest))
    }
}

fn next<'a>(rest: &mut &'a [u8]) -> Option<(u64, Value<'a>)> {
    let tag = varint(rest)?;
    let value = match tag & 7 {
        0 => Value::Varint(varint(rest)?),
        1 => take(rest, 8).map(|_| Value::Fixed)?,
        2 => {
            let length = usize::try_from(varint(rest)?).ok()?;
            Value::Bytes(take(rest, length)?)
        }
        5 => take(rest, 4).map(|_| Value::Fixed)?,
        _ => return None,
    };
    Some((tag >> 3, value))
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, left) = rest.split_first()?;
        *rest = left;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_among_others_of_every_type() {
        let bytes =
            [0x08, 0x96, 0x01, 0x11, 1, 2, 3, 4, 5, 6, 7, 8, 0x1d, 1, 2, 3, 4, 0x22, 0x02, 0x68, 0x69];
        let message = Message(&bytes);
        assert_eq!(message.varint(1), Some(150));
        assert_eq!(message.bytes(4), Some(&b"hi"[..]));
        assert_eq!((message.varint(2), message.bytes(3)), (None, None));
    }

    #[test]
    fn malformed_messages_end_quietly() {
        for bytes in [&[0x80][..], &[0x0a, 0x05, 0x01], &[0x0b], &[0x08], &[0xff; 11], &[0x09, 1, 2]] {
            assert_eq!(Message(bytes).varint(1), None, "{bytes:?}");
            assert_eq!(Message(bytes).bytes(1), None, "{bytes:?}");
        }
    }
}
