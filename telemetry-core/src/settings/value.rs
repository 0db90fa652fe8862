//! The value of a setting, typed.

use std::fmt;
use std::time::Duration;

/// The value of a setting. Values set in code are made with `From`; text is parsed by the setting's type.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SettingValue {
    /// True or false.
    Bool(bool),
    /// A floating-point number.
    Float(f64),
    /// An integer.
    Integer(i128),
    /// A length of time.
    Duration(Duration),
    /// Text.
    Text(String),
    /// Texts in an order.
    List(Vec<String>),
    /// Keys with values, decoded.
    Attributes(Vec<(String, String)>),
}

impl SettingValue {
    /// The value as a boolean.
    pub const fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self { Some(*value) } else { None }
    }

    /// The value as a number.
    pub const fn as_float(&self) -> Option<f64> {
        if let Self::Float(value) = self { Some(*value) } else { None }
    }

    /// The value as an integer.
    pub const fn as_integer(&self) -> Option<i128> {
        if let Self::Integer(value) = self { Some(*value) } else { None }
    }

    /// The value as a length of time.
    pub const fn as_duration(&self) -> Option<Duration> {
        if let Self::Duration(value) = self { Some(*value) } else { None }
    }

    /// The value as text.
    pub const fn as_text(&self) -> Option<&str> {
        if let Self::Text(value) = self { Some(value.as_str()) } else { None }
    }

    /// The value as a list.
    pub const fn as_list(&self) -> Option<&[String]> {
        if let Self::List(value) = self { Some(value.as_slice()) } else { None }
    }

    /// The value as keys with values.
    pub const fn as_attributes(&self) -> Option<&[(String, String)]> {
        if let Self::Attributes(value) = self { Some(value.as_slice()) } else { None }
    }
}

/// Writes the value as one could set it in a variable (attributes without percent-encoding).
impl fmt::Display for SettingValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Duration(value) => write!(f, "{}s", value.as_secs_f64()),
            Self::Text(value) => f.write_str(value),
            Self::List(values) => f.write_str(&values.join(",")),
            Self::Attributes(pairs) => {
                for (index, (key, value)) in pairs.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    write!(f, "{comma}{key}={value}")?;
                }
                Ok(())
            }
        }
    }
}

impl From<bool> for SettingValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<f64> for SettingValue {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

macro_rules! from_integers {
    ($($integer:ty)*) => {$(
        impl From<$integer> for SettingValue {
            fn from(value: $integer) -> Self {
                Self::Integer(value.into())
            }
        }
    )*};
}

from_integers!(i32 i64 u16 u32 u64);

impl From<usize> for SettingValue {
    fn from(value: usize) -> Self {
        Self::Integer(value as i128)
    }
}

impl From<Duration> for SettingValue {
    fn from(value: Duration) -> Self {
        Self::Duration(value)
    }
}

impl From<&str> for SettingValue {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for SettingValue {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<Vec<String>> for SettingValue {
    fn from(values: Vec<String>) -> Self {
        Self::List(values)
    }
}

impl<const N: usize> From<[&str; N]> for SettingValue {
    fn from(values: [&str; N]) -> Self {
        Self::List(values.map(str::to_owned).into())
    }
}
