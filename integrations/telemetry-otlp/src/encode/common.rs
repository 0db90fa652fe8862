//! What traces and metrics share: attributes, resource, scope.

use telemetry_core::record::{Attribute, Value};
use telemetry_core::resource::Resource;

use super::{Encode, Field, Scalar, field};

/// `KeyValue.key` and `KeyValue.value`.
const KEY: Field = field(1, "key");
const VALUE: Field = field(2, "value");

/// The members of `AnyValue` that there are values for.
const STRING_VALUE: Field = field(1, "stringValue");
const BOOL_VALUE: Field = field(2, "boolValue");
const INT_VALUE: Field = field(3, "intValue");
const DOUBLE_VALUE: Field = field(4, "doubleValue");
const BYTES_VALUE: Field = field(7, "bytesValue");

/// Attributes, as a repeated field of `KeyValue`s.
pub(super) fn attributes<E: Encode>(out: &mut E, field: Field, attributes: &[Attribute]) {
    out.messages(field, attributes, key_value);
}

/// A `KeyValue`.
pub(super) fn key_value<E: Encode>(out: &mut E, attribute: &Attribute) {
    out.scalar(KEY, Scalar::String(&attribute.key));
    out.message(VALUE, |out| any_value(out, &attribute.value));
}

/// A `KeyValue` whose value is a text.
pub(super) fn key_text<E: Encode>(out: &mut E, key: &str, text: &str) {
    out.scalar(KEY, Scalar::String(key));
    out.message(VALUE, |out| out.present(STRING_VALUE, Scalar::String(text)));
}

/// A `KeyValue` whose value is an integer.
pub(super) fn key_number<E: Encode>(out: &mut E, key: &str, number: i64) {
    out.scalar(KEY, Scalar::String(key));
    out.message(VALUE, |out| out.present(INT_VALUE, Scalar::Int64(number)));
}

/// An `AnyValue`. An integer beyond the range of `int64` becomes its decimal digits, as OpenTelemetry's rules for mapping
/// arbitrary data to it say.
fn any_value<E: Encode>(out: &mut E, value: &Value) {
    match value {
        Value::Bool(value) => out.present(BOOL_VALUE, Scalar::Bool(*value)),
        Value::I64(value) => out.present(INT_VALUE, Scalar::Int64(*value)),
        Value::U64(value) => match i64::try_from(*value) {
            Ok(value) => out.present(INT_VALUE, Scalar::Int64(value)),
            Err(_) => out.present(STRING_VALUE, Scalar::String(&value.to_string())),
        },
        Value::F64(value) => out.present(DOUBLE_VALUE, Scalar::Double(*value)),
        Value::Str(text) => out.present(STRING_VALUE, Scalar::String(text)),
        Value::Bytes(bytes) => out.present(BYTES_VALUE, Scalar::Bytes(bytes)),
    }
}

/// The field `resource`.
pub(super) fn resource<E: Encode>(out: &mut E, resource: &Resource) {
    out.message(field(1, "resource"), |out| {
        attributes(out, field(1, "attributes"), resource.attributes());
    });
}

/// The field `scope`: the crate that opened the span or declared the instrument.
pub(super) fn scope<E: Encode>(out: &mut E, name: &str, version: &str) {
    out.message(field(1, "scope"), |out| {
        out.scalar(field(1, "name"), Scalar::String(name));
        out.scalar(field(2, "version"), Scalar::String(version));
    });
}

/// Puts what is of one scope together, scopes in the order in which they first come.
pub(super) fn by_scope<T: Copy, S: PartialEq>(
    items: impl IntoIterator<Item = T>,
    scope_of: impl Fn(T) -> S,
) -> Vec<(S, Vec<T>)> {
    let mut scopes: Vec<(S, Vec<T>)> = Vec::new();
    for item in items {
        let scope = scope_of(item);
        // A program has few crates that open spans.
        match scopes.iter_mut().find(|(known, _)| *known == scope) {
            Some((_, items)) => items.push(item),
            None => scopes.push((scope, vec![item])),
        }
    }
    scopes
}
