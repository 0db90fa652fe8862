//! The one table that describes every setting.

use super::builtin;
use super::kind::Kind;
use super::otel::Equivalent;
use super::value::SettingValue;

/// One setting: a row of the table.
///
/// # Examples
/// ```
/// use telemetry_core::settings::{Kind, Setting, Table};
///
/// const TOKEN: Setting = Setting::new("REPORT_TOKEN", Kind::Text, "Sent with every report.").secret();
/// let table = Table::builtin().with(&[TOKEN])?;
/// assert!(table.get("REPORT_TOKEN").unwrap().is_secret());
/// # Ok::<(), telemetry_core::settings::TableError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    name: &'static str,
    kind: Kind,
    meaning: &'static str,
    default: DefaultValue,
    secret: bool,
    equivalents: &'static [Equivalent],
}

/// What holds when nobody sets a setting.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum DefaultValue {
    /// No value; the text says for the documentation what that means.
    Unset(&'static str),
    /// This value, written as in a variable.
    Fixed(&'static str),
    /// A value found at run time.
    Computed {
        /// What it is, for the documentation.
        shown: &'static str,
        /// Finds it.
        find: fn() -> String,
    },
}

impl Setting {
    /// A setting without a default, named without prefix in `UPPER_CASE`; the meaning is a sentence or two.
    pub const fn new(name: &'static str, kind: Kind, meaning: &'static str) -> Self {
        let default = DefaultValue::Unset("none");
        Self { name, kind, meaning, default, secret: false, equivalents: &[] }
    }

    /// Gives it a default.
    #[must_use]
    pub const fn default(mut self, default: DefaultValue) -> Self {
        self.default = default;
        self
    }

    /// Masks its value in every message.
    #[must_use]
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// Names the standard variables that mean the same, the first one set counting.
    #[must_use]
    pub const fn equivalents(mut self, equivalents: &'static [Equivalent]) -> Self {
        self.equivalents = equivalents;
        self
    }

    /// The name, without prefix.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The type, with its range or choices.
    pub const fn kind(&self) -> &Kind {
        &self.kind
    }

    /// What it does, for a person.
    pub const fn meaning(&self) -> &'static str {
        self.meaning
    }

    /// What holds when nobody sets it.
    pub const fn default_value(&self) -> &DefaultValue {
        &self.default
    }

    /// Whether its value is masked in messages.
    pub const fn is_secret(&self) -> bool {
        self.secret
    }

    /// The standard variables that mean the same.
    pub const fn standard(&self) -> &'static [Equivalent] {
        self.equivalents
    }

    pub(super) fn default_text(&self) -> Option<String> {
        match self.default {
            DefaultValue::Unset(_) => None,
            DefaultValue::Fixed(text) => Some(text.to_owned()),
            DefaultValue::Computed { find, .. } => Some(find()),
        }
    }
}

/// Every setting, the built-in ones first. A value: integrations add their rows to a copy.
#[derive(Clone, Debug)]
pub struct Table {
    rows: Vec<Setting>,
}

/// Why rows cannot be added to a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// The name has characters a variable should not have.
    #[error("{0:?} is not the name of a setting, expected A-Z, then A-Z, 0-9 or _")]
    Name(&'static str),
    /// The table has a row of that name already.
    #[error("{0} is in the table already, expected a name of its own")]
    Duplicate(&'static str),
    /// The default is not a value of the setting's own type.
    #[error("the default of {setting}, {default:?}, is not accepted, expected {accepted}")]
    Default {
        /// The setting.
        setting: &'static str,
        /// Its default.
        default: String,
        /// What would have been accepted.
        accepted: String,
    },
}

impl Table {
    /// The settings of the core.
    pub fn builtin() -> Self {
        Self { rows: builtin::ROWS.to_vec() }
    }

    /// Adds rows, in their order.
    ///
    /// # Errors
    /// A row's name is malformed or taken, or its type refuses its default.
    pub fn with(mut self, rows: &[Setting]) -> Result<Self, TableError> {
        for row in rows {
            if !is_name(row.name) {
                return Err(TableError::Name(row.name));
            }
            if self.get(row.name).is_some() {
                return Err(TableError::Duplicate(row.name));
            }
            if let Some(default) = row.default_text() {
                row.kind.accept(&SettingValue::from(default.as_str()), &[]).map_err(|rejection| {
                    TableError::Default { setting: row.name, default, accepted: rejection.accepted }
                })?;
            }
            self.rows.push(*row);
        }
        Ok(self)
    }

    /// Adds those rows whose names are not there yet.
    pub(super) fn with_missing(mut self, rows: &[Setting]) -> Self {
        for row in rows {
            if self.get(row.name).is_none() {
                self.rows.push(*row);
            }
        }
        self
    }

    /// All rows.
    pub fn rows(&self) -> &[Setting] {
        &self.rows
    }

    /// A row, by its name without prefix.
    pub fn get(&self, name: &str) -> Option<&Setting> {
        self.rows.iter().find(|row| row.name == name)
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Setting = Setting::new("RATE", Kind::Float { min: 0.0, max: 1.0 }, "A rate.");

    #[test]
    fn rows_with_a_malformed_or_taken_name_are_refused() {
        let with = |row| Table::builtin().with(&[row]).map(|_| ());
        assert_eq!(with(RATE), Ok(()));
        assert_eq!(with(Setting::new("rate", Kind::Bool, "")), Err(TableError::Name("rate")));
        assert_eq!(with(Setting::new("", Kind::Bool, "")), Err(TableError::Name("")));
        assert_eq!(with(Setting::new("SINKS", Kind::Bool, "")), Err(TableError::Duplicate("SINKS")));
        assert_eq!(
            Table::builtin().with(&[RATE, RATE]).unwrap_err().to_string(),
            "RATE is in the table already, expected a name of its own"
        );
    }

    #[test]
    fn a_default_outside_its_own_type_is_refused() {
        let error = Table::builtin().with(&[RATE.default(DefaultValue::Fixed("1.5"))]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the default of RATE, \"1.5\", is not accepted, expected a number from 0 to 1"
        );
    }

    #[test]
    fn builtin_defaults_are_accepted_by_their_own_types() {
        for row in Table::builtin().rows() {
            assert!(is_name(row.name));
            if let Some(default) = row.default_text() {
                assert!(row.kind.accept(&default.into(), &[]).is_ok(), "{}", row.name);
            }
        }
    }
}
