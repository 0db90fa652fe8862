//! What a collector answers, whichever way it was asked.

use std::time::Duration;

use http::Uri;

use crate::wire;

/// What came of one attempt at a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Taken, perhaps without a part of it.
    Accepted(Partial),
    /// Not taken now; to be tried again, after this time where the collector named one.
    Again { after: Option<Duration>, cause: String },
    /// Nobody answered: to be tried again too.
    Unanswered(String),
    /// Not taken, and never to be tried again.
    Refused(String),
}

/// What a collector that took a request says of the part it did not take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Partial {
    /// Spans or data points that were left out.
    pub(crate) rejected: u64,
    /// Why, or a warning where none was left out.
    pub(crate) message: String,
}

impl Partial {
    /// What the collector warns of although it took everything, as the specification lets it.
    pub(crate) fn warning(&self, address: &Uri) -> Option<String> {
        let warns = self.rejected == 0 && !self.message.is_empty();
        warns.then(|| format!("{address} took it all and warns: {}", self.message))
    }

    /// What is reported of the part that was left out.
    pub(crate) fn cause(&self, address: &Uri) -> String {
        match self.message.as_str() {
            "" => format!("{address} left a part out without a word"),
            message => format!("{address} left a part out: {message}"),
        }
    }

    /// Reads an `ExportTraceServiceResponse` or `ExportMetricsServiceResponse` in protobuf. A body that is none of them
    /// says nothing: that it was taken has been said by the status.
    pub(crate) fn from_protobuf(body: &[u8]) -> Self {
        let Some(partial) = wire::Message(body).bytes(1) else { return Self::default() };
        let message = wire::Message(partial);
        Self {
            rejected: message.varint(1).and_then(|count| u64::try_from(count as i64).ok()).unwrap_or(0),
            message: message.bytes(2).map(shown).unwrap_or_default(),
        }
    }

    /// Reads the same in JSON, where an `int64` is a string, and a number with some collectors.
    pub(crate) fn from_json(body: &[u8]) -> Self {
        let answer: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let partial = &answer["partialSuccess"];
        let rejected = [&partial["rejectedSpans"], &partial["rejectedDataPoints"]]
            .into_iter()
            .find_map(|count| count.as_u64().or_else(|| count.as_str()?.parse().ok()));
        Self {
            rejected: rejected.unwrap_or(0),
            message: partial["errorMessage"].as_str().map(|text| shown(text.as_bytes())).unwrap_or_default(),
        }
    }
}

/// The longest text of a collector's that is repeated.
const SHOWN: usize = 300;

/// A text of the collector's, fit for a line of a report: cut, and without control characters.
pub(crate) fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partial(rejected: u64, message: &str) -> Partial {
        Partial { rejected, message: message.to_owned() }
    }

    #[test]
    fn a_partial_success_is_read_in_both_encodings() {
        let bytes = [&[0x0a, 0x07, 0x08, 0x03, 0x12, 0x03][..], b"bad"].concat();
        assert_eq!(Partial::from_protobuf(&bytes), partial(3, "bad"));
        let spans = br#"{"partialSuccess":{"rejectedSpans":"3","errorMessage":"bad"}}"#;
        assert_eq!(Partial::from_json(spans), partial(3, "bad"));
        let points = br#"{"partialSuccess":{"rejectedDataPoints":4}}"#;
        assert_eq!(Partial::from_json(points), partial(4, ""));
    }

    #[test]
    fn a_whole_success_and_a_body_that_is_none_say_nothing() {
        for body in
            [&b""[..], b"{}", b"{\"partialSuccess\":{}}", b"<html>", b"\x0a\xff", b"\x0a\x00", b"null"]
        {
            assert_eq!(Partial::from_protobuf(body), partial(0, ""), "{body:?}");
            assert_eq!(Partial::from_json(body), partial(0, ""), "{body:?}");
        }
        // A count below zero, which no collector has reason to send.
        let negative = [0x0a, 0x0b, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(Partial::from_protobuf(&negative).rejected, 0);
    }

    #[test]
    fn what_a_collector_says_is_cut_and_stays_on_its_line() {
        assert_eq!(shown("a\nb\u{1b}[31m\u{e9}".as_bytes()), "a b [31m\u{e9}");
        assert_eq!(shown(&[b'x'; 10_000]).len(), SHOWN);
    }
}
