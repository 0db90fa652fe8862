//! Long texts over several lines.

use super::shape::{columns, shaped};

/// The lines a text is given at the most; what is beyond is told in the last of them.
const MAX_LINES: usize = 10;
/// How far the lines that go on stand in.
const INDENT: &str = "  ";
/// A tab, wherever it stands.
const TAB: &str = "    ";

/// The lines of a text, each of so many columns at the most and broken between words where that can be; none is empty at
/// the end. What is pushed of them needs no further escape.
pub(super) fn wrapped(text: &str, limit: usize) -> Vec<String> {
    let limit = limit.max(INDENT.len() + 2);
    let mut lines = Vec::new();
    for line in text.trim_end().lines() {
        wrap(&shaped(&line.trim_end().replace('\t', TAB)), limit, &mut lines);
    }
    if lines.len() > MAX_LINES {
        let more = lines.len() - (MAX_LINES - 1);
        lines.truncate(MAX_LINES - 1);
        lines.push(format!("… {more} more lines"));
    }
    lines
}

fn wrap(line: &str, limit: usize, out: &mut Vec<String>) {
    let mut rest = line;
    let mut indent = "";
    loop {
        let end = end_of_line(rest, limit - indent.len());
        out.push(format!("{indent}{}", rest[..end].trim_end()));
        rest = rest[end..].trim_start_matches(' ');
        if rest.is_empty() {
            return;
        }
        indent = INDENT;
    }
}

/// How much of a text goes on a line: all of it, up to its last blank, or what has room.
fn end_of_line(text: &str, limit: usize) -> usize {
    let (mut width, mut blank) = (0, None);
    for (at, c) in text.char_indices() {
        width += columns(c);
        if c == ' ' && !text[..at].trim_end().is_empty() {
            blank = Some(at);
        }
        if width > limit {
            return blank.unwrap_or(at).max(text.chars().next().map_or(0, char::len_utf8));
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words() {
        let text = "could not run\n  caused by: the connection was refused";
        assert_eq!(wrapped(text, 24), ["could not run", "  caused by: the", "  connection was refused"]);
        assert_eq!(wrapped(text, 80), ["could not run", "  caused by: the connection was refused"]);
    }

    #[test]
    fn long_words_and_wide_characters_are_broken_where_they_must_be() {
        assert_eq!(wrapped("abcdefghij", 6), ["abcdef", "  ghij"]);
        assert_eq!(wrapped("日本語日本語", 6), ["日本語", "  日本", "  語"]);
        assert_eq!(wrapped("日本", 0), ["日本"]);
        assert_eq!(wrapped("", 10), [""; 0]);
    }

    #[test]
    fn many_lines_are_cut_and_counted() {
        let lines: Vec<String> = (1..=30).map(|line| format!("line {line}\r\n")).collect();
        let text = lines.concat();
        let lines = wrapped(&(text + "\n\n"), 40);
        assert_eq!(lines.len(), MAX_LINES);
        assert_eq!((&*lines[0], &*lines[8], &*lines[9]), ("line 1", "line 9", "… 21 more lines"));
    }

    #[test]
    fn what_steers_is_escaped_but_for_the_ends_of_lines() {
        assert_eq!(wrapped("a\x1b[2J\n\tb\rc", 40), ["a\\u{1b}[2J", "    b\\rc"]);
    }
}
