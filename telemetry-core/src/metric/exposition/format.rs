//! The formats metrics can be written in, and which one a client wants.

/// A text format for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// The Prometheus text format 0.0.4.
    #[default]
    Text,
    /// `OpenMetrics` 1.0, with exemplars.
    OpenMetrics,
}

/// The highest quality a client can give, in thousandths.
const BEST: u16 = 1_000;

impl Format {
    /// The media type, for a `Content-Type` header.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => super::CONTENT_TYPE,
            Self::OpenMetrics => super::OPEN_METRICS_CONTENT_TYPE,
        }
    }

    /// The format for a client that sends this `Accept` header (RFC 9110, section 12.5.1); several such headers are one
    /// joined by commas.
    ///
    /// The one of higher quality is taken, where the most specific range decides about each; of two alike, the one
    /// that is named more exactly, and `OpenMetrics` where both are named. Without a header, and where neither is
    /// accepted, it is the text format 0.0.4, which every scraper reads. A range that asks for another version of a
    /// format does not mean it; parts that are not to be understood are passed over.
    ///
    /// # Examples
    /// ```
    /// use telemetry_core::metric::exposition::Format;
    ///
    /// let prometheus = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    /// assert_eq!(Format::negotiate(Some(prometheus)), Format::OpenMetrics);
    /// assert_eq!(Format::negotiate(Some("application/openmetrics-text;q=0.4, text/plain;q=0.5")), Format::Text);
    /// assert_eq!(Format::negotiate(Some("*/*")), Format::Text);
    /// assert_eq!(Format::negotiate(None), Format::Text);
    /// ```
    pub fn negotiate(accept: Option<&str>) -> Self {
        let Some(accept) = accept else { return Self::Text };
        let ranges: Vec<Range<'_>> = parts(accept, b',').filter_map(Range::parse).collect();
        let text = Self::Text.preference(&ranges);
        let open_metrics = Self::OpenMetrics.preference(&ranges);
        let named = open_metrics.exactness == Exactness::Type;
        let wins = open_metrics > text || (open_metrics == text && named);
        if open_metrics.quality > 0 && wins { Self::OpenMetrics } else { Self::Text }
    }

    /// What the ranges say of this format: its quality by the most specific one.
    fn preference(self, ranges: &[Range<'_>]) -> Preference {
        let of = |range: &Range<'_>| {
            let exactness = range.exactness(self)?;
            Some((exactness, range.quality))
        };
        let best = ranges.iter().filter_map(of).max();
        let (exactness, quality) = best.unwrap_or((Exactness::Anything, 0));
        Preference { quality, exactness }
    }

    const fn media_type(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Text => ("text", "plain", "0.0.4"),
            Self::OpenMetrics => ("application", "openmetrics-text", "1.0.0"),
        }
    }
}

/// How much a client wants a format; of equal quality, the one it names more exactly.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Preference {
    quality: u16,
    exactness: Exactness,
}

/// How exactly a range names a format.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Exactness {
    Anything,
    Family,
    Type,
}

/// One range of an `Accept` header.
struct Range<'a> {
    family: &'a str,
    subtype: &'a str,
    version: Option<&'a str>,
    /// In thousandths.
    quality: u16,
}

impl<'a> Range<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parameters = parts(text, b';');
        let (family, subtype) = parameters.next()?.split_once('/')?;
        let mut range = Self { family, subtype: subtype.trim(), version: None, quality: BEST };
        for parameter in parameters {
            let Some((name, value)) = parameter.split_once('=') else { continue };
            let value = value.trim().trim_matches('"');
            if name.trim().eq_ignore_ascii_case("q") {
                range.quality = quality(value)?;
            } else if name.trim().eq_ignore_ascii_case("version") {
                range.version = Some(value);
            }
        }
        Some(range)
    }

    /// How exactly it names a format, if it does.
    fn exactness(&self, format: Format) -> Option<Exactness> {
        let (family, subtype, version) = format.media_type();
        match (self.family, self.subtype) {
            ("*", "*") => Some(Exactness::Anything),
            (own, "*") => own.eq_ignore_ascii_case(family).then_some(Exactness::Family),
            (own, name) => {
                let same = own.eq_ignore_ascii_case(family) && name.eq_ignore_ascii_case(subtype);
                (same && self.version.is_none_or(|own| own == version)).then_some(Exactness::Type)
            }
        }
    }
}

