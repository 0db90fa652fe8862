//! What an attribute is compared with.

use std::borrow::Cow;

use crate::record::Value;
use crate::testing::tree::Shape;

/// A value an attribute can be compared with: text, a boolean, a number, bytes, or a [`Value`].
pub trait Expected {
    /// Whether the attribute's value is this one; integers compare by value, whether signed or not.
    fn equals(&self, actual: &Value) -> bool;

    /// The value as the tree shows it.
    fn shown(&self) -> String;
}

impl Expected for Value {
    fn equals(&self, actual: &Value) -> bool {
        match (integer(self), integer(actual)) {
            (Some(expected), Some(actual)) => expected == actual,
            _ => self == actual,
        }
    }

    fn shown(&self) -> String {
        Shape(self).to_string()
    }
}

fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::I64(number) => Some((*number).into()),
        Value::U64(number) => Some((*number).into()),
        _ => None,
    }
}

macro_rules! expected_as {
    ($($given:ty as |$it:ident| $value:expr;)*) => {$(
        impl Expected for $given {
            fn equals(&self, actual: &Value) -> bool {
                let $it = self;
                $value.equals(actual)
            }

            fn shown(&self) -> String {
                let $it = self;
                $value.shown()
            }
        }
    )*};
}

expected_as! {
    bool as |it| Value::Bool(*it);
    i32 as |it| Value::I64((*it).into());
    i64 as |it| Value::I64(*it);
    u32 as |it| Value::U64((*it).into());
    u64 as |it| Value::U64(*it);
    usize as |it| Value::U64(*it as u64);
    f64 as |it| Value::F64(*it);
    &str as |it| Value::Str(Cow::Owned((*it).to_owned()));
    String as |it| Value::Str(Cow::Owned(it.clone()));
    &[u8] as |it| Value::Bytes(it.to_vec());
}
