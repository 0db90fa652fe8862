//! Attributes written in one variable, as OpenTelemetry's resource specification takes them over from W3C baggage.

/// Parses `key=value,key=value`, percent-decoded and trimmed. None where a pair has no `=` or no key, an entry is
/// empty, an escape is cut short or wrong, or the decoded bytes are not UTF-8: the specification discards the whole
/// then, never a part.
pub(super) fn parse(text: &str) -> Option<Vec<(String, String)>> {
    text.split(',')
        .map(|entry| {
            let (key, value) = entry.split_once('=')?;
            let key = decode(key.trim())?;
            (!key.is_empty()).then_some((key, decode(value.trim())?))
        })
        .collect()
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let (high, low) = (hex(rest.next()?)?, hex(rest.next()?)?);
            bytes.push(high << 4 | low);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn pairs_are_trimmed_and_decoded() {
        assert_eq!(parse("a=b"), Some(pairs(&[("a", "b")])));
        assert_eq!(
            parse(" team = books%2C%20and%20more , x=%C3%A9"),
            Some(pairs(&[("team", "books, and more"), ("x", "é")]))
        );
        assert_eq!(parse("empty=,q=a=b"), Some(pairs(&[("empty", ""), ("q", "a=b")])));
    }

    #[test]
    fn a_malformed_pair_discards_the_whole() {
        for bad in ["a", "=b", "a=b,", "a=b,,c=d", "a=%", "a=%4", "a=%zz", "a=%+1", "a=%ff", "a=b,c"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
