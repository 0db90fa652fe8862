//! From a line to its terms.

use std::str::FromStr;

use telemetry_core::{SpanKind, Status};

use super::duration;
use super::term::{Search, Term};

/// The longest line that is looked at, in bytes.
const MAX_BYTES: usize = 1_000;
/// The most terms.
const MAX_TERMS: usize = 16;
/// The fields, as they stand before a colon.
const FIELDS: &str = "name, route, service, kind, status or trace";

/// Why a search cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SearchError {
    /// There is too much of it.
    #[error("the search is too long, expected at most {MAX_BYTES} bytes and {MAX_TERMS} terms")]
    TooLong,
    /// A quotation mark has no counterpart.
    #[error("the search ends inside of quotation marks")]
    OpenQuote,
    /// A word before a colon is no field.
    #[error("there is no field {0:?}, expected {FIELDS}; text with a colon stands in quotation marks")]
    UnknownField(String),
    /// A field, comparison or attribute without its other side.
    #[error("{0:?} says nothing, expected something on both sides")]
    Incomplete(String),
    /// A value is not one of its field's.
    #[error("{field} cannot be {value:?}, expected {accepted}")]
    Value {
        /// The field.
        field: &'static str,
        /// What was given.
        value: String,
        /// What is accepted.
        accepted: &'static str,
    },
}

impl FromStr for Search {
    type Err = SearchError;

    fn from_str(line: &str) -> Result<Self, SearchError> {
        if line.len() > MAX_BYTES {
            return Err(SearchError::TooLong);
        }
        let words = words(line)?;
        if words.len() > MAX_TERMS {
            return Err(SearchError::TooLong);
        }
        Ok(Self { terms: words.into_iter().map(Word::term).collect::<Result<_, _>>()? })
    }
}

/// A word of the line; quotation marks keep blanks and signs together, and are not part of it.
#[derive(Debug, Default)]
struct Word {
    text: String,
    /// Where the first sign outside of quotation marks stands.
    sign: Option<(usize, char)>,
}

fn words(line: &str) -> Result<Vec<Word>, SearchError> {
    let (mut words, mut word, mut begun, mut quoted) = (Vec::new(), Word::default(), false, false);
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' => (begun, quoted) = (true, !quoted),
            '\\' if quoted && matches!(characters.peek(), Some('"' | '\\')) => {
                word.text.extend(characters.next());
            }
            blank if blank.is_whitespace() && !quoted => {
                if std::mem::take(&mut begun) {
                    words.push(std::mem::take(&mut word));
                }
            }
            other => {
                // The colons of a path in code are no sign.
                let path = other == ':' && (characters.peek() == Some(&':') || word.text.ends_with(':'));
                if !quoted && word.sign.is_none() && matches!(other, ':' | '=' | '~' | '<' | '>') && !path {
                    word.sign = Some((word.text.len(), other));
                }
                word.text.push(other);
                begun = true;
            }
        }
    }
    if quoted {
        return Err(SearchError::OpenQuote);
    }
    if begun {
        words.push(word);
    }
    Ok(words)
}

impl Word {
    fn term(self) -> Result<Term, SearchError> {
        let Some((at, sign)) = self.sign else { return Ok(Term::Name(self.text.to_lowercase())) };
        let (key, value) = (&self.text[..at], &self.text[at + 1..]);
        if key.is_empty() || (value.is_empty() && sign != '=') {
            return Err(SearchError::Incomplete(self.text));
        }
        match sign {
            ':' => field(key, value),
            '=' => Ok(Term::Equals(key.to_owned(), value.to_owned())),
            '~' => Ok(Term::Contains(key.to_owned(), value.to_lowercase())),
            _ => comparison(key, sign, value),
        }
    }
}

fn field(key: &str, value: &str) -> Result<Term, SearchError> {
    let refused = |field, accepted| SearchError::Value { field, value: value.to_owned(), accepted };
    match key.to_lowercase().as_str() {
        "name" => Ok(Term::Name(value.to_lowercase())),
        "route" => Ok(Term::Route(value.to_lowercase())),
        "service" => Ok(Term::Service(value.to_lowercase())),
        "kind" => kind(value)
            .map(Term::Kind)
            .ok_or_else(|| refused("kind", "internal, server, client, producer or consumer")),
        "status" => status(value)
            .ok_or_else(|| refused("status", "error, ok, unset, or an HTTP status such as 404 or 5xx")),
        "trace" if value.len() <= 32 && value.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            Ok(Term::TraceId(value.to_lowercase()))
        }
        "trace" => Err(refused("trace", "up to 32 hexadecimal digits")),
        _ => Err(SearchError::UnknownField(key.to_owned())),
    }
}

