//! Which `traceparent` is continued, and with which flags.

use super::harness::Harness;
use super::{SAMPLED, SPAN, TRACE};

#[test]
fn both_traceparent_and_tracestate_missing() {
    let post = Harness::start().after::<&str>(&[]);
    // Sampled, and of random digits: it begins here, where everything is recorded.
    assert_eq!(post.flags(), "03");
}

#[test]
fn traceparent_included_tracestate_missing() {
    let post = Harness::start().after(&[SAMPLED]);
    assert_eq!((post.trace(), post.state(), post.body.as_str()), (TRACE, "", "[1,\"two\"]"));
    assert_ne!(post.span(), SPAN);
}

#[test]
fn traceparent_duplicated() {
    let harness = Harness::start();
    let other = "traceparent: 00-12345678901234567890123456789011-1234567890123456-01";
    for headers in [[other, SAMPLED], [SAMPLED, SAMPLED]] {
        let post = harness.after(&headers);
        assert!(![TRACE, "12345678901234567890123456789011"].contains(&post.trace()), "{headers:?}");
    }
}

#[test]
fn traceparent_header_name() {
    Harness::start().begins_anew(&[
        "trace-parent: 00-12345678901234567890123456789012-1234567890123456-01",
        "trace.parent: 00-12345678901234567890123456789012-1234567890123456-01",
    ]);
}

#[test]
fn traceparent_header_name_valid_casing() {
    Harness::start().continues(&[
        "TraceParent: 00-12345678901234567890123456789012-1234567890123456-01",
        "TrAcEpArEnT: 00-12345678901234567890123456789012-1234567890123456-01",
        "TRACEPARENT: 00-12345678901234567890123456789012-1234567890123456-01",
    ]);
}

#[test]
fn traceparent_version_0x00() {
    Harness::start().begins_anew(&[
        "traceparent: 00-12345678901234567890123456789012-1234567890123456-01.",
        "traceparent: 00-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like",
    ]);
}

#[test]
fn traceparent_version_0xcc() {
    let harness = Harness::start();
    harness.continues(&[
        "traceparent: cc-12345678901234567890123456789012-1234567890123456-01",
        "traceparent: cc-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like",
    ]);
    harness.begins_anew(&[
        "traceparent: cc-12345678901234567890123456789012-1234567890123456-01.what-the-future-will-be-like",
    ]);
}

#[test]
fn traceparent_version_0xff() {
    Harness::start().begins_anew(&["traceparent: ff-12345678901234567890123456789012-1234567890123456-01"]);
}

#[test]
fn traceparent_version_illegal_characters() {
    Harness::start().begins_anew(&[
        "traceparent: .0-12345678901234567890123456789012-1234567890123456-01",
        "traceparent: 0.-12345678901234567890123456789012-1234567890123456-01",
    ]);
}

#[test]
fn traceparent_version_too_long() {
    Harness::start().begins_anew(&[
        "traceparent: 000-12345678901234567890123456789012-1234567890123456-01",
        "traceparent: 0000-12345678901234567890123456789012-1234567890123456-01",
    ]);
}

#[test]
fn traceparent_version_too_short() {
    Harness::start().begins_anew(&["traceparent: 0-12345678901234567890123456789012-1234567890123456-01"]);
}

#[test]
fn traceparent_trace_id_all_zero() {
    // That the trace is not zero is looked at in every post.
    Harness::start().begins_anew(&["traceparent: 00-00000000000000000000000000000000-1234567890123456-01"]);
}

#[test]
fn traceparent_trace_id_illegal_characters() {
    Harness::start().begins_anew(&[
        "traceparent: 00-.2345678901234567890123456789012-1234567890123456-01",
        "traceparent: 00-1234567890123456789012345678901.-1234567890123456-01",
        "traceparent: 00-ABCDEFabcdef12345678901234567890-1234567890123456-01",
    ]);
}

#[test]
fn traceparent_trace_id_too_long() {
    let harness = Harness::start();
    let header = "traceparent: 00-123456789012345678901234567890123-1234567890123456-01";
    harness.begins_anew(&[header]);
    assert_ne!(harness.after(&[header]).trace(), "23456789012345678901234567890123");
}

#[test]
fn traceparent_trace_id_too_short() {
    Harness::start().begins_anew(&["traceparent: 00-1234567890123456789012345678901-1234567890123456-01"]);
}

#[test]
fn traceparent_parent_id_all_zero() {
    Harness::start().begins_anew(&["traceparent: 00-12345678901234567890123456789012-0000000000000000-01"]);
}

#[test]
fn traceparent_parent_id_illegal_characters() {
    Harness::start().begins_anew(&[
        "traceparent: 00-12345678901234567890123456789012-.234567890123456-01",
        "traceparent: 00-12345678901234567890123456789012-123456789012345.-01",
    ]);
}

#[test]
fn traceparent_parent_id_too_long() {
    Harness::start().begins_anew(&["traceparent: 00-12345678901234567890123456789012-12345678901234567-01"]);
}

#[test]
fn traceparent_parent_id_too_short() {
    Harness::start().begins_anew(&["traceparent: 00-12345678901234567890123456789012-123456789012345-01"]);
}

#[test]
fn traceparent_trace_flags_illegal_characters() {
    Harness::start().begins_anew(&[
        "traceparent: 00-12345678901234567890123456789012-1234567890123456-.0",
        "traceparent: 00-12345678901234567890123456789012-1234567890123456-0.",
    ]);
}

#[test]
fn traceparent_trace_flags_too_long() {
    Harness::start().begins_anew(&["traceparent: 00-12345678901234567890123456789012-1234567890123456-001"]);
}

#[test]
fn traceparent_trace_flags_too_short() {
    Harness::start().begins_anew(&["traceparent: 00-12345678901234567890123456789012-1234567890123456-1"]);
}

#[test]
fn traceparent_ows_handling() {
    Harness::start().continues(&[
        "traceparent:  00-12345678901234567890123456789012-1234567890123456-01",
        "traceparent: \t00-12345678901234567890123456789012-1234567890123456-01",
        "traceparent: 00-12345678901234567890123456789012-1234567890123456-01 ",
        "traceparent: 00-12345678901234567890123456789012-1234567890123456-01\t",
        "traceparent: \t 00-12345678901234567890123456789012-1234567890123456-01 \t",
    ]);
}

#[test]
fn propagates_random_flag() {
    let harness = Harness::start();
    // The flags of the caller, and those that go on: the decision and the randomness stay, what is unknown goes.
    for (flags, passed) in
        [("00", "00"), ("01", "01"), ("02", "02"), ("03", "03"), ("fc", "00"), ("ff", "03")]
    {
        let post = harness.after(&[format!("traceparent: 00-{TRACE}-{SPAN}-{flags}")]);
        assert_eq!((post.trace(), post.flags()), (TRACE, passed), "{flags}");
        assert_ne!(post.span(), SPAN);
    }
}
