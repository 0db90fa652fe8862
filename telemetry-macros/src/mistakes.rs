//! The mistakes found in one invocation of a macro, all of them, each at its own token.

use quote::ToTokens;
use syn::LitStr;

/// Mistakes collected so far.
#[derive(Default)]
pub(crate) struct Mistakes(Option<syn::Error>);

impl Mistakes {
    /// Adds a mistake.
    pub(crate) fn push(&mut self, mistake: syn::Error) {
        match &mut self.0 {
            Some(first) => first.combine(mistake),
            none => *none = Some(mistake),
        }
    }

    /// Adds a mistake at these tokens.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    /// The value, or none after noting the mistake.
    pub(crate) fn keep<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|mistake| self.push(mistake)).ok()
    }

    /// All mistakes as one error; the value when there were none.
    pub(crate) fn finish<T>(self, value: T) -> syn::Result<T> {
        match self.0 {
            Some(mistakes) => Err(mistakes),
            None => Ok(value),
        }
    }
}

/// The accepted word most like the one given, when one is close enough to be meant.
pub(crate) fn nearest<'a>(given: &str, accepted: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    accepted
        .into_iter()
        .map(|word| (distance(given, word), word))
        .filter(|&(distance, word)| distance <= (word.chars().count().max(3)) / 3)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, word)| word)
}

/// The end of a message about an unknown word: the one meant, if there is one near, and all that are accepted.
pub(crate) fn suggestion(given: &str, accepted: &[&str]) -> String {
    let list = accepted.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    match nearest(given, accepted.iter().copied()) {
        Some(word) => format!("did you mean `{word}`? Accepted: {list}"),
        None => format!("accepted: {list}"),
    }
}

/// The number of characters to insert, delete, replace or swap to turn one word into the other.
fn distance(one: &str, other: &str) -> usize {
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    let width = other.len() + 1;
    let mut cells: Vec<usize> = (0..width).collect();
    for (row, &a) in one.iter().enumerate() {
        cells.push(row + 1);
        for (column, &b) in other.iter().enumerate() {
            let cell = |rows_up: usize, columns_left: usize| {
                cells[(row + 1 - rows_up) * width + column + 1 - columns_left]
            };
            let replaced = cell(1, 1) + usize::from(a != b);
            let mut best = replaced.min(cell(1, 0) + 1).min(cell(0, 1) + 1);
            if row > 0 && column > 0 && one[row - 1] == b && other[column - 1] == a {
                best = best.min(cells[(row - 1) * width + column - 1] + 1);
            }
            cells.push(best);
        }
    }
    cells[cells.len() - 1]
}

/// Notes what no name of a span can be.
pub(crate) fn check_span_name(name: &LitStr, of: &str, mistakes: &mut Mistakes) {
    let text = name.value();
    if text.trim().is_empty() {
        mistakes.at(name, format!("the name of a {of} must not be empty"));
    } else if text.contains("{}") || text.contains("{:?}") {
        mistakes.at(
            name,
            format!("the name of a {of} is not formatted: name what all calls have in common, and record the rest as attributes"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_keys_is_recognised() {
        assert_eq!(nearest("naem", ["attrs", "name", "kind"]), Some("name"));
        assert_eq!(nearest("atrs", ["attrs", "name", "kind"]), Some("attrs"));
        assert_eq!(nearest("kinds", ["attrs", "name", "kind"]), Some("kind"));
    }

    #[test]
    fn another_word_is_not_taken_for_a_slip() {
        assert_eq!(nearest("colour", ["attrs", "name", "kind"]), None);
        assert_eq!(nearest("", ["err"]), None);
    }

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        assert_eq!(nearest("Histogramm", ["Counter", "Histogram"]), Some("Histogram"));
        assert_eq!(nearest("counter", ["Counter"]), Some("Counter"));
        assert_eq!(nearest("Summary", ["Counter", "Gauge", "Histogram"]), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn distances_count_single_edits() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("ab", "ba"), 1);
        assert_eq!(distance("same", "same"), 0);
    }

    #[test]
    fn every_mistake_is_reported() {
        let mut mistakes = Mistakes::default();
        mistakes.at(quote::quote!(a), "first");
        mistakes.at(quote::quote!(b), "second");
        let messages: Vec<_> = mistakes.finish(()).unwrap_err().into_iter().map(|e| e.to_string()).collect();
        assert_eq!(messages, ["first", "second"]);
    }
}
