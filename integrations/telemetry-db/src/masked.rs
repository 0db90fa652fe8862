//! Statements without the data in them.

use crate::system::System;

/// What stands in place of a literal.
const MASK: char = '?';

/// A statement with every literal replaced by `?`, comments left out, and all white space made single spaces.
///
/// Literals are texts in single quotes (with their prefixes, such as `x''`), texts between dollar signs, numbers, and
/// texts in double quotes where these may hold text. Names, placeholders (`?1`, `$1`, `:name`, `@name`) and keywords
/// stay. Where a backslash in a text leaves open where the text ends, or a text or comment does not end, the rest is
/// masked as one: rather too much is left out than anything let through.
///
/// # Examples
/// ```
/// use telemetry_db::{System, masked};
/// let statement = "SELECT title FROM books -- by shelf\n WHERE shelf = 'O''Brien' AND id IN (1, -2.5e3) AND n = $1";
/// assert_eq!(
///     masked(System::Postgresql, statement),
///     "SELECT title FROM books WHERE shelf = ? AND id IN (?, -?) AND n = $1"
/// );
/// ```
pub fn masked(system: System, statement: &str) -> String {
    let mut masking = Masking { system, rest: statement, out: String::with_capacity(statement.len()) };
    while masking.step() {}
    let end = masking.out.trim_end().len();
    masking.out.truncate(end);
    masking.out
}

struct Masking<'a> {
    system: System,
    rest: &'a str,
    out: String,
}

impl Masking<'_> {
    /// Takes the next part of the statement; false when there is none.
    fn step(&mut self) -> bool {
        let rest = self.rest;
        let Some(first) = rest.chars().next() else { return false };
        match first {
            _ if first.is_whitespace() => self.skip(first.len_utf8()),
            '-' if rest.starts_with("--") => self.skip(line(rest)),
            '#' if self.system.has_hash_comments() => self.skip(line(rest)),
            '/' if rest.starts_with("/*") => {
                self.skip(rest[2..].find("*/").map_or(rest.len(), |end| end + 4));
            }
            '\'' => self.mask(quoted(rest, '\'')),
            '"' if self.system.has_text_in_double_quotes() => self.mask(quoted(rest, '"')),
            '"' | '`' => self.keep(name(rest, first)),
            '$' => match dollar_quoted(rest) {
                Some(length) => self.mask(length),
                None => self.keep(1 + word(&rest[1..])),
            },
            ':' | '@' | '?' => self.keep(1 + word(&rest[1..])),
            '0'..='9' => self.mask(number(rest)),
            '.' if rest[1..].starts_with(|next: char| next.is_ascii_digit()) => self.mask(number(rest)),
            _ if is_word(first) => {
                let length = word(rest);
                // A prefix belongs to the text behind it: `x'ff'`, `N'…'`, `E'…'`.
                if rest[length..].starts_with('\'') {
                    self.mask(length + quoted(&rest[length..], '\''));
                } else {
                    self.keep(length);
                }
            }
            _ => self.keep(first.len_utf8()),
        }
        true
    }

    /// Leaves so many bytes out; what stood on both sides stays apart.
    fn skip(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
        if !self.out.is_empty() && !self.out.ends_with(' ') {
            self.out.push(' ');
        }
    }

    fn mask(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
        self.out.push(MASK);
    }

    fn keep(&mut self, bytes: usize) {
        let (kept, rest) = self.rest.split_at(bytes);
        self.out.push_str(kept);
        self.rest = rest;
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The length of the name, number or keyword at the beginning.
fn word(text: &str) -> usize {
    text.find(|character| !is_word(character) && character != '$').unwrap_or(text.len())
}

/// The length of the rest of a line.
fn line(text: &str) -> usize {
    text.find('\n').unwrap_or(text.len())
}

/// The length of a text in quotes, doubled ones included; of all that follows where its end is not certain.
fn quoted(text: &str, quote: char) -> usize {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character == '\\' {
            // An escape in some dialects and none in others: the quote behind it may end the text, or may not.
            return text.len();
        }
        if character == quote && characters.next_if(|(_, next)| *next == quote).is_none() {
            return at + quote.len_utf8();
        }
    }
    text.len()
}

/// The length of a name in quotes; of the quote alone where it does not end.
fn name(text: &str, quote: char) -> usize {
    text[1..].find(quote).map_or(1, |end| end + 2)
}

