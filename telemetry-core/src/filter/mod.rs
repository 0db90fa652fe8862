//! Which call sites record: levels, and the directives that choose among them.

mod level;
mod parse;
#[cfg(test)]
mod tests;

use std::fmt;

pub use level::{Level, UnknownLevel};
pub use parse::FilterError;
pub(crate) use parse::{FORM, LEVELS};

/// Chooses the call sites that record, by module path, level and name: directives separated by commas, as people know
/// them from `RUST_LOG`.
///
/// | directive | chooses |
/// |---|---|
/// | `debug` | spans up to this level, wherever no other directive fits |
/// | `bookstore` | all spans of the module `bookstore` and of those inside it |
/// | `bookstore::db=warn` | those up to this level; `off` for none |
/// | `[books.load]=debug` | the spans of this name, in any module |
/// | `bookstore::db[books.load]=off` | the spans of this name in this module |
///
/// A span goes by a directive with its name, if one fits, else by the one with the longest path; of two alike the later
/// counts. A path fits whole segments (`book` is not `bookstore`), and `-` in it stands for `_`. What no
/// directive fits is off, so `bookstore=debug` alone turns all other modules off, and `info,bookstore=debug` does not.
/// Levels are `off`, `error`, `warn`, `info`, `debug` and `trace`, in any case; a span is `info` unless its macro says
/// otherwise. The name is the call site's, known when the program is compiled.
///
/// A span that is filtered costs what a disabled one does; a child of it hangs on the nearest ancestor that is recorded.
///
/// ```
/// use telemetry_core::{Filter, Level};
/// let filter: Filter = "info,bookstore=debug,bookstore::db=off".parse()?;
/// assert!(filter.allows("bookstore::api", "list", Level::Debug));
/// assert!(!filter.allows("bookstore::db::pool", "list", Level::Error));
/// assert!(!filter.allows("hyper", "request", Level::Debug));
/// # Ok::<(), telemetry_core::FilterError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The most specific first.
    directives: Vec<Directive>,
    /// For what no directive fits; none where that is off.
    otherwise: Option<Level>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Directive {
    /// A module path; empty for any.
    target: String,
    /// The name of a span; any where none.
    span: Option<String>,
    /// Up to which level; none is off.
    level: Option<Level>,
}

impl Filter {
    /// Lets every span record.
    pub const EVERYTHING: Self = Self { directives: Vec::new(), otherwise: Some(Level::Trace) };

    /// Whether a span of this name and level records, in the module `target`.
    pub fn allows(&self, target: &str, name: &str, level: Level) -> bool {
        let fitting = self.directives.iter().find(|directive| directive.fits(target, name));
        let most = fitting.map_or(self.otherwise, |directive| directive.level);
        most.is_some_and(|most| level <= most)
    }

    /// Adds a directive, in the place of one for the same spans.
    fn add(&mut self, directive: Directive) {
        if directive.target.is_empty() && directive.span.is_none() {
            self.otherwise = directive.level;
            return;
        }
        self.directives.retain(|other| other.target != directive.target || other.span != directive.span);
        let before = |other: &Directive| other.specificity() >= directive.specificity();
        let at = self.directives.partition_point(before);
        self.directives.insert(at, directive);
    }
}

impl Default for Filter {
    fn default() -> Self {
        Self::EVERYTHING
    }
}

impl Directive {
    fn fits(&self, target: &str, name: &str) -> bool {
        let inside = self.target.is_empty()
            || target
                .strip_prefix(self.target.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
        inside && self.span.as_deref().is_none_or(|span| span == name)
    }

    fn specificity(&self) -> (bool, usize) {
        (self.span.is_some(), self.target.len())
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(word(self.otherwise))?;
        for Directive { target, span, level } in self.directives.iter().rev() {
            write!(f, ",{target}")?;
            if let Some(span) = span {
                write!(f, "[{span}]")?;
            }
            write!(f, "={}", word(*level))?;
        }
        Ok(())
    }
}

fn word(level: Option<Level>) -> &'static str {
    level.map_or("off", Level::as_str)
}
