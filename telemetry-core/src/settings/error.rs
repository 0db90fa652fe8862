//! What can be wrong with settings, and where a value came from.

use std::fmt;
use std::path::PathBuf;

/// Where a value came from, lowest tier first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Nobody set it.
    Default,
    /// A `.env` file.
    DotEnv,
    /// A standard `OTEL_*` variable that means the same.
    OpenTelemetry,
    /// The service's own variable, `TELEMETRY_*` unless the prefix was changed.
    Environment,
    /// The program itself.
    Code,
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "the default",
            Self::DotEnv => "the .env file",
            Self::OpenTelemetry => "the standard environment",
            Self::Environment => "the environment",
            Self::Code => "code",
        })
    }
}

/// A tier, and the variable's exact name where the tier has variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// The tier.
    pub tier: Tier,
    /// The variable.
    pub variable: Option<String>,
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.variable {
            Some(variable) => write!(f, "{variable} in {}", self.tier),
            None => self.tier.fmt(f),
        }
    }
}

/// One thing wrong with the settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingError {
    /// A value is not one the setting accepts.
    #[error("{setting} from {from}: {value:?} is not accepted{}, expected {accepted}", at(value, entry.as_ref()))]
    Invalid {
        /// The setting, without prefix.
        setting: String,
        /// Where the value came from.
        from: Provenance,
        /// The value as it was given; `***` when the setting is secret, and in the place of a user with a password.
        value: String,
        /// What would have been accepted.
        accepted: String,
        /// The entry at fault in a list, and the known word nearest to it.
        entry: Option<(String, Option<String>)>,
    },
    /// Code set a setting that is not in the table.
    #[error("{setting} from code: no such setting{}", hint(nearest.as_deref()))]
    Unknown {
        /// The name that was given.
        setting: String,
        /// The known name nearest to it.
        nearest: Option<String>,
    },
    /// A line of the `.env` file cannot be read. The line itself is not shown, as it may hold a secret.
    #[error(
        "line {line} of {}{} is malformed, expected NAME=value, with quotes around blanks",
        path.display(),
        of(setting.as_deref())
    )]
    MalformedLine {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The variable it sets, where that much can be told.
        setting: Option<String>,
    },
}

impl SettingError {
    /// The setting at fault, without prefix; for a malformed line the variable, where that much can be told.
    pub fn setting(&self) -> Option<&str> {
        match self {
            Self::Invalid { setting, .. } | Self::Unknown { setting, .. } => Some(setting),
            Self::MalformedLine { setting, .. } => setting.as_deref(),
        }
    }

    /// The tier the mistake is in.
    pub const fn tier(&self) -> Tier {
        match self {
            Self::Invalid { from, .. } => from.tier,
            Self::Unknown { .. } => Tier::Code,
            Self::MalformedLine { .. } => Tier::DotEnv,
        }
    }
}

/// Which entry of a value it is, where it is not the whole, and what it was meant to be.
fn at(value: &str, entry: Option<&(String, Option<String>)>) -> String {
    let Some((entry, nearest)) = entry else { return String::new() };
    let hint = hint(nearest.as_deref());
    if value.trim() == entry { hint } else { format!(" at {entry:?}{hint}") }
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| format!(", did you mean {nearest}?"))
}

fn of(setting: Option<&str>) -> String {
    setting.map_or_else(String::new, |setting| format!(" ({setting})"))
}

/// Everything wrong with the settings, at once; never empty. Displayed one a line.
pub struct SettingsErrors {
    pub(super) errors: Vec<SettingError>,
    pub(super) warnings: Vec<SettingWarning>,
}

impl SettingsErrors {
    /// The errors, in the order of the table and from the highest tier down.
    pub fn iter(&self) -> std::slice::Iter<'_, SettingError> {
        self.errors.iter()
    }

    /// What else was noticed: a mistyped name often explains a missing value.
    pub fn warnings(&self) -> &[SettingWarning] {
        &self.warnings
    }
}

impl<'a> IntoIterator for &'a SettingsErrors {
    type Item = &'a SettingError;
    type IntoIter = std::slice::Iter<'a, SettingError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for SettingsErrors {
    type Item = SettingError;
    type IntoIter = std::vec::IntoIter<SettingError>;

    fn into_iter(self) -> Self::IntoIter {
        self.errors.into_iter()
    }
}

impl fmt::Display for SettingsErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            let newline = if index == 0 { "" } else { "\n" };
            write!(f, "{newline}{error}")?;
        }
        Ok(())
    }
}

/// As it is displayed: a `main` that returns it tells what is wrong.
impl fmt::Debug for SettingsErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for SettingsErrors {}

/// Something worth telling the user that stops nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingWarning {
    /// A variable with the prefix names no setting; orchestrators inject such names.
    Unknown {
        /// The variable and its tier.
        from: Provenance,
        /// The variable nearest to it.
        nearest: Option<String>,
    },
    /// A standard variable asks for something that has no counterpart here, and was left aside.
    NoCounterpart {
        /// The setting it would have set.
        setting: String,
        /// The variable and its tier.
        from: Provenance,
        /// Its value.
        value: String,
    },
    /// The `.env` file is there but it, or a part of it, cannot be read.
    UnreadableFile {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

impl fmt::Display for SettingWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { from, nearest } => {
                write!(f, "{from} names no setting{}", hint(nearest.as_deref()))
            }
            Self::NoCounterpart { setting, from, value } => {
                write!(f, "{from}: {value:?} has no counterpart and leaves {setting} as it is")
            }
            Self::UnreadableFile { path, reason } => {
                let path = path.display();
                write!(f, "{path} cannot be read in full and counts as far as it can: {reason}")
            }
        }
    }
}
