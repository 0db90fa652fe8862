//! OTLP's JSON: protobuf's JSON mapping, except that identifiers are hexadecimal and enumerations numbers.
//!
//! See <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>. Strings and finite numbers are left to
//! `serde_json`.

use std::fmt::Display;
use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Encode, Field, Scalar};

/// A message in JSON.
#[derive(Debug, Default)]
pub(crate) struct Json(Vec<u8>);

impl Json {
    /// A key and what comes before it.
    fn key(&mut self, field: Field) {
        if self.0.last() != Some(&b'{') {
            self.0.push(b',');
        }
        self.display(format_args!("\"{}\":", field.name));
    }

    fn object(&mut self, write: impl FnOnce(&mut Self)) {
        self.0.push(b'{');
        write(self);
        self.0.push(b'}');
    }

    fn array<T>(&mut self, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        self.0.push(b'[');
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.0.push(b',');
            }
            write(self, item);
        }
        self.0.push(b']');
    }

    fn display(&mut self, value: impl Display) {
        write!(self.0, "{value}").expect("writing to memory does not fail");
    }

    /// In quotes; known to need no escape.
    fn quoted(&mut self, value: impl Display) {
        self.display(format_args!("\"{value}\""));
    }

    fn string(&mut self, text: &str) {
        serde_json::to_writer(&mut self.0, text).expect("a string can be written to memory");
    }

    fn double(&mut self, value: f64) {
        if value.is_nan() {
            self.quoted("NaN");
        } else if value.is_infinite() {
            self.quoted(if value > 0.0 { "Infinity" } else { "-Infinity" });
        } else {
            serde_json::to_writer(&mut self.0, &value).expect("a number can be written to memory");
        }
    }

    fn hexadecimal(&mut self, bytes: &[u8]) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        self.0.push(b'"');
        for byte in bytes {
            self.0.push(DIGITS[usize::from(byte >> 4)]);
            self.0.push(DIGITS[usize::from(byte & 15)]);
        }
        self.0.push(b'"');
    }
}

impl Encode for Json {
    const CONTENT_TYPE: &'static str = "application/json";

    fn encode(write: impl FnOnce(&mut Self)) -> Vec<u8> {
        let mut json = Self::default();
        json.object(write);
        json.0
    }

    fn message(&mut self, field: Field, write: impl FnOnce(&mut Self)) {
        self.key(field);
        self.object(write);
    }

    fn messages<T>(
        &mut self,
        field: Field,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        let mut items = items.into_iter().peekable();
        if items.peek().is_some() {
            self.key(field);
            self.array(items, |json, item| json.object(|json| write(json, item)));
        }
    }

    fn present(&mut self, field: Field, value: Scalar<'_>) {
        self.key(field);
        match value {
            Scalar::String(text) => self.string(text),
            Scalar::Id(bytes) => self.hexadecimal(bytes),
            Scalar::Bytes(bytes) => self.quoted(STANDARD.encode(bytes)),
            Scalar::Bool(value) => self.display(value),
            Scalar::Int64(value) | Scalar::SFixed64(value) => self.quoted(value),
            Scalar::Fixed64(value) => self.quoted(value),
            Scalar::SInt32(value) => self.display(value),
            Scalar::UInt32(value) | Scalar::Fixed32(value) | Scalar::Enum(value) => self.display(value),
            Scalar::Double(value) => self.double(value),
        }
    }

    fn fixed64s(&mut self, field: Field, values: &[u64]) {
        if !values.is_empty() {
            self.key(field);
            self.array(values, Self::quoted);
        }
    }

    fn uint64s(&mut self, field: Field, values: &[u64]) {
        self.fixed64s(field, values);
    }

    fn doubles(&mut self, field: Field, values: &[f64]) {
        if !values.is_empty() {
            self.key(field);
            self.array(values, |json, value| json.double(*value));
        }
    }
}
