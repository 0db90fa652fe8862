//! Reading a filter.

use std::str::FromStr;

use super::level::hint;
use super::{Directive, Filter, Level};

/// The form of a filter, as it follows the word "expected".
pub(crate) const FORM: &str = "directives separated by commas, each a level (off, error, warn, info, debug, trace), \
    a path, path=level, [span]=level or path[span]=level";

/// What can stand behind a `=`.
pub(crate) const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Why a text is not a [`Filter`]. Every message names the directive and what is accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// Nothing stands between two commas, or at all.
    #[error("directive {position} is empty, expected {FORM}")]
    Empty {
        /// Which directive, counted from 1.
        position: usize,
    },
    /// A word behind `=` is no level.
    #[error(
        "{word:?} in {directive:?} is no level{}, expected off, error, warn, info, debug or trace",
        hint(*nearest)
    )]
    Level {
        /// The directive.
        directive: String,
        /// The word.
        word: String,
        /// The level nearest to it.
        nearest: Option<&'static str>,
    },
    /// What stands before `=` or `[` is no module path.
    #[error(
        "{path:?} in {directive:?} is no module path, expected names joined by `::`, such as bookstore::db"
    )]
    Path {
        /// The directive.
        directive: String,
        /// What is no path.
        path: String,
    },
    /// The name of a span is not in one pair of brackets, or is empty.
    #[error("the span in {directive:?} is not written as [name], expected [span]=level or path[span]=level")]
    Span {
        /// The directive.
        directive: String,
    },
    /// A directive asks for attributes, which are not known before a span is opened.
    #[error("{directive:?} asks for attributes, and spans are filtered by path, name and level alone")]
    Attributes {
        /// The directive.
        directive: String,
    },
}

impl FilterError {
    /// The directive at fault; empty where nothing stands.
    pub fn directive(&self) -> &str {
        match self {
            Self::Empty { .. } => "",
            Self::Level { directive, .. }
            | Self::Path { directive, .. }
            | Self::Span { directive }
            | Self::Attributes { directive } => directive,
        }
    }

    /// The word that was most likely meant.
    pub const fn nearest(&self) -> Option<&'static str> {
        match self {
            Self::Level { nearest, .. } => *nearest,
            _ => None,
        }
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        let mut filter = Self { directives: Vec::new(), otherwise: None };
        for (index, text) in directives(text).enumerate() {
            if text.is_empty() {
                return Err(FilterError::Empty { position: index + 1 });
            }
            filter.add(directive(text)?);
        }
        Ok(filter)
    }
}

/// The text between commas; those in brackets belong to a name.
fn directives(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    text.split(move |c| {
        inside = c == '[' || inside && c != ']';
        c == ',' && !inside
    })
    .map(str::trim)
}

fn directive(text: &str) -> Result<Directive, FilterError> {
    if let Some((target, rest)) = text.split_once('[') {
        let (span, rest) = span(text, rest)?;
        let level = match rest.trim() {
            "" => Some(Level::Trace),
            rest => {
                let word =
                    rest.strip_prefix('=').ok_or_else(|| FilterError::Span { directive: text.into() })?;
                level(text, word)?
            }
        };
        let target = if target.trim().is_empty() { String::new() } else { path(text, target)? };
        return Ok(Directive { target, span: Some(span.into()), level });
    }
    match text.split_once('=') {
        Some((target, word)) => {
            Ok(Directive { target: path(text, target)?, span: None, level: level(text, word)? })
        }
        None => match level(text, text) {
            Ok(level) => Ok(Directive { target: String::new(), span: None, level }),
            Err(_) => Ok(Directive { target: path(text, text)?, span: None, level: Some(Level::Trace) }),
        },
    }
}

/// The name of a span, and what follows its bracket.
fn span<'t>(directive: &str, text: &'t str) -> Result<(&'t str, &'t str), FilterError> {
    let refused = || FilterError::Span { directive: directive.into() };
    let (name, rest) = text.split_once(']').ok_or_else(refused)?;
    if name.contains('{') {
        return Err(FilterError::Attributes { directive: directive.into() });
    }
    if name.trim().is_empty() || rest.contains(['[', ']']) { Err(refused()) } else { Ok((name.trim(), rest)) }
}

/// A level, or none for `off`.
fn level(directive: &str, word: &str) -> Result<Option<Level>, FilterError> {
    let word = word.trim();
    if word.eq_ignore_ascii_case("off") {
        return Ok(None);
    }
    word.parse().map(Some).map_err(|unknown: super::UnknownLevel| FilterError::Level {
        directive: directive.into(),
        word: unknown.word,
        nearest: unknown.nearest,
    })
}

/// A module path, with the crate's name as modules know it.
fn path(directive: &str, path: &str) -> Result<String, FilterError> {
    let path = path.trim();
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
    };
    if path.split("::").all(is_name) {
        Ok(path.replace('-', "_"))
    } else {
        Err(FilterError::Path { directive: directive.into(), path: path.into() })
    }
}
