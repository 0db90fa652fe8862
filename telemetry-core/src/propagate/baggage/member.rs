//! One member of a baggage: what a key, a value and properties may be.

use std::borrow::Cow;

use super::super::traceparent::trim;

/// A member as it stands in the header, without the blanks that are allowed around its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Member<'a> {
    pub(super) key: &'a str,
    /// Percent-encoded.
    pub(super) value: &'a str,
    pub(super) properties: Option<&'a str>,
}

/// A member that was read: its parts, of which the properties had blanks perhaps.
pub(super) struct Read<'a> {
    key: &'a str,
    value: &'a str,
    properties: Option<String>,
}

impl<'a> Member<'a> {
    /// A member of a list that is well formed.
    pub(super) fn of(text: &'a str) -> Option<Self> {
        let (head, properties) = match text.split_once(';') {
            Some((head, properties)) => (head, Some(properties)),
            None => (text, None),
        };
        let (key, value) = head.split_once('=')?;
        Some(Self { key, value, properties })
    }

    /// Reads what stands between two commas of a stranger's list, without blanks around it; none where it is malformed.
    pub(super) fn read(text: &'a [u8]) -> Option<Read<'a>> {
        let semicolon = text.iter().position(|byte| *byte == b';');
        let (head, properties) = match semicolon {
            Some(at) => (&text[..at], Some(properties_of(&text[at + 1..])?)),
            None => (text, None),
        };
        let (key, value) = pair(head)?;
        Some(Read { key, value: value?, properties: properties.filter(|text| !text.is_empty()) })
    }

    /// The member as a header has it.
    pub(super) fn text(&self) -> String {
        let Self { key, value, properties } = self;
        match properties {
            Some(properties) => [key, "=", value, ";", properties].concat(),
            None => [key, "=", value].concat(),
        }
    }
}

impl Read<'_> {
    /// The member without the blanks.
    pub(super) fn member(&self) -> Member<'_> {
        Member { key: self.key, value: self.value, properties: self.properties.as_deref() }
    }
}

/// Properties without the blanks around their parts; none where one is malformed. Empty ones go.
pub(super) fn properties_of(text: &[u8]) -> Option<String> {
    let mut properties = String::new();
    for text in text.split(|byte| *byte == b';').map(trim).filter(|text| !text.is_empty()) {
        let (key, value) = pair(text)?;
        if !properties.is_empty() {
            properties.push(';');
        }
        properties.push_str(key);
        if let Some(value) = value {
            properties.extend(["=", value]);
        }
    }
    Some(properties)
}

/// `key` or `key=value`, with blanks around each.
fn pair(text: &[u8]) -> Option<(&str, Option<&str>)> {
    let (key, value) = match text.iter().position(|byte| *byte == b'=') {
        Some(at) => (&text[..at], Some(trim(&text[at + 1..]))),
        None => (text, None),
    };
    let key = trim(key);
    if !is_token(key) || !value.is_none_or(|value| value.iter().all(|byte| is_octet(*byte))) {
        return None;
    }
    // Both are ASCII by now.
    let value = value.map(|value| std::str::from_utf8(value).unwrap_or_default());
    Some((std::str::from_utf8(key).ok()?, value))
}

/// Whether these are the characters of a token (RFC 9110).
pub(super) fn is_token(key: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !key.is_empty() && key.iter().all(allowed)
}

/// Whether a value may have this byte: visible, and none of `"`, `,`, `;` and `\`.
const fn is_octet(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e)
}

/// A value of any text, percent-encoded: what a value may not have, and `%` itself.
pub(super) fn encode(value: &str) -> Cow<'_, str> {
    let plain = |byte: u8| is_octet(byte) && byte != b'%';
    if value.bytes().all(plain) {
        return Cow::Borrowed(value);
    }
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = String::with_capacity(value.len() + 16);
    for byte in value.bytes() {
        if plain(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push(char::from(DIGITS[usize::from(byte >> 4)]));
            encoded.push(char::from(DIGITS[usize::from(byte & 0xf)]));
        }
    }
    Cow::Owned(encoded)
}

/// The text of a value. A `%` without two digits behind it stands for itself, what is no UTF-8 for U+FFFD, as W3C has it.
pub(super) fn decoded(value: &str) -> Cow<'_, str> {
    if !value.contains('%') {
        return Cow::Borrowed(value);
    }
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [first, behind @ ..] = rest {
        let escaped = match behind {
            [high, low, ..] if *first == b'%' => hex(*high).zip(hex(*low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &behind[2..] } else { behind };
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|digit| digit as u8)
}
