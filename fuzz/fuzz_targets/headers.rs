//! The headers of a request, a name and a value a line: whoever is asked next reads what was read here.
#![no_main]

use libfuzzer_sys::fuzz_target;
use telemetry_core::propagate::{extract, inject_context};

fuzz_target!(|input: &[u8]| {
    let headers = fuzz::headers(input);
    let Some(remote) = extract(headers.as_slice()) else { return };
    // Two of them at once, of which each lets go of its own.
    let (held, again) = (remote.hold(), remote.hold());
    assert_eq!((held.span(), again.span()), (Some(remote.span), Some(remote.span)));
    drop(held);

    let mut sent = vec![("Traceparent".to_owned(), "stale".to_owned())];
    inject_context(remote.span, &remote.state, &mut sent);
    assert_eq!(extract(&sent), Some(remote));
});
