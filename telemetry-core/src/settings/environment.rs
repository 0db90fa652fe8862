//! The variables settings are read from, as a value: tests make one, the process's own is copied once.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// Variables by name. An empty value counts as unset, as OpenTelemetry's specification asks.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    variables: BTreeMap<String, OsString>,
}

impl Environment {
    /// No variables.
    pub const fn empty() -> Self {
        Self { variables: BTreeMap::new() }
    }

    /// A copy of the process's environment; names that are not UTF-8 are left out, since no setting has one.
    pub fn process() -> Self {
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect();
        Self { variables }
    }

    /// Sets a variable, over any earlier value.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<OsString>) {
        self.variables.insert(name.into(), value.into());
    }

    /// The value of a variable; none when unset or empty. A value that is not UTF-8 comes as an error that holds
    /// what can be shown of it.
    ///
    /// # Errors
    /// The value is not UTF-8.
    pub fn get(&self, name: &str) -> Option<Result<&str, String>> {
        let value = self.variables.get(name).map(OsString::as_os_str).filter(|value| !value.is_empty())?;
        Some(value.to_str().ok_or_else(|| OsStr::to_string_lossy(value).into_owned()))
    }

    /// The names of all variables, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str)
    }
}

/// Shows the names alone: values may be secret.
impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

impl<K: Into<String>, V: Into<OsString>, const N: usize> From<[(K, V); N]> for Environment {
    fn from(variables: [(K, V); N]) -> Self {
        variables.into_iter().collect()
    }
}

impl<K: Into<String>, V: Into<OsString>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        Self { variables: variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect() }
    }
}
