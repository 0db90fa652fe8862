//! How much a span matters.

use std::fmt;
use std::str::FromStr;

use super::LEVELS;
use crate::nearest::nearest;

/// How much a span matters, the most important first; a [`Filter`](crate::Filter) lets spans up to a level record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Level {
    /// Work whose spans should never be missing.
    Error = 1,
    /// Work out of the ordinary.
    Warn = 2,
    /// Work as usual: what a span is when nothing is said.
    #[default]
    Info = 3,
    /// Details for those who look into something.
    Debug = 4,
    /// The smallest details.
    Trace = 5,
}

impl Level {
    /// The level as a word: `error`, `warn`, `info`, `debug` or `trace`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// A word that is no level.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} is no level{}, expected error, warn, info, debug or trace", hint(*nearest))]
pub struct UnknownLevel {
    /// The word.
    pub word: String,
    /// The level nearest to it.
    pub nearest: Option<&'static str>,
}

/// The end of a message about a word, when another is near.
pub(super) fn hint(nearest: Option<&'static str>) -> String {
    nearest.map_or_else(String::new, |nearest| format!(", did you mean {nearest}?"))
}

impl FromStr for Level {
    type Err = UnknownLevel;

    /// Reads a word in any case.
    fn from_str(word: &str) -> Result<Self, UnknownLevel> {
        let levels = [Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace];
        levels.into_iter().find(|level| word.eq_ignore_ascii_case(level.as_str())).ok_or_else(|| {
            UnknownLevel { word: word.to_owned(), nearest: nearest(word, LEVELS.iter().copied()) }
        })
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