fn comparison(key: &str, sign: char, value: &str) -> Result<Term, SearchError> {
    if key != "duration" {
        return Err(SearchError::Incomplete(format!("{key}{sign}{value}")));
    }
    let nanos = duration::nanos(value).ok_or_else(|| SearchError::Value {
        field: "duration",
        value: value.to_owned(),
        accepted: "a number with a unit, such as 10ms, 1.5s or 250us",
    })?;
    Ok(if sign == '>' { Term::Longer(nanos) } else { Term::Shorter(nanos) })
}

fn kind(word: &str) -> Option<SpanKind> {
    const KINDS: [SpanKind; 5] =
        [SpanKind::Internal, SpanKind::Server, SpanKind::Client, SpanKind::Producer, SpanKind::Consumer];
    KINDS.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(word))
}

fn status(word: &str) -> Option<Term> {
    let lower = word.to_ascii_lowercase();
    let known =
        [Status::Unset, Status::Ok, Status::Error].into_iter().find(|status| status.as_str() == lower);
    if let Some(status) = known {
        return Some(Term::Status(status));
    }
    let (first, last) = match lower.strip_suffix("xx") {
        Some(class) => (class.parse::<u16>().ok()?.checked_mul(100)?, class.parse::<u16>().ok()? * 100 + 99),
        None => (lower.parse().ok()?, lower.parse().ok()?),
    };
    (first >= 100 && last <= 599).then_some(Term::HttpStatus(first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(line: &str) -> Vec<Term> {
        line.parse::<Search>().unwrap().terms
    }

    fn message(line: &str) -> String {
        line.parse::<Search>().unwrap_err().to_string()
    }

    #[test]
    fn each_field_has_its_term() {
        assert_eq!(terms(""), []);
        assert_eq!(terms("  Load "), [Term::Name("load".into())]);
        assert_eq!(terms("Cart::add"), [Term::Name("cart::add".into())]);
        assert_eq!(
            terms("name:GET route:/books/{id}"),
            [Term::Name("get".into()), Term::Route("/books/{id}".into())]
        );
        assert_eq!(
            terms("status:error status:404"),
            [Term::Status(Status::Error), Term::HttpStatus(404, 404)]
        );
        assert_eq!(
            terms("status:5XX kind:server"),
            [Term::HttpStatus(500, 599), Term::Kind(SpanKind::Server)]
        );
        assert_eq!(
            terms("duration>10ms duration<1.5s"),
            [Term::Longer(10_000_000), Term::Shorter(1_500_000_000)]
        );
        assert_eq!(
            terms("trace:00AF service:Shop"),
            [Term::TraceId("00af".into()), Term::Service("shop".into())]
        );
        assert_eq!(
            terms("book.id=17 db.statement~SELECT"),
            [
                Term::Equals("book.id".into(), "17".into()),
                Term::Contains("db.statement".into(), "select".into()),
            ]
        );
    }

    #[test]
    fn quotation_marks_keep_blanks_and_signs() {
        assert_eq!(terms("\"GET /books\""), [Term::Name("get /books".into())]);
        assert_eq!(terms("\"a:b=c\""), [Term::Name("a:b=c".into())]);
        assert_eq!(
            terms("title=\"The \\\"Sea\\\" \\\\\""),
            [Term::Equals("title".into(), "The \"Sea\" \\".into())]
        );
        assert_eq!(terms("url=http://x:1/?a=b"), [Term::Equals("url".into(), "http://x:1/?a=b".into())]);
        assert_eq!(terms("empty="), [Term::Equals("empty".into(), String::new())]);
        assert_eq!(terms("\"\""), [Term::Name(String::new())]);
    }

    #[test]
    fn a_mistake_says_what_is_accepted() {
        assert_eq!(
            message("statis:error"),
            "there is no field \"statis\", expected name, route, service, kind, status or trace; text with a colon stands in quotation marks"
        );
        assert_eq!(
            message("duration>10"),
            "duration cannot be \"10\", expected a number with a unit, such as 10ms, 1.5s or 250us"
        );
        assert_eq!(
            message("status:9xx"),
            "status cannot be \"9xx\", expected error, ok, unset, or an HTTP status such as 404 or 5xx"
        );
        assert_eq!(
            message("status:65535xx"),
            "status cannot be \"65535xx\", expected error, ok, unset, or an HTTP status such as 404 or 5xx"
        );
        assert_eq!(message("trace:xyz"), "trace cannot be \"xyz\", expected up to 32 hexadecimal digits");
        assert_eq!(message("\"open"), "the search ends inside of quotation marks");
        assert_eq!(message("name:"), "\"name:\" says nothing, expected something on both sides");
        assert_eq!(message("=x"), "\"=x\" says nothing, expected something on both sides");
        assert_eq!(message(&"x".repeat(1001)), message(&"x ".repeat(17)));
    }
}
