//! Reading protobuf by its rules alone, beside the code that writes it.

/// A field of a protobuf message.
pub(crate) enum Field {
    Number(u64),
    Bytes(Vec<u8>),
}

impl Field {
    pub(crate) fn bytes(self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Number(number) => panic!("{number} is no message"),
        }
    }
}

/// The fields of a message in protobuf, which must be well formed.
pub(crate) fn fields(mut message: &[u8]) -> impl Iterator<Item = (u64, Field)> {
    fn varint(rest: &mut &[u8]) -> u64 {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let byte = rest[0];
            *rest = &rest[1..];
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        value
    }

    fn take(rest: &mut &[u8], length: usize) -> Vec<u8> {
        let (taken, left) = rest.split_at(length);
        *rest = left;
        taken.to_vec()
    }

    std::iter::from_fn(move || {
        if message.is_empty() {
            return None;
        }
        let tag = varint(&mut message);
        let field = match tag & 7 {
            0 => Field::Number(varint(&mut message)),
            1 => Field::Bytes(take(&mut message, 8)),
            2 => {
                let length = varint(&mut message) as usize;
                Field::Bytes(take(&mut message, length))
            }
            5 => Field::Bytes(take(&mut message, 4)),
            kind => panic!("no kind of field is {kind}"),
        };
        Some((tag >> 3, field))
    })
}

/// The one field of this number, a message or bytes.
pub(crate) fn only(message: &[u8], number: u64) -> Vec<u8> {
    let mut found = fields(message).filter(|(known, _)| *known == number);
    let (Some((_, field)), None) = (found.next(), found.next()) else { panic!("not one field {number}") };
    field.bytes()
}

/// The integer of this name among the attributes, which are the fields of this number.
pub(crate) fn attribute(message: &[u8], number: u64, name: &str) -> i64 {
    let mut pairs = fields(message).filter(|(known, _)| *known == number).map(|(_, pair)| pair.bytes());
    let pair = pairs.find(|pair| only(pair, 1) == name.as_bytes()).unwrap();
    let value = only(&pair, 2);
    match fields(&value).next().unwrap() {
        (3, Field::Number(number)) => number as i64,
        _ => panic!("{name} is no integer"),
    }
}
