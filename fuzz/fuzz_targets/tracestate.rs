//! `tracestate` headers, one a line: never a panic, and a list that was read is well formed whatever is done to it.
#![no_main]

use std::collections::HashSet;

use libfuzzer_sys::fuzz_target;
use telemetry_core::propagate::{Keys, MAX_MEMBERS, TraceState};

fuzz_target!(|input: (u16, bool, &[u8])| {
    let (bytes, level_1, headers) = input;
    let keys = if level_1 { Keys::Level1 } else { Keys::Level2 };
    let Ok(state) = TraceState::parse(headers.split(|byte| *byte == b'\n'), keys) else { return };
    check(&state, keys);

    let shrunk = state.within(usize::from(bytes));
    check(&shrunk, keys);
    assert!(shrunk.as_str().len() <= usize::from(bytes));

    let ours = state.with("ot", "th:8").expect("both are well formed");
    check(&ours, keys);
    assert_eq!(ours.members().next(), Some(("ot", "th:8")));
    let without = ours.without("ot");
    check(&without, keys);
    assert_eq!(without.get("ot"), None);
});

/// What every list promises.
fn check(state: &TraceState, keys: Keys) {
    assert_eq!(TraceState::parse([state.as_str()], keys).as_ref(), Ok(state));
    let names: HashSet<&str> = state.members().map(|(key, _)| key).collect();
    assert!(names.len() == state.members().count() && names.len() <= MAX_MEMBERS);
}
