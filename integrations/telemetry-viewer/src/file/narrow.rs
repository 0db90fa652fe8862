//! Which spans a search asks for, told from their rows without reading their traces.

use rusqlite::Row;
use telemetry_core::Status;

use crate::search::{Search, Term, contains};

/// What a row needs for [`Narrow::may_hold`], behind the start, the number and the trace.
pub(super) const COLUMNS: &str = "start_unix_nanos, id, trace_id, name, attributes, events";

/// The one term of a search by which spans are chosen: every trace that meets the search has a span that meets it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Narrow<'a> {
    /// Every span is as good as another.
    Nothing,
    /// Spans in error, for which there is an index.
    Errors,
    /// Spans of whose row this can hold.
    Term(&'a Term),
}

impl<'a> Narrow<'a> {
    /// By the term that most spans are likely not to meet.
    pub(super) fn of(search: &'a Search) -> Self {
        if search.terms.contains(&Term::Status(Status::Error)) {
            return Self::Errors;
        }
        let best =
            search.terms.iter().filter_map(|term| Some((rank(term)?, term))).min_by_key(|(rank, _)| *rank);
        best.map_or(Self::Nothing, |(_, term)| Self::Term(term))
    }

    /// The condition by which rows are chosen, to follow others.
    pub(super) const fn condition(self) -> &'static str {
        match self {
            Self::Errors => " AND status = 'error'",
            Self::Nothing | Self::Term(_) => "",
        }
    }

    /// Whether the span of a row can meet the term: always where it does, and seldom where it does not.
    pub(super) fn may_hold(self, row: &Row<'_>) -> rusqlite::Result<bool> {
        let Self::Term(term) = self else { return Ok(true) };
        let text = |column: usize| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str()?);
        let has = |part: &str| Ok(text(4)?.contains(part) || text(5)?.contains(part));
        let has_key = |key: &str| has(&written(key));
        match term {
            Term::Name(part) => Ok(contains(text(3)?, part)),
            Term::TraceId(beginning) => Ok(text(2)?.starts_with(beginning)),
            Term::HttpStatus(..) => Ok(has_key("http.status_code")? || has_key("http.response.status_code")?),
            Term::Route(_) => has_key("http.route"),
            Term::Equals(key, value) if is_written_alike(value) => Ok(has_key(key)? && has(value)?),
            Term::Equals(key, _) | Term::Contains(key, _) => has_key(key),
            Term::Service(_) | Term::Kind(_) | Term::Status(_) | Term::Longer(_) | Term::Shorter(_) => {
                Ok(true)
            }
        }
    }
}

/// The better ones first; none where a row alone cannot tell.
const fn rank(term: &Term) -> Option<u8> {
    match term {
        Term::TraceId(_) => Some(0),
        Term::Equals(..) => Some(1),
        Term::Contains(..) => Some(2),
        Term::Name(_) => Some(3),
        Term::HttpStatus(..) | Term::Route(_) => Some(4),
        Term::Service(_) | Term::Kind(_) | Term::Status(_) | Term::Longer(_) | Term::Shorter(_) => None,
    }
}

/// A key as JSON has it.
fn written(key: &str) -> String {
    serde_json::Value::from(key).to_string()
}

/// Whether JSON has a value as a person writes it, whatever its type. It may write numbers of many digits with an exponent,
/// and what is not a letter or a digit in several ways.
fn is_written_alike(value: &str) -> bool {
    const DIGITS: usize = 15;
    let plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b' '));
    let is_short = value.len() <= DIGITS || !value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    plain && is_short && !value.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(search: &str) -> String {
        let search = search.parse().unwrap();
        match Narrow::of(&search) {
            Narrow::Term(term) => format!("{term:?}"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn the_term_that_most_spans_do_not_meet_is_chosen() {
        assert_eq!(chosen("load book.id=17 route:/books kind:server"), r#"Equals("book.id", "17")"#);
        assert_eq!(chosen("book.id~17 load"), r#"Contains("book.id", "17")"#);
        assert_eq!(chosen("book.id=17 status:error"), "Errors");
        assert_eq!(chosen("status:5xx load"), r#"Name("load")"#);
        for search in ["", "kind:server", "duration>10ms status:ok service:shop"] {
            assert_eq!(chosen(search), "Nothing", "{search}");
        }
    }

    #[test]
    fn values_that_json_may_write_otherwise_are_not_looked_for_in_it() {
        assert!(["17", "-3", "GET", "true", "a-b_c d", "999999999999999"].into_iter().all(is_written_alike));
        assert!(
            !["", "1.5", "/books", "é", "\"", "1000000000000000000000"].into_iter().any(is_written_alike)
        );
    }
}
