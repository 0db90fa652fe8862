//! The `traceparent` header (W3C Trace Context, levels 1 and 2).

use super::hex;
use crate::context::SpanContext;
use crate::id::{SpanId, TraceId};

/// Bytes of a `traceparent` of version 00: `00-{32 digits}-{16 digits}-{2 digits}`.
pub const TRACEPARENT_BYTES: usize = 55;

/// The flags that are defined: sampled and random. Unknown ones are not forwarded.
const KNOWN_FLAGS: u8 = SpanContext::SAMPLED | SpanContext::RANDOM;

/// Reads a `traceparent` header.
///
/// Spaces and tabs around the value are ignored. Version 00 is exactly 55 bytes; a later version is read by position
/// and may go on behind a dash; version ff, upper-case digits and identifiers of zeros are refused. Of the flags only
/// the known ones are kept. None when the header is malformed: the trace then begins anew.
///
/// # Examples
/// ```
/// use telemetry_core::propagate::parse_traceparent;
/// let parent = parse_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").unwrap();
/// assert_eq!(parent.trace_id.to_string(), "0af7651916cd43dd8448eb211c80319c");
/// assert!(parent.is_sampled() && parent.remote);
/// assert!(parse_traceparent("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01").is_none());
/// ```
pub fn parse_traceparent(header: impl AsRef<[u8]>) -> Option<SpanContext> {
    parse(header.as_ref())
}

fn parse(header: &[u8]) -> Option<SpanContext> {
    let header = trim(header);
    let exact: &[u8; TRACEPARENT_BYTES] = header.first_chunk()?;
    let [v0, v1, b'-', .., f0, f1] = *exact else { return None };
    let mut bad = hex::Bad::NONE;
    let digits = |at: usize, bad: &mut hex::Bad| {
        let mut digits = [0; 16];
        digits.copy_from_slice(&exact[at..at + 16]);
        hex::parse(digits, bad)
    };
    let (high, low, span) = (digits(3, &mut bad), digits(19, &mut bad), digits(36, &mut bad));
    let mut ends = [b'0'; 16];
    [ends[12], ends[13], ends[14], ends[15]] = [v0, v1, f0, f1];
    let ends = hex::parse(ends, &mut bad);
    if bad.is_any() || exact[35] != b'-' || exact[52] != b'-' {
        return None;
    }
    match (ends >> 8, &header[TRACEPARENT_BYTES..]) {
        (0xff, _) => return None,
        (_, []) | (1.., [b'-', ..]) => {}
        _ => return None,
    }
    Some(SpanContext {
        trace_id: TraceId::new(u128::from(high) << 64 | u128::from(low))?,
        span_id: SpanId::new(span)?,
        trace_flags: ends as u8 & KNOWN_FLAGS,
        remote: true,
    })
}

/// Writes a `traceparent` header of version 00, in lower case.
///
/// # Examples
/// ```
/// use telemetry_core::propagate::{format_traceparent, parse_traceparent};
/// let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03";
/// let parent = parse_traceparent(header).unwrap();
/// assert_eq!(&format_traceparent(&parent), header.as_bytes());
/// ```
pub fn format_traceparent(context: &SpanContext) -> [u8; TRACEPARENT_BYTES] {
    let mut header = *b"00-00000000000000000000000000000000-0000000000000000-00";
    let trace = context.trace_id.to_u128();
    for (at, number) in [(3, (trace >> 64) as u64), (19, trace as u64), (36, context.span_id.to_u64())] {
        header[at..at + 16].copy_from_slice(&hex::format(number));
    }
    header[54] = b'0' + (context.trace_flags & KNOWN_FLAGS);
    header
}

/// The value without the spaces and tabs that HTTP allows around it.
pub(super) fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "b7ad6b7169203331";

    #[test]
    fn valid_headers_are_read() {
        for (header, flags) in [
            (format!("00-{TRACE}-{SPAN}-00"), 0),
            (format!("00-{TRACE}-{SPAN}-01"), 1),
            (format!("00-{TRACE}-{SPAN}-02"), 2),
            (format!("00-{TRACE}-{SPAN}-03"), 3),
            (format!("00-{TRACE}-{SPAN}-04"), 0),
            (format!("00-{TRACE}-{SPAN}-ff"), 3),
            (format!("  00-{TRACE}-{SPAN}-01\t"), 1),
            (format!("\t 00-{TRACE}-{SPAN}-01 \t"), 1),
            (format!("01-{TRACE}-{SPAN}-01"), 1),
            (format!("fe-{TRACE}-{SPAN}-01"), 1),
            (format!("cc-{TRACE}-{SPAN}-01-what-the-future-will-be"), 1),
            (format!("cc-{TRACE}-{SPAN}-01-"), 1),
        ] {
            let parent = parse_traceparent(&header);
            assert_eq!(parent.map(|parent| parent.trace_flags), Some(flags), "{header}");
        }
    }

    #[test]
    fn malformed_headers_give_nothing() {
        let zero_trace = "0".repeat(32);
        for header in [
            String::new(),
            " ".to_owned(),
            "00".to_owned(),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-0"),
            format!("00-{TRACE}-{SPAN}-0g"),
            format!("00-{TRACE}-{SPAN}-.0"),
            format!("00-{TRACE}-{SPAN}-001"),
            format!("00-{TRACE}-{SPAN}-01-"),
            format!("00-{TRACE}-{SPAN}-01."),
            format!("00-{TRACE}-{SPAN}-01-extra"),
            format!("00-{TRACE}-{SPAN}-01,00-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}-01\n"),
            format!("cc-{TRACE}-{SPAN}-01extra"),
            format!("cc-{TRACE}-{SPAN}-01.extra"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("FF-{TRACE}-{SPAN}-01"),
            format!("0-{TRACE}-{SPAN}-01"),
            format!("000-{TRACE}-{SPAN}-01"),
            format!(".0-{TRACE}-{SPAN}-01"),
            format!("0.-{TRACE}-{SPAN}-01"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}-{}-01", SPAN.to_uppercase()),
            format!("00-{zero_trace}-{SPAN}-01"),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00_{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}_{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}_01"),
            format!("00--{TRACE}-{SPAN}-1"),
        ] {
            assert_eq!(parse_traceparent(&header), None, "{header}");
        }
        assert_eq!(parse_traceparent([0xff; 55]), None);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(trace in 1_u128.., span in 1_u64.., flags in 0..=3_u8) {
            let context = SpanContext {
                trace_id: TraceId::new(trace).unwrap(),
                span_id: SpanId::new(span).unwrap(),
                trace_flags: flags,
                remote: true,
            };
            let text = format!("00-{trace:032x}-{span:016x}-{flags:02x}");
            prop_assert_eq!(&format_traceparent(&context)[..], text.as_bytes());
            prop_assert_eq!(parse_traceparent(text), Some(context));
        }

        #[test]
        fn whatever_is_read_stays_the_same_once_written(header in any_header()) {
            if let Some(read) = parse_traceparent(&header) {
                prop_assert_eq!(parse_traceparent(format_traceparent(&read)), Some(read));
            }
        }
    }

    /// Headers of every kind: noise, and valid ones with one byte changed.
    fn any_header() -> impl Strategy<Value = Vec<u8>> {
        let nearly = (0..60_usize, any::<u8>()).prop_map(|(at, byte)| {
            let mut header = format!("cc-{TRACE}-{SPAN}-01-more").into_bytes();
            header[at] = byte;
            header
        });
        prop_oneof![nearly, prop::collection::vec(any::<u8>(), 0..80)]
    }
}
