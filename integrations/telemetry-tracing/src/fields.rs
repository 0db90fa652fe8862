//! Fields of `tracing`, each handed on with its type.

use std::error::Error;
use std::fmt::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use telemetry_core::record::Value;
use tracing_core::field::{Field, Visit};

/// Bytes of text made from a value that is not text: more than a span has room for.
const TEXT_BYTES: usize = 256;

/// Calls a closure for each field.
pub(crate) struct Each<F>(pub(crate) F);

impl<F: FnMut(&Field, Value)> Visit for Each<F> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        (self.0)(field, Value::F64(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        (self.0)(field, Value::I64(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        (self.0)(field, Value::U64(value));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        (self.0)(field, i64::try_from(value).map_or_else(|_| text(&value), Value::I64));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        (self.0)(field, u64::try_from(value).map_or_else(|_| text(&value), Value::U64));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        (self.0)(field, Value::Bool(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        (self.0)(field, Value::Str(value.to_owned().into()));
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        (self.0)(field, Value::Bytes(value.to_owned()));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        (self.0)(field, text(&Chain(value)));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        (self.0)(field, text(value));
    }
}

/// What a value looks like. A panic of its `Debug` stays here.
fn text(value: &dyn fmt::Debug) -> Value {
    let mut text = Beginning(String::new());
    // An error, of the value's or because there is text enough, leaves what has been written so far.
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _ = write!(text, "{value:?}");
    }));
    if let Err(payload) = caught {
        // A payload may panic when it is dropped; it is left alone.
        std::mem::forget(payload);
        return Value::Str("(its `Debug` panicked)".into());
    }
    Value::Str(text.0.into())
}

/// Text that stops growing once it is longer than anything that is kept.
struct Beginning(String);

impl Write for Beginning {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = TEXT_BYTES.saturating_sub(self.0.len());
        let end = (0..=room.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        self.0.push_str(&text[..end]);
        if end == text.len() { Ok(()) } else { Err(fmt::Error) }
    }
}

/// An error with what caused it.
struct Chain<'a>(&'a (dyn Error + 'static));

impl fmt::Debug for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
