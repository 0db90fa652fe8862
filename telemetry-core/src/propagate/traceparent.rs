//! The `traceparent` header (W3C Trace Context, levels 1 and 2).

use crate::context::SpanContext;
use crate::id::{SpanId, TraceId};

/// Bytes of a `traceparent` of version 00: `00-{32 digits}-{16 digits}-{2 digits}`.
pub const TRACEPARENT_BYTES: usize = 55;

/// The flags of ours that are defined: sampled and random. Unknown ones are not forwarded.
const KNOWN_FLAGS: u8 = SpanContext::SAMPLED | SpanContext::RANDOM;

/// Reads a `traceparent` header.
///
/// White space around the value is ignored. Version 00 is exactly 55 bytes; a later version is read by position and
/// may go on behind a dash; version ff, upper-case digits and identifiers of zeros are refused. Of the flags only the
/// known ones are kept. None when the header is malformed: the trace then begins anew.
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
    let bytes = header.as_ref().trim_ascii();
    let (exact, rest) = bytes.split_at_checked(TRACEPARENT_BYTES)?;
    if exact[2] != b'-' || exact[35] != b'-' || exact[52] != b'-' {
        return None;
    }
    match parse_hex(&exact[..2])? {
        0xff => return None,
        0 if !rest.is_empty() => return None,
        _ if !matches!(rest.first(), None | Some(b'-')) => return None,
        _ => {}
    }
    let high = parse_hex(&exact[3..19])?;
    let low = parse_hex(&exact[19..35])?;
    Some(SpanContext {
        trace_id: TraceId::new(u128::from(high) << 64 | u128::from(low))?,
        span_id: SpanId::new(parse_hex(&exact[36..52])?)?,
        trace_flags: parse_hex(&exact[53..55])? as u8 & KNOWN_FLAGS,
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
    write_hex(&mut header[3..35], &context.trace_id.to_bytes());
    write_hex(&mut header[36..52], &context.span_id.to_bytes());
    write_hex(&mut header[53..55], &[context.trace_flags & KNOWN_FLAGS]);
    header
}

/// The number in at most 16 lower-case hexadecimal digits.
fn parse_hex(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |number, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u64::from(value))
    })
}

fn write_hex(to: &mut [u8], bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (pair, byte) in to.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 0xf)];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "b7ad6b7169203331";

    #[test]
    fn valid_headers_are_read() {
        for (header, flags) in [
            (format!("00-{TRACE}-{SPAN}-00"), 0),
            (format!("00-{TRACE}-{SPAN}-01"), 1),
            (format!("00-{TRACE}-{SPAN}-03"), 3),
            (format!("00-{TRACE}-{SPAN}-ff"), 3),
            (format!("  00-{TRACE}-{SPAN}-01\t"), 1),
            (format!("01-{TRACE}-{SPAN}-01"), 1),
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
            "00".to_owned(),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-0"),
            format!("00-{TRACE}-{SPAN}-0g"),
            format!("00-{TRACE}-{SPAN}-01-"),
            format!("00-{TRACE}-{SPAN}-01-extra"),
            format!("cc-{TRACE}-{SPAN}-01extra"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("0-{TRACE}-{SPAN}-01"),
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

    #[test]
    fn what_is_written_reads_back() {
        for flags in 0..=3 {
            let context = SpanContext {
                trace_id: TraceId::new(u128::MAX - 7).unwrap(),
                span_id: SpanId::new(1).unwrap(),
                trace_flags: flags,
                remote: true,
            };
            assert_eq!(parse_traceparent(format_traceparent(&context)), Some(context));
        }
    }
}
