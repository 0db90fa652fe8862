//! Text of others in a shape whose columns are the same in every terminal.
//!
//! Terminals agree on the columns of a character, and on little beyond: whether a sequence of emoji is drawn as one, and in
//! how many columns; whether text that runs from right to left takes what stands beside it along. So emoji come in their
//! plain form, and what runs from right to left is isolated (UAX #9) when it is written.

use unicode_width::UnicodeWidthChar;

use super::line::{is_escaped, push_escaped};

/// The marks one character may bear; more would run into the lines above and below.
const MAX_MARKS: usize = 4;
/// Bears a mark that has nothing to stand on.
const DOTTED_CIRCLE: char = '◌';

/// The columns a character takes.
pub(super) fn columns(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// A text with its control characters escaped, in its plain form.
pub(super) fn shaped(text: &str) -> String {
    let mut shaped = String::with_capacity(text.len());
    // The character that marks and joiners would belong to, and how many it bears.
    let mut base = None;
    let mut marks = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let follows_emoji = base.is_some_and(is_emoji);
        match c {
            // Which glyph, and which skin.
            '\u{fe0e}' | '\u{fe0f}' if base.is_some() => {}
            '\u{1f3fb}'..='\u{1f3ff}' if follows_emoji => {}
            // Several as one, which takes two columns or two for each.
            '\u{200d}' if follows_emoji && chars.peek().copied().is_some_and(is_emoji) => {}
            // Between letters of scripts that join, they are spelling.
            '\u{200c}' | '\u{200d}'
                if base.is_some_and(joins) && chars.peek().copied().is_some_and(joins) =>
            {
                shaped.push(c);
            }
            c if is_escaped(c) => {
                push_escaped(&mut shaped, c);
                (base, marks) = (None, 0);
            }
            c if c.width() == Some(0) && marks == MAX_MARKS => shaped.extend(c.escape_unicode()),
            c if c.width() == Some(0) => {
                if base.is_none() {
                    shaped.push(DOTTED_CIRCLE);
                    base = Some(DOTTED_CIRCLE);
                }
                shaped.push(c);
                marks += 1;
            }
            c => {
                shaped.push(c);
                (base, marks) = ((c != ' ').then_some(c), 0);
            }
        }
    }
    shaped
}

/// Whether any of it runs from right to left: Hebrew, Arabic, and the scripts beside them.
pub(super) fn runs_from_the_right(text: &str) -> bool {
    text.chars().any(|c| {
        matches!(
            c,
            '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' | '\u{10800}'..='\u{10fff}'
                | '\u{1e800}'..='\u{1efff}'
        )
    })
}

/// Whether joiners beside it can be spelling.
fn joins(c: char) -> bool {
    !c.is_ascii() && (c.is_alphabetic() || c.width() == Some(0))
}

const fn is_emoji(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    #[test]
    fn emoji_come_in_their_plain_form() {
        for (text, expected) in [
            ("👩\u{200d}👩\u{200d}👧\u{200d}👦 family", "👩👩👧👦 family"),
            ("👍🏽 thumbs", "👍 thumbs"),
            ("❤\u{fe0f} heart", "❤ heart"),
            ("❤\u{fe0f}\u{200d}🔥", "❤🔥"),
            ("🇯🇵", "🇯🇵"),
            ("1\u{fe0f}\u{20e3}", "1\u{20e3}"),
            ("🏽", "🏽"),
        ] {
            let shaped = shaped(text);
            assert_eq!(shaped, expected);
            // However its columns are counted, they are the same.
            assert_eq!(shaped.chars().map(columns).sum::<usize>(), shaped.width(), "{text}");
        }
    }

    #[test]
    fn joiners_stay_where_they_are_spelling_and_are_told_elsewhere() {
        assert_eq!(shaped("می\u{200c}خواهم"), "می\u{200c}خواهم");
        assert_eq!(shaped("क\u{94d}\u{200d}ष"), "क\u{94d}\u{200d}ष");
        for (text, expected) in [
            ("pay\u{200d}pal", "pay\\u{200d}pal"),
            ("\u{200c}a", "\\u{200c}a"),
            ("👩\u{200d}", "👩\\u{200d}"),
            ("\u{200b}zero", "\\u{200b}zero"),
        ] {
            assert_eq!(shaped(text), expected);
        }
    }

    #[test]
    fn marks_have_something_to_stand_on_and_do_not_pile_up() {
        assert_eq!(shaped("e\u{301}a\u{300}"), "e\u{301}a\u{300}");
        assert_eq!(shaped("\u{301}a"), "◌\u{301}a");
        assert_eq!(shaped("a \u{301}b"), "a ◌\u{301}b");
        let zalgo = format!("z{}", "\u{351}".repeat(6));
        assert_eq!(shaped(&zalgo), format!("z{}\\u{{351}}\\u{{351}}", "\u{351}".repeat(4)));
        assert_eq!(shaped("\u{fe0f}x"), "◌\u{fe0f}x");
    }

    #[test]
    fn what_steers_is_escaped() {
        assert_eq!(shaped("a\u{202e}b\u{1b}[2J\n"), "a\\u{202e}b\\u{1b}[2J\\n");
        assert_eq!(shaped("\u{2066}x\u{2069}"), "\\u{2066}x\\u{2069}");
    }

    #[test]
    fn scripts_from_the_right_are_known() {
        assert!(["שלום", "abc مكتبة", "ﷺ", "𞤀"].into_iter().all(runs_from_the_right));
        assert!(!["abc", "日本", "книга", "é", "ᚠ"].into_iter().any(runs_from_the_right));
    }
}
