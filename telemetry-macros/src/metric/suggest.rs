//! The end of a message about a mistyped word.

use crate::mistakes::nearest;

/// `; did you mean …?` with the nearest of `known`, or nothing when none is near.
pub(crate) fn did_you_mean(word: &str, known: &[&str]) -> String {
    nearest(word, known.iter().copied()).map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}
