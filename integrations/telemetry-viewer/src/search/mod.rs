//! What one looks for among traces: a line of terms, all of which a trace must meet.

mod duration;
mod matching;
mod parse;
mod term;

pub(crate) use term::Search;
