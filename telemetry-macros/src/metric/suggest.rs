//! The known word nearest to a mistyped one.

/// ` (did you mean ...?)` with the nearest of `known`, or nothing when none is near.
pub(crate) fn did_you_mean(word: &str, known: &[&str]) -> String {
    nearest(word, known).map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

/// The nearest of `known`, at a distance of at most a third of its length.
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = word.to_lowercase();
    let distances = known.iter().map(|known| (distance(&word, &known.to_lowercase()), *known));
    distances
        .filter(|(far, known)| *far <= known.len().div_ceil(3))
        .min_by_key(|(far, _)| *far)
        .map(|(_, near)| near)
}

/// Insertions, removals and replacements from one word to the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (above, from) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (at, to) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[at + 1];
            row[at + 1] = replaced.min(row[at] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        assert_eq!(nearest("Histogramm", &["Counter", "Histogram"]), Some("Histogram"));
        assert_eq!(nearest("counter", &["Counter"]), Some("Counter"));
        assert_eq!(nearest("Summary", &["Counter", "Gauge", "Histogram"]), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
