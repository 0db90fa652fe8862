//! One line of output: styled fragments of known width, cut and padded by columns.

use std::fmt::Write;

use super::shape::{columns, runs_from_the_right, shaped};
use anstyle::Style;

/// Around what runs from right to left, so that a terminal which turns it does not take the rest of the line along. Others
/// show nothing for them.
const ISOLATE: &str = "\u{2068}";
const END_OF_ISOLATE: &str = "\u{2069}";

/// Styled fragments. What is pushed as text is escaped, so it takes exactly the columns it seems to.
#[derive(Default)]
pub(super) struct Line {
    fragments: Vec<(Style, String)>,
    width: usize,
}

impl Line {
    /// Appends a text from anywhere, its control characters escaped and in a shape that takes the same columns everywhere.
    pub(super) fn push(&mut self, style: Style, text: &str) {
        self.push_shaped(style, shaped(text));
    }

    /// Appends a text that has been shaped.
    pub(super) fn push_shaped(&mut self, style: Style, text: String) {
        self.width += text.chars().map(columns).sum::<usize>();
        self.fragments.push((style, text));
    }

    /// The columns it takes.
    pub(super) const fn width(&self) -> usize {
        self.width
    }

    /// Appends blanks up to a column; nothing when the line is there already.
    pub(super) fn pad_to(&mut self, column: usize) {
        if self.width < column {
            self.push(Style::new(), &" ".repeat(column - self.width));
        }
    }

    /// Cuts to so many columns; what goes is replaced by one `…`.
    pub(super) fn cut_to(&mut self, limit: usize) {
        if self.width <= limit {
            return;
        }
        let mut left = limit.saturating_sub(1);
        let mut kept = Vec::new();
        let mut last = Style::new();
        'fragments: for (style, text) in std::mem::take(&mut self.fragments) {
            last = style;
            for (at, c) in text.char_indices() {
                let Some(rest) = left.checked_sub(columns(c)) else {
                    kept.push((style, text[..at].to_owned()));
                    break 'fragments;
                };
                left = rest;
            }
            kept.push((style, text));
        }
        self.fragments = kept;
        self.width = limit.saturating_sub(1) - left;
        if limit > 0 {
            self.push(last, "…");
        }
    }

    /// Appends the line and its end, without blanks at the end, with colours or without.
    pub(super) fn write(mut self, out: &mut String, colors: bool) {
        while let Some((_, text)) = self.fragments.last_mut() {
            text.truncate(text.trim_end_matches(' ').len());
            if !text.is_empty() {
                break;
            }
            self.fragments.pop();
        }
        for (style, text) in &self.fragments {
            let (before, after) =
                if runs_from_the_right(text) { (ISOLATE, END_OF_ISOLATE) } else { ("", "") };
            if colors && !style.is_plain() {
                let _ = write!(out, "{style}{before}{text}{after}{style:#}");
            } else {
                let _ = write!(out, "{before}{text}{after}");
            }
        }
        out.push('\n');
    }
}

/// A text from anywhere, its control characters escaped.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        push_escaped(&mut escaped, c);
    }
    escaped
}

/// Appends a character as it is, or as an escape where it would steer the terminal or hide what follows.
pub(super) fn push_escaped(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if is_escaped(c) => out.extend(c.escape_unicode()),
        c => out.push(c),
    }
}

/// Whether a character is shown as an escape.
pub(super) fn is_escaped(c: char) -> bool {
    c.is_control() || is_invisible(c)
}

/// Characters without a shape of their own that reorder or separate text.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Line {
        let mut line = Line::default();
        line.push(Style::new(), text);
        line
    }

    fn cut(text: &str, limit: usize) -> String {
        let mut line = line(text);
        line.cut_to(limit);
        assert!(line.width <= limit);
        let mut out = String::new();
        line.write(&mut out, false);
        out.trim_end_matches('\n').to_owned()
    }

    #[test]
    fn lines_are_cut_by_columns() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdef", 5), "abcd…");
        assert_eq!(cut("日本語", 6), "日本語");
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("abc", 1), "…");
        assert_eq!(cut("abc", 0), "");
    }

    #[test]
    fn a_cut_falls_into_the_right_fragment() {
        let mut line = line("abc");
        line.push(Style::new().bold(), "def");
        line.cut_to(5);
        line.pad_to(8);
        line.push(Style::new(), "|");
        let mut out = String::new();
        line.write(&mut out, true);
        let bold = Style::new().bold();
        assert_eq!(out, format!("abc{bold}d{bold:#}{bold}…{bold:#}   |\n"));
    }

    #[test]
    fn hostile_text_cannot_steer_the_terminal() {
        assert_eq!(cut("a\x1b[31mb", 40), "a\\u{1b}[31mb");
        assert_eq!(cut("a\nb\rc\td\u{7f}\u{9b}", 40), "a\\nb\\rc\\td\\u{7f}\\u{9b}");
        assert_eq!(cut("\u{202e}abc\u{200b}", 40), "\\u{202e}abc\\u{200b}");
    }

    #[test]
    fn what_runs_from_right_to_left_is_isolated_also_where_it_is_cut() {
        let mut line = line("a ");
        line.push(Style::new(), "שלום עולם");
        line.push(Style::new(), " 12 ms");
        let mut out = String::new();
        line.write(&mut out, false);
        assert_eq!(out, "a \u{2068}שלום עולם\u{2069} 12 ms\n");
        assert_eq!(cut("שלום עולם", 6), "\u{2068}שלום \u{2069}…");
    }

    #[test]
    fn blanks_at_the_end_are_left_out() {
        let mut line = line("a");
        line.pad_to(10);
        line.push(Style::new(), "  ");
        let mut out = String::new();
        line.write(&mut out, false);
        assert_eq!(out, "a\n");
    }
}
