//! What can be the value of an attribute.

use std::borrow::Cow;

use super::access::Access;
use super::arena::{Key, Packed};
use super::event::Scratch;
use super::{short, write};
use crate::record::Value;

/// A type that can be the value of an attribute. The type is chosen when the program is compiled and survives to
/// every sink.
///
/// `None` records nothing. Implement it for a type of your own by handing on to the value inside:
///
/// ```
/// use telemetry_core::{AttributeValue, Entry};
/// struct BookId(i64);
/// impl AttributeValue for BookId {
///     fn record(&self, entry: Entry<'_>) {
///         entry.i64(self.0);
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be recorded as an attribute",
    label = "not a number, a boolean, text or bytes",
    note = "write `key = %value` to record its `Display`, `key = ?value` for its `Debug` (of what a function returns: `ret = display`, `ret = debug`), or implement `AttributeValue`"
)]
pub trait AttributeValue {
    /// Records the value: calls one of the entry's methods, or none for no value.
    fn record(&self, entry: Entry<'_>);
}

/// Where an [`AttributeValue`] writes: one attribute of one span or event.
pub struct Entry<'a> {
    target: Target<'a>,
    key: Key,
}

enum Target<'a> {
    Span(Access),
    Event(&'a mut Scratch),
}

impl<'a> Entry<'a> {
    #[inline(always)]
    pub(super) fn span(access: Access, key: Key) -> Self {
        Self { target: Target::Span(access), key }
    }

    #[inline(always)]
    pub(super) fn event(scratch: &'a mut Scratch, key: Key) -> Self {
        Self { target: Target::Event(scratch), key }
    }

    fn put(self, value: Packed<'_>) {
        match self.target {
            Target::Span(access) => access.write(|_, body| write::attribute(body, self.key, value)),
            Target::Event(scratch) => scratch.put(self.key, value),
        }
    }

    /// Records a boolean.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn bool(self, value: bool) {
        match self.target {
            Target::Span(access) => access.write(|_, body| short::bool(body, self.key, value)),
            Target::Event(scratch) => scratch.put(self.key, Packed::Bool(value)),
        }
    }

    /// Records a signed integer.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn i64(self, value: i64) {
        match self.target {
            Target::Span(access) => access.write(|_, body| short::signed(body, self.key, value)),
            Target::Event(scratch) => scratch.put(self.key, Packed::I64(value)),
        }
    }

    /// Records an unsigned integer.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn u64(self, value: u64) {
        match self.target {
            Target::Span(access) => access.write(|_, body| short::unsigned(body, self.key, value)),
            Target::Event(scratch) => scratch.put(self.key, Packed::U64(value)),
        }
    }

    /// Records a floating-point number.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn f64(self, value: f64) {
        match self.target {
            Target::Span(access) => access.write(|_, body| short::float(body, self.key, value)),
            Target::Event(scratch) => scratch.put(self.key, Packed::F64(value)),
        }
    }

    /// Records text by copying it.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn str(self, value: &str) {
        match self.target {
            Target::Span(access) => access.write(|_, body| short::text(body, self.key, value)),
            Target::Event(scratch) => scratch.put(self.key, Packed::Str(value)),
        }
    }

    /// Records text of ASCII alone by copying it, and nothing where a byte is none: for headers, whose values are bytes.
    #[doc(hidden)]
    pub fn ascii(self, value: &[u8]) {
        if !value.is_ascii() {
            return;
        }
        match self.target {
            Target::Span(access) => access.write(|_, body| short::ascii(body, self.key, value)),
            Target::Event(_) => _ = str::from_utf8(value).map(|text| self.put(Packed::Str(text))),
        }
    }

    /// Records static text by reference, whatever its length.
    pub fn static_str(self, value: &'static str) {
        match self.target {
            Target::Span(access) => access.write(|_, body| short::fixed(body, self.key, value)),
            Target::Event(scratch) => scratch.put(self.key, Packed::Static(value)),
        }
    }

    /// Records bytes by copying them; as all values, they are left out and counted where they do not fit: a span takes
    /// 125 at the most, when it holds nothing else.
    pub fn bytes(self, value: &[u8]) {
        self.put(Packed::Bytes(value));
    }
}

macro_rules! record_as {
    ($method:ident as $as:ty: $($type:ty),+) => {$(
        impl AttributeValue for $type {
            #[inline(always)]
            fn record(&self, entry: Entry<'_>) {
                entry.$method(*self as $as);
            }
        }
    )+};
}

#[allow(clippy::cast_lossless, reason = "one form for all widths")]
mod numbers {
    use super::{AttributeValue, Entry};

    record_as!(i64 as i64: i8, i16, i32, i64, isize);
    record_as!(u64 as u64: u8, u16, u32, u64, usize);
    record_as!(f64 as f64: f32, f64);
}

impl AttributeValue for bool {
    #[inline(always)]
    fn record(&self, entry: Entry<'_>) {
        entry.bool(*self);
    }
}

impl AttributeValue for str {
    #[inline(always)]
    fn record(&self, entry: Entry<'_>) {
        entry.str(self);
    }
}

impl AttributeValue for String {
    #[inline(always)]
    fn record(&self, entry: Entry<'_>) {
        entry.str(self);
    }
}

impl AttributeValue for char {
    fn record(&self, entry: Entry<'_>) {
        entry.str(self.encode_utf8(&mut [0; 4]));
    }
}

impl AttributeValue for [u8] {
    #[inline(always)]
    fn record(&self, entry: Entry<'_>) {
        entry.bytes(self);
    }
}

impl<const N: usize> AttributeValue for [u8; N] {
    #[inline(always)]
    fn record(&self, entry: Entry<'_>) {
        entry.bytes(self);
    }
}

impl AttributeValue for Vec<u8> {
    #[inline(always)]
    fn record(&self, entry: Entry<'_>) {
        entry.bytes(self);
    }
}

impl<T: AttributeValue> AttributeValue for Option<T> {
    #[inline(always)]
    fn record(&self, entry: Entry<'_>) {
        if let Some(value) = self {
            value.record(entry);
        }
    }
}

/// A value that is not known before the program runs, as bridges from other libraries have it.
impl AttributeValue for Value {
    fn record(&self, entry: Entry<'_>) {
        match self {
            Self::Bool(value) => entry.bool(*value),
            Self::I64(value) => entry.i64(*value),
            Self::U64(value) => entry.u64(*value),
            Self::F64(value) => entry.f64(*value),
            Self::Str(Cow::Borrowed(text)) => entry.static_str(text),
            Self::Str(Cow::Owned(text)) => entry.str(text),
            Self::Bytes(bytes) => entry.bytes(bytes),
        }
    }
}

macro_rules! record_through {
    ($($type:ty),+) => {$(
        impl<T: AttributeValue + ?Sized> AttributeValue for $type {
            #[inline(always)]
            fn record(&self, entry: Entry<'_>) {
                (**self).record(entry);
            }
        }
    )+};
}

record_through!(&T, &mut T, Box<T>, std::sync::Arc<T>, std::rc::Rc<T>);

impl<T: AttributeValue + ?Sized + ToOwned> AttributeValue for Cow<'_, T> {
    #[inline(always)]
    fn record(&self, entry: Entry<'_>) {
        (**self).record(entry);
    }
}
