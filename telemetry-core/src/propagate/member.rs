//! The members of a `tracestate` list: what a key and a value may be.

use super::traceparent::trim;

/// Characters of a key, and of a value, at the most.
const LONGEST: usize = 256;
/// Characters of the two parts of a key with an `@`, at the most, as level 1 has it.
const LONGEST_TENANT: usize = 241;
const LONGEST_SYSTEM: usize = 14;

/// Which keys a `tracestate` may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Keys {
    /// What level 2 of W3C Trace Context allows: a letter or digit, then letters, digits, `_`, `-`, `*`, `/` and `@`,
    /// 256 characters in all.
    #[default]
    Level2,
    /// What level 1 allows as well: at most one `@`, between a tenant of 241 characters and a system of 14 that begins
    /// with a letter. For callers that refuse the keys that came with level 2.
    Level1,
}

/// A member that was read, or that there is none.
pub(super) enum Member<'a> {
    /// A key and its value.
    Pair(&'a str, &'a str),
    /// Nothing between two commas, which is allowed.
    Empty,
    /// Anything else.
    Malformed,
}

/// Reads what stands between two commas.
pub(super) fn read(text: &[u8], keys: Keys) -> Member<'_> {
    let text = trim(text);
    if text.is_empty() {
        return Member::Empty;
    }
    let Some(equals) = text.iter().position(|byte| *byte == b'=') else { return Member::Malformed };
    let (key, value) = (&text[..equals], &text[equals + 1..]);
    if !is_key(key, keys) || !is_value(value) {
        return Member::Malformed;
    }
    // Both are ASCII by now.
    match (std::str::from_utf8(key), std::str::from_utf8(value)) {
        (Ok(key), Ok(value)) => Member::Pair(key, value),
        _ => Member::Malformed,
    }
}

/// Whether these are the characters of a key.
pub(super) fn is_key(key: &[u8], keys: Keys) -> bool {
    let [b'a'..=b'z' | b'0'..=b'9', rest @ ..] = key else { return false };
    let allowed = |byte: &u8| {
        matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/' | b'@') && key.len() <= LONGEST
    };
    rest.iter().all(allowed) && (keys == Keys::Level2 || is_level_1(key))
}

/// Whether a key of level 2 is one of level 1.
fn is_level_1(key: &[u8]) -> bool {
    match key.iter().position(|byte| *byte == b'@') {
        None => key[0].is_ascii_lowercase(),
        Some(at) => {
            let (tenant, system) = (&key[..at], &key[at + 1..]);
            tenant.len() <= LONGEST_TENANT
                && system.len() <= LONGEST_SYSTEM
                && system.first().is_some_and(u8::is_ascii_lowercase)
                && !system.contains(&b'@')
        }
    }
}

/// Whether these are the characters of a value: printable, without comma and equals sign, the last one no space.
pub(super) fn is_value(value: &[u8]) -> bool {
    let allowed = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b',' | b'=');
    value.len() <= LONGEST && value.last().is_some_and(|last| *last != b' ') && value.iter().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_of_both_levels_of_the_second_or_of_none() {
        let long = |tenant: usize, system: usize| format!("{}@{}", "t".repeat(tenant), "v".repeat(system));
        for (key, level_2, level_1) in [
            ("a".to_owned(), true, true),
            ("foo".to_owned(), true, true),
            ("z".repeat(256), true, true),
            ("z".repeat(257), false, false),
            ("0abc".to_owned(), true, false),
            ("0abc@v".to_owned(), true, true),
            ("abcdefghijklmnopqrstuvwxyz0123456789_-*/@a-z0-9_-*/".to_owned(), true, true),
            ("foo@".to_owned(), true, false),
            ("foo@@bar".to_owned(), true, false),
            ("foo@bar@baz".to_owned(), true, false),
            ("foo@1".to_owned(), true, false),
            (long(241, 14), true, true),
            (long(242, 1), true, false),
            (long(1, 15), true, false),
            ("@foo".to_owned(), false, false),
            ("_foo".to_owned(), false, false),
            (String::new(), false, false),
            ("FOO".to_owned(), false, false),
            ("fOO".to_owned(), false, false),
            ("foo ".to_owned(), false, false),
            ("foo.bar".to_owned(), false, false),
            ("foö".to_owned(), false, false),
        ] {
            assert_eq!(is_key(key.as_bytes(), Keys::Level2), level_2, "{key}");
            assert_eq!(is_key(key.as_bytes(), Keys::Level1), level_1, "{key}");
        }
    }

    #[test]
    fn a_value_is_printable_and_ends_visibly() {
        let all: Vec<u8> = (b' '..=b'~').filter(|byte| !matches!(byte, b',' | b'=')).collect();
        for (value, valid) in [
            (&b"1"[..], true),
            (b"  1", true),
            (&all, true),
            (&[b'x'; 256], true),
            (&[b'x'; 257], false),
            (b"", false),
            (b" ", false),
            (b"1 ", false),
            (b"a=b", false),
            (b"a,b", false),
            (b"a\tb", false),
            (b"a\x7f", false),
            (b"\xc3\xb6", false),
        ] {
            assert_eq!(is_value(value), valid, "{:?}", String::from_utf8_lossy(value));
        }
    }
}
