//! What one looks for among traces: a line of terms, all of which a trace must meet.

mod duration;
mod matching;
mod parse;
mod term;

#[cfg(feature = "sqlite")]
pub(crate) use matching::contains;
pub(crate) use term::Search;
#[cfg(feature = "sqlite")]
pub(crate) use term::Term;
