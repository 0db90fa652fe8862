//! The known word a mistyped one was most likely meant to be.

/// The candidate nearest to `word`, whatever its case; none where more than a third of the letters (and more than
/// two) would have to change.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.to_ascii_lowercase().chars().collect();
    candidates
        .into_iter()
        .map(|candidate| {
            let letters: Vec<char> = candidate.to_ascii_lowercase().chars().collect();
            (distance(&word, &letters), letters.len().max(word.len()), candidate)
        })
        .filter(|(distance, length, _)| *distance <= (length / 3).max(2).min(length.saturating_sub(1)))
        .min_by_key(|(distance, ..)| *distance)
        .map(|(.., candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before_last = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.iter().enumerate() {
        let mut row = vec![i + 1; b.len() + 1];
        for (j, other) in b.iter().enumerate() {
            let replaced = last[j] + usize::from(letter != other);
            row[j + 1] = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *letter == b[j - 1] && a[i - 1] == *other {
                row[j + 1] = row[j + 1].min(before_last[j - 1] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_find_their_word() {
        let known = ["SAMPLE_RATIO", "SERVICE_NAME", "SINKS"];
        assert_eq!(nearest("SAMPLE_RATE", known), Some("SAMPLE_RATIO"));
        assert_eq!(nearest("SERVCIE_NAME", known), Some("SERVICE_NAME"));
        assert_eq!(nearest("sinks", known), Some("SINKS"));
        assert_eq!(nearest("SINK", known), Some("SINKS"));
    }

    #[test]
    fn words_far_from_all_find_none() {
        let known = ["SAMPLE_RATIO", "SERVICE_NAME", "SINKS"];
        assert_eq!(nearest("PORT_8080_TCP_ADDR", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest("ab", ["cd"]), None);
    }
}
