//! The protobuf wire format, as far as OTLP needs it.
//!
//! See <https://protobuf.dev/programming-guides/encoding/>.

use super::{Encode, Field, Scalar};

const VARINT: u32 = 0;
const I64: u32 = 1;
const LEN: u32 = 2;
const I32: u32 = 5;

/// A message in the protobuf wire format.
#[derive(Debug, Default)]
pub(crate) struct Protobuf(Vec<u8>);

impl Protobuf {
    fn tag(&mut self, field: Field, wire_type: u32) {
        self.varint(u64::from(field.number << 3 | wire_type));
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn bytes(&mut self, field: Field, bytes: &[u8]) {
        self.tag(field, LEN);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn packed<T, const SIZE: usize>(&mut self, field: Field, values: &[T], bytes: impl Fn(&T) -> [u8; SIZE]) {
        if values.is_empty() {
            return;
        }
        self.tag(field, LEN);
        self.varint((values.len() * SIZE) as u64);
        self.0.extend(values.iter().flat_map(bytes));
    }
}

impl Encode for Protobuf {
    const CONTENT_TYPE: &'static str = "application/x-protobuf";

    fn encode(write: impl FnOnce(&mut Self)) -> Vec<u8> {
        let mut message = Self::default();
        write(&mut message);
        message.0
    }

    /// Written behind one byte for its length, which is enough for most, and moved where it is not.
    fn message(&mut self, field: Field, write: impl FnOnce(&mut Self)) {
        self.tag(field, LEN);
        let at = self.0.len();
        self.0.push(0);
        write(self);
        let length = self.0.len() - at - 1;
        if let Ok(short @ ..0x80) = u8::try_from(length) {
            self.0[at] = short;
            return;
        }
        let mut prefix = Self::default();
        prefix.varint(length as u64);
        self.0.splice(at..=at, prefix.0);
    }

    fn messages<T>(
        &mut self,
        field: Field,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        for item in items {
            self.message(field, |message| write(message, item));
        }
    }

    fn present(&mut self, field: Field, value: Scalar<'_>) {
        match value {
            Scalar::String(text) => self.bytes(field, text.as_bytes()),
            Scalar::Id(bytes) | Scalar::Bytes(bytes) => self.bytes(field, bytes),
            Scalar::Bool(value) => {
                self.tag(field, VARINT);
                self.varint(value.into());
            }
            // Two's complement: a negative one takes ten bytes.
            Scalar::Int64(value) => {
                self.tag(field, VARINT);
                self.varint(value as u64);
            }
            Scalar::UInt32(value) | Scalar::Enum(value) => {
                self.tag(field, VARINT);
                self.varint(value.into());
            }
            // Numbers near zero are short, whatever their sign.
            Scalar::SInt32(value) => {
                self.tag(field, VARINT);
                self.varint(u64::from(((value << 1) ^ (value >> 31)) as u32));
            }
            Scalar::SFixed64(value) => {
                self.tag(field, I64);
                self.0.extend_from_slice(&value.to_le_bytes());
            }
            Scalar::Fixed64(value) => {
                self.tag(field, I64);
                self.0.extend_from_slice(&value.to_le_bytes());
            }
            Scalar::Double(value) => {
                self.tag(field, I64);
                self.0.extend_from_slice(&value.to_le_bytes());
            }
            Scalar::Fixed32(value) => {
                self.tag(field, I32);
                self.0.extend_from_slice(&value.to_le_bytes());
            }
        }
    }

    fn fixed64s(&mut self, field: Field, values: &[u64]) {
        self.packed(field, values, |value| value.to_le_bytes());
    }

    fn uint64s(&mut self, field: Field, values: &[u64]) {
        if values.is_empty() {
            return;
        }
        let mut packed = Self::default();
        for value in values {
            packed.varint(*value);
        }
        self.bytes(field, &packed.0);
    }

    fn doubles(&mut self, field: Field, values: &[f64]) {
        self.packed(field, values, |value| value.to_le_bytes());
    }
}
