//! Text that a terminal shows and does not act on.

use std::borrow::Cow;

/// Writes out control characters, and those that turn the direction of what follows.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    if text.chars().any(acts) {
        let shown = |c: char| if acts(c) { c.escape_default().to_string() } else { c.to_string() };
        text.chars().map(shown).collect::<String>().into()
    } else {
        text.into()
    }
}

fn acts(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
