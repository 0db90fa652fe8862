//! `baggage` and B3 headers, a name and a value a line: never a panic, and what was read and written once stays as it is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use telemetry_core::Context;
use telemetry_core::propagate::{Baggage, MAX_BAGGAGE_BYTES, MAX_BAGGAGE_MEMBERS, Propagators};

const ALL: Propagators =
    Propagators::TRACE_CONTEXT.and(Propagators::BAGGAGE).and(Propagators::B3).and(Propagators::B3_MULTI);

fuzz_target!(|input: &[u8]| {
    let headers = fuzz::headers(input);
    let extracted = ALL.extract(headers.as_slice());
    check(&extracted.baggage);
    let Some(held) = extracted.hold() else { return };
    let mut sent: Vec<(String, String)> = Vec::new();
    Context::of(&held).run(|| ALL.inject(&mut sent));
    let again = ALL.extract(&sent);
    assert_eq!(again.baggage, extracted.baggage);
    if let Some(remote) = extracted.remote {
        let again = again.remote.expect("a span was named").span;
        assert_eq!((again.trace_id, again.span_id), (remote.span.trace_id, remote.span.span_id));
    }
});

/// What every baggage promises.
fn check(baggage: &Baggage) {
    assert!(baggage.len() <= MAX_BAGGAGE_MEMBERS && baggage.as_str().len() <= MAX_BAGGAGE_BYTES);
    assert_eq!(&Baggage::parse([baggage.as_str()]), baggage);
    for (key, value) in baggage.iter() {
        if let Ok(one) = Baggage::EMPTY.with(key, &value) {
            assert_eq!(one.get(key).as_ref(), Some(&value));
        }
    }
    if let Ok(more) = baggage.with("ours", "a b") {
        assert_eq!(more.get("ours").as_deref(), Some("a b"));
        assert_eq!(more.without("ours").get("ours"), None);
    }
}
