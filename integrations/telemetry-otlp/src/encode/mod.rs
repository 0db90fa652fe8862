//! The messages of OTLP, described once and written in either encoding.
//!
//! `common`, `trace` and `metrics` walk over what is sent and name each field by its number and its JSON name, as
//! [opentelemetry-proto] 1.10 has them. An [`Encode`] writes what they name: [`Protobuf`] by the number, [`Json`] by the
//! name. So both encodings say the same by construction.
//!
//! [opentelemetry-proto]: https://github.com/open-telemetry/opentelemetry-proto

mod common;
mod conventional;
mod json;
pub(crate) mod metrics;
mod protobuf;
pub(crate) mod trace;

pub(crate) use json::Json;
pub(crate) use protobuf::Protobuf;

/// A field of a message: its number in protobuf and its name in JSON.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    number: u32,
    name: &'static str,
}

/// A field, by its number and its `lowerCamelCase` name.
const fn field(number: u32, name: &'static str) -> Field {
    Field { number, name }
}

/// An encoding: where messages are written to.
///
/// Fields without presence are left out at their default value (zero, empty), as proto3 says; [`Scalar`] is for those
/// with presence, such as the members of a `oneof`, which are written whatever their value.
pub(crate) trait Encode: Default {
    /// The media type of the encoding over HTTP.
    const CONTENT_TYPE: &'static str;

    /// The bytes of a whole message.
    fn encode(write: impl FnOnce(&mut Self)) -> Vec<u8>;

    /// A message in a field; written also when it is empty.
    fn message(&mut self, field: Field, write: impl FnOnce(&mut Self));

    /// A repeated field of messages; left out when there is none.
    fn messages<T>(
        &mut self,
        field: Field,
        items: impl IntoIterator<Item = T>,
        write: impl FnMut(&mut Self, T),
    );

    /// A scalar with presence.
    fn present(&mut self, field: Field, value: Scalar<'_>);

    /// A repeated `fixed64`, packed; left out when there is none.
    fn fixed64s(&mut self, field: Field, values: &[u64]);

    /// A repeated `uint64`, packed; left out when there is none.
    fn uint64s(&mut self, field: Field, values: &[u64]);

    /// A repeated `double`, packed; left out when there is none.
    fn doubles(&mut self, field: Field, values: &[f64]);

    /// A scalar without presence: left out at its default value.
    fn scalar(&mut self, field: Field, value: Scalar<'_>) {
        if !value.is_default() {
            self.present(field, value);
        }
    }
}

/// A value of one of the types OTLP uses; what each is in JSON is said by OTLP and protobuf's JSON mapping.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scalar<'a> {
    /// `string`.
    String(&'a str),
    /// `bytes` that are an identifier of a trace or a span: hexadecimal in JSON.
    Id(&'a [u8]),
    /// Other `bytes`: base64 in JSON.
    Bytes(&'a [u8]),
    /// `bool`.
    Bool(bool),
    /// `int64`: a decimal string in JSON.
    Int64(i64),
    /// `sfixed64`: a decimal string in JSON.
    SFixed64(i64),
    /// `fixed64`: a decimal string in JSON.
    Fixed64(u64),
    /// `uint32`: a number in JSON.
    UInt32(u32),
    /// `sint32`: a number in JSON.
    SInt32(i32),
    /// `fixed32`: a number in JSON.
    Fixed32(u32),
    /// An enumeration: its number in JSON too, as OTLP demands.
    Enum(u32),
    /// `double`: a number in JSON, or one of `"NaN"`, `"Infinity"`, `"-Infinity"`.
    Double(f64),
}

impl Scalar<'_> {
    fn is_default(self) -> bool {
        match self {
            Self::String(text) => text.is_empty(),
            Self::Id(bytes) | Self::Bytes(bytes) => bytes.is_empty(),
            Self::Bool(value) => !value,
            Self::Int64(value) | Self::SFixed64(value) => value == 0,
            Self::SInt32(value) => value == 0,
            Self::Fixed64(value) => value == 0,
            Self::UInt32(value) | Self::Fixed32(value) | Self::Enum(value) => value == 0,
            Self::Double(value) => value.to_bits() == 0,
        }
    }
}
