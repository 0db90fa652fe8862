//! A `traceparent`: never a panic, and what was read and written once stays as it is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use telemetry_core::propagate::{format_traceparent, parse_traceparent};

fuzz_target!(|header: &[u8]| {
    let Some(read) = parse_traceparent(header) else { return };
    let written = format_traceparent(&read);
    assert!(written.starts_with(b"00-") && written.iter().all(|byte| !byte.is_ascii_uppercase()));
    assert_eq!(parse_traceparent(written), Some(read));
    assert_eq!(format_traceparent(&read), written);
});