/// The length of a text between dollar signs, `$$…$$` or `$tag$…$tag$`.
fn dollar_quoted(text: &str) -> Option<usize> {
    let tag = 2 + text[1..].find('$').filter(|end| text[1..=*end].chars().all(is_word))?;
    if text[1..].starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    Some(text[tag..].find(&text[..tag]).map_or(text.len(), |end| tag + end + tag))
}

/// The length of a number: digits, a fraction, an exponent, or digits of another base.
fn number(text: &str) -> usize {
    let mut before = ' ';
    let ends = |character: char| {
        let sign = matches!(character, '+' | '-') && matches!(before, 'e' | 'E') && !text.starts_with("0x");
        before = character;
        !(is_word(character) || character == '.' || sign)
    };
    text.find(ends).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_masked_and_all_else_stays() {
        for (statement, expected) in [
            ("SELECT 1", "SELECT ?"),
            (
                "SELECT a1, b_2 FROM t3 WHERE c = -1.5e-3 AND d = 0xFF AND e = .5",
                "SELECT a1, b_2 FROM t3 WHERE c = -? AND d = ? AND e = ?",
            ),
            ("INSERT INTO t VALUES ('it''s', x'ff', N'n', E'e')", "INSERT INTO t VALUES (?, ?, ?, ?)"),
            (
                "SELECT * FROM t WHERE a = ? AND b = ?2 AND c = :c AND d = @d AND e = $1",
                "SELECT * FROM t WHERE a = ? AND b = ?2 AND c = :c AND d = @d AND e = $1",
            ),
            ("SELECT $$text$$, $tag$ it's $$ $tag$, 1", "SELECT ?, ?, ?"),
            ("SELECT/* 'a' */1 -- 'b'\n, 2", "SELECT ? , ?"),
            ("  SELECT\n\t a ,\u{a0}b  ", "SELECT a , b"),
            ("SELECT \"name 1\", `name 2` FROM t", "SELECT \"name 1\", `name 2` FROM t"),
            ("SELECT größe FROM bücher WHERE jahr=1999", "SELECT größe FROM bücher WHERE jahr=?"),
            ("SELECT a::int FROM t LIMIT 10;", "SELECT a::int FROM t LIMIT ?;"),
            ("", ""),
        ] {
            assert_eq!(masked(System::Postgresql, statement), expected, "{statement}");
        }
    }

    #[test]
    fn what_cannot_be_told_apart_is_masked_to_the_end() {
        for statement in [
            "SELECT 'a\\', 'secret'",
            "SELECT 'a\\'secret'",
            "SELECT 'secret",
            "SELECT $a$secret",
            "SELECT E'\\'' || 'secret'",
        ] {
            assert_eq!(masked(System::Postgresql, statement), "SELECT ?", "{statement}");
        }
        assert_eq!(masked(System::Postgresql, "SELECT /* secret"), "SELECT");
        assert_eq!(masked(System::Postgresql, "SELECT /*/ secret */ 1"), "SELECT ?");
    }

    #[test]
    fn dialects_differ_in_double_quotes_and_comments() {
        let statement = "SELECT \"a\" # b";
        assert_eq!(masked(System::Mysql, statement), "SELECT ?");
        assert_eq!(masked(System::Sqlite, statement), "SELECT ? # b");
        assert_eq!(masked(System::Postgresql, statement), "SELECT \"a\" # b");
        assert_eq!(masked(System::Other("x"), "SELECT \"a\""), "SELECT ?");
    }

    #[test]
    fn whatever_the_text_it_ends_and_nothing_in_quotes_is_left() {
        // Every sequence of four of these, which are what the parts begin and end with.
        let parts = ["'", "\"", "$", "$a$", "-", "--", "/*", "*/", "\\", "1", "e", ".", "\n", "é", "?", ":"];
        for number in 0..parts.len().pow(4) {
            let at = |place: u32| parts[number / parts.len().pow(place) % parts.len()];
            let statement = [at(0), at(1), at(2), at(3)].concat();
            let once = masked(System::Sqlite, &statement);
            assert!(!once.contains(['\'', '"', '\n']), "{statement:?} became {once:?}");
            // Names in quotes may hold anything.
            assert!(masked(System::Postgresql, &statement).len() <= statement.len() + 4);
        }
    }
}
