//! Requests that are not recorded, by their paths.

use std::ffi::OsString;

use http::Uri;
use regex_lite::Regex;

/// Why paths cannot be excluded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExcludedError {
    /// A pattern is no regular expression.
    #[error("`{pattern}` is no regular expression of a path to be excluded")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        source: regex_lite::Error,
    },
    /// A variable is not text.
    #[error("the variable {name} is {value:?}, expected regular expressions separated by commas")]
    NotText {
        /// The variable.
        name: String,
        /// Its value.
        value: OsString,
    },
}

/// The paths that are excluded: those in which one of the patterns is found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Excluded(Vec<Regex>);

impl Excluded {
    /// No path.
    pub(crate) const NONE: Self = Self(Vec::new());

    /// Reads regular expressions separated by commas; blanks around them and empty ones are ignored. So none of them
    /// can hold a comma.
    pub(crate) fn parse(list: &str) -> Result<Self, ExcludedError> {
        let patterns = list.split(',').map(str::trim).filter(|pattern| !pattern.is_empty());
        let parse = |pattern: &str| {
            let mistake = |source| ExcludedError::Pattern { pattern: pattern.to_owned(), source };
            Regex::new(pattern).map_err(mistake)
        };
        patterns.map(parse).collect::<Result<_, _>>().map(Self)
    }

    /// Reads what a variable of the environment says; nothing when it is not set.
    pub(crate) fn from_env(name: &str) -> Result<Self, ExcludedError> {
        match std::env::var(name) {
            Ok(list) => Self::parse(&list),
            Err(std::env::VarError::NotPresent) => Ok(Self::default()),
            Err(std::env::VarError::NotUnicode(value)) => {
                Err(ExcludedError::NotText { name: name.to_owned(), value })
            }
        }
    }

    /// Excludes what another list excludes too.
    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    #[inline]
    pub(crate) fn contains(&self, uri: &Uri) -> bool {
        !self.0.is_empty() && self.matches(uri.path())
    }

    fn matches(&self, path: &str) -> bool {
        self.0.iter().any(|pattern| pattern.is_match(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_found_anywhere_unless_it_is_anchored() {
        let excluded = Excluded::parse(" ^/health$ ,/internal/,, ").unwrap();
        for (path, expected) in
            [("/health", true), ("/healthy", false), ("/a/internal/b", true), ("/internal", false)]
        {
            assert_eq!(excluded.matches(path), expected, "{path}");
        }
        assert!(!Excluded::parse("").unwrap().contains(&Uri::from_static("/")));
        assert!(excluded.contains(&Uri::from_static("http://a/health?x")));
    }

    #[test]
    fn a_mistake_names_the_pattern() {
        let mistake = Excluded::parse("/ok,(/open").unwrap_err();
        assert_eq!(mistake.to_string(), "`(/open` is no regular expression of a path to be excluded");
        assert!(std::error::Error::source(&mistake).is_some());
    }
}