/// The parts between separators that stand outside quotes, without the space around them.
fn parts(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (mut quoted, mut escaped) = (false, false);
        let end = text.bytes().position(|byte| {
            let is_plain = !escaped;
            escaped = quoted && is_plain && byte == b'\\';
            quoted ^= is_plain && byte == b'"';
            byte == separator && !quoted
        });
        let (part, after) = end.map_or((text, None), |end| (&text[..end], Some(&text[end + 1..])));
        rest = after;
        Some(part.trim())
    })
}

/// A quality in thousandths: `0` to `1` with at most three digits behind the point.
fn quality(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths =
        fraction.bytes().zip([100, 10, 1]).map(|(digit, weight)| u16::from(digit - b'0') * weight).sum();
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(BEST),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_format_of_higher_quality_is_taken() {
        use Format::{OpenMetrics, Text};
        for (accept, expected) in [
            // What Prometheus 2 and 3 send, and curl, and a browser.
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                OpenMetrics,
            ),
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
                OpenMetrics,
            ),
            ("text/plain;version=0.0.4;q=0.5,*/*;q=0.1", Text),
            ("*/*", Text),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Text),
            ("", Text),
            // Each alone.
            ("application/openmetrics-text", OpenMetrics),
            ("Application/OpenMetrics-Text ; Version = 1.0.0 ; charset=utf-8", OpenMetrics),
            ("application/openmetrics-text; version=\"1.0.0\"", OpenMetrics),
            ("text/plain", Text),
            ("application/*", OpenMetrics),
            ("text/*", Text),
            // Another version is another format.
            ("application/openmetrics-text;version=2.0.0", Text),
            ("application/openmetrics-text;version=0.0.1", Text),
            ("application/openmetrics-text;version=0.0.1,text/plain;q=0.1", Text),
            ("application/openmetrics-text,text/plain;version=1.0.0", OpenMetrics),
            // The higher quality, whatever the order.
            ("text/plain;q=0.9,application/openmetrics-text;q=0.91", OpenMetrics),
            ("application/openmetrics-text;q=0.9,text/plain;q=0.91", Text),
            ("application/openmetrics-text;q=0.1,*/*;q=0.2", Text),
            ("application/openmetrics-text;q=0.001", OpenMetrics),
            ("application/openmetrics-text;q=0.333,text/plain;q=0.33", OpenMetrics),
            // Of two alike, the one that is named more exactly.
            ("text/plain,application/openmetrics-text", OpenMetrics),
            ("*/*,application/openmetrics-text", OpenMetrics),
            ("*/*,text/plain", Text),
            ("application/*,text/plain", Text),
            // Not at all.
            ("application/openmetrics-text;q=0", Text),
            ("application/openmetrics-text;q=0,*/*", Text),
            ("text/plain;q=0,*/*;q=0.1", OpenMetrics),
            ("text/plain;q=0", Text),
            ("application/json", Text),
            // The most specific range decides.
            ("*/*;q=1,application/openmetrics-text;q=0.1,text/plain;q=0.2", Text),
            ("application/*;q=0.1,application/openmetrics-text;q=0.9,text/plain;q=0.5", OpenMetrics),
            // What is not to be understood is passed over.
            ("application/openmetrics-text;q=2,text/plain;q=0.1", Text),
            ("application/openmetrics-text;q=0.5555,text/plain;q=0.1", Text),
            ("application/openmetrics-text;q=,text/plain;q=0.1", Text),
            ("openmetrics,,;;=,application/openmetrics-text", OpenMetrics),
            ("x/y;a=\"b,application/openmetrics-text\"", Text),
            ("x/y;a=\"\\\",application/openmetrics-text", Text),
            ("x/y;a=\"\\\\\",application/openmetrics-text", OpenMetrics),
        ] {
            assert_eq!(Format::negotiate(Some(accept)), expected, "{accept}");
        }
        assert_eq!(Format::negotiate(None), Text);
    }

    #[test]
    fn qualities_are_those_of_the_standard() {
        let known = ["0", "0.", "0.5", "0.05", "0.005", "1", "1.", "1.000"].map(quality);
        assert_eq!(
            known,
            [Some(0), Some(0), Some(500), Some(50), Some(5), Some(1_000), Some(1_000), Some(1_000)]
        );
        for wrong in ["", "1.001", "2", ".5", "0,5", "0.+5", "-0", "0.1234", "nan", "٠"] {
            assert_eq!(quality(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_header_gets_an_answer(accept in ".{0,60}|[a-z*/;,=\"\\\\q0-9. ]{0,60}") {
            Format::negotiate(Some(&accept));
        }
    }
}
