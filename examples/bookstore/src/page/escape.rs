//! Text made safe for HTML.

use std::fmt::{self, Write};

/// Shows text so that it means itself in HTML, in an element as well as in a quoted attribute.
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_written_can_open_an_element_or_leave_an_attribute() {
        let hostile = r#"<script x='1' y="2">&amp;</script>"#;
        let safe = Escaped(hostile).to_string();
        assert_eq!(safe, "&lt;script x=&#39;1&#39; y=&quot;2&quot;&gt;&amp;amp;&lt;/script&gt;");
        assert_eq!(Escaped("Čapek").to_string(), "Čapek");
    }
}
