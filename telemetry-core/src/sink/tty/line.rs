//! One line of output: styled fragments of known width, cut and padded by columns.

use std::fmt::Write;

use anstyle::Style;
use unicode_width::UnicodeWidthChar;

/// Styled fragments. What is pushed as text is escaped, so it takes exactly the columns it seems to.
#[derive(Default)]
pub(super) struct Line {
    fragments: Vec<(Style, String)>,
    width: usize,
}

impl Line {
    /// Appends a text from anywhere, its control characters escaped.
    pub(super) fn push(&mut self, style: Style, text: &str) {
        let escaped = escaped(text);
        self.width += escaped.chars().map(columns).sum::<usize>();
        self.fragments.push((style, escaped));
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
            if colors && !style.is_plain() {
                let _ = write!(out, "{style}{text}{style:#}");
            } else {
                out.push_str(text);
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

fn columns(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// Appends a character as it is, or as an escape where it would steer the terminal or hide what follows.
fn push_escaped(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if c.is_control() || is_invisible(c) => out.extend(c.escape_unicode()),
        c => out.push(c),
    }
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
    fn blanks_at_the_end_are_left_out() {
        let mut line = line("a");
        line.pad_to(10);
        line.push(Style::new(), "  ");
        let mut out = String::new();
        line.write(&mut out, false);
        assert_eq!(out, "a\n");
    }
}
