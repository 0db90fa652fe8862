//! Contexts through whole requests: in by headers, through spans, threads and tasks, out by headers. The cases are
//! those that the W3C's own conformance suite for Trace Context drives a service through.

use proptest::prelude::*;

use super::{Extract, Inject, Keys, TRACEPARENT, TraceState, extract, extract_with, inject};
use crate::context::Context;
use crate::record::{Origin, SpanKind};
use crate::sample::{AlwaysSample, NeverSample, ParentBased, RatioSample};
use crate::span::{CallSite, Site, Span, SpanBuilder};
use crate::testing::Scope;

static SITE: CallSite = CallSite::new(Site {
    name: "request",
    kind: SpanKind::Server,
    keys: &[],
    constants: &[],
    origin: &Origin { crate_name: "core", crate_version: "0", module: "tests", file: "tests.rs" },
    line: 1,
});

type Headers = Vec<(String, String)>;

const TRACE: &str = "12345678901234567890123456789012";
const PARENT: &str = "00-12345678901234567890123456789012-1234567890123456-00";

fn headers(pairs: &[(&str, &str)]) -> Headers {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// What a request that goes out of a request that came in carries.
fn passed_on(inbound: &Headers, keys: Keys) -> Headers {
    let held = extract_with(inbound, keys).map(|remote| remote.hold());
    let builder = SpanBuilder::new(&SITE);
    let _span = match &held {
        Some(held) => builder.remote(held),
        None => builder,
    }
    .enter();
    let mut outbound = inbound.clone();
    inject(&mut outbound);
    outbound
}

fn only(headers: &Headers, name: &'static str) -> String {
    let values: Vec<_> = headers.values(name).map(String::from_utf8_lossy).collect();
    assert!(values.len() <= 1, "{values:?}");
    values.concat()
}

/// The state that goes out of a request that came in with these `tracestate` headers.
fn state_after(states: &[&str], keys: Keys) -> String {
    let mut inbound = headers(&[(TRACEPARENT, PARENT)]);
    inbound.extend(states.iter().map(|state| ("tracestate".to_owned(), (*state).to_owned())));
    let outbound = passed_on(&inbound, keys);
    let traceparent = only(&outbound, TRACEPARENT);
    assert_eq!(&traceparent[3..35], TRACE, "the traceparent stands, whatever the tracestate is");
    assert_ne!(&traceparent[36..52], "1234567890123456");
    only(&outbound, "tracestate")
}

fn scope() -> Scope {
    Scope::builder().sampler(ParentBased(AlwaysSample)).enter().unwrap()
}

#[test]
fn one_valid_traceparent_is_continued_and_anything_else_begins_a_trace() {
    let _scope = scope();
    let valid = format!("00-{TRACE}-1234567890123456-01");
    for (inbound, continued) in [
        (headers(&[]), false),
        (headers(&[("traceparent", &valid)]), true),
        (headers(&[("TraceParent", &valid)]), true),
        (headers(&[("TRACEPARENT", &valid)]), true),
        (headers(&[("trace-parent", &valid)]), false),
        (headers(&[("trace.parent", &valid)]), false),
        (headers(&[("traceparent", &valid), ("traceparent", &valid)]), false),
        (headers(&[("traceparent", "00-00000000000000000000000000000000-1234567890123456-01")]), false),
    ] {
        let outbound = passed_on(&inbound, Keys::Level2);
        let traceparent = only(&outbound, TRACEPARENT);
        assert_eq!(traceparent.len(), 55);
        assert_eq!(&traceparent[3..35] == TRACE, continued, "{inbound:?}");
        assert_ne!(&traceparent[36..52], "1234567890123456");
        assert!(
            traceparent.starts_with("00-") && traceparent.ends_with(if continued { "-01" } else { "-03" })
        );
    }
}

#[test]
fn a_state_without_a_valid_traceparent_is_dropped() {
    let _scope = scope();
    for parent in [None, Some("00-xx"), Some("ff-12345678901234567890123456789012-1234567890123456-01")] {
        let mut inbound = headers(&[("tracestate", "foo=1,bar=2")]);
        inbound.extend(parent.map(|parent| (TRACEPARENT.to_owned(), parent.to_owned())));
        assert_eq!(only(&passed_on(&inbound, Keys::Level2), "tracestate"), "");
    }
}

#[test]
fn a_state_goes_out_as_it_came_in() {
    let _scope = scope();
    let members = |range: std::ops::RangeInclusive<u32>| -> String {
        range.map(|number| format!("bar{number:02}={number:02}")).collect::<Vec<_>>().join(",")
    };
    let (ten, twenty, thirty) = (members(1..=10), members(11..=20), members(21..=30));
    let (all, long) = (members(1..=32), "z".repeat(256) + "=1");
    let (tenant, value) = ("t".repeat(241) + "@" + &"v".repeat(14) + "=1", "v".repeat(256));
    let printable: String =
        (' '..='~').filter(|character| !matches!(character, ',' | '=')).chain("x".chars()).collect();
    let with_all = format!("abcdefghijklmnopqrstuvwxyz0123456789_-*/@a-z0-9_-*/={printable}");
    for (states, expected) in [
        (vec!["foo=1,bar=2"], "foo=1,bar=2".to_owned()),
        (vec!["foo=1,bar=2", "rojo=1,congo=2", "baz=3"], "foo=1,bar=2,rojo=1,congo=2,baz=3".to_owned()),
        (vec![""], String::new()),
        (vec!["foo=1", ""], "foo=1".to_owned()),
        (vec!["", "foo=1"], "foo=1".to_owned()),
        (vec![",,foo=1,\t,"], "foo=1".to_owned()),
        (vec!["foo=1 \t , \t bar=2, \t baz=3"], "foo=1,bar=2,baz=3".to_owned()),
        (vec!["foo=1\t \t,\t \tbar=2,\t \tbaz=3"], "foo=1,bar=2,baz=3".to_owned()),
        (vec!["\t foo=1 \t"], "foo=1".to_owned()),
        (vec!["foo=  1"], "foo=  1".to_owned()),
        (vec!["foo=1,foo=1"], "foo=1".to_owned()),
        (vec!["foo=1", "foo=2,bar=3"], "foo=1,bar=3".to_owned()),
        (vec![&ten, &twenty, &thirty, "bar31=31,bar32=32"], all.clone()),
        (vec!["foo=1", &long], format!("foo=1,{long}")),
        (vec!["foo=1", &tenant], format!("foo=1,{tenant}")),
        (vec![&format!("foo={value}")], format!("foo={value}")),
        (vec![&with_all], with_all.clone()),
    ] {
        for keys in [Keys::Level1, Keys::Level2] {
            assert_eq!(state_after(&states, keys), expected, "{states:?}");
        }
    }
}

#[test]
fn a_state_with_a_bad_member_or_too_many_is_dropped_whole() {
    let _scope = scope();
    let many: Vec<String> = (0..33).map(|number| format!("bar{number}=1")).collect();
    let flood: Vec<String> = (0..1_000).map(|number| format!("k{number}=1")).collect();
    for state in [
        many.join(","),
        flood.join(","),
        "foo =1".to_owned(),
        "FOO=1".to_owned(),
        "foo.bar=1".to_owned(),
        "@foo=1,bar=2".to_owned(),
        format!("foo=1,{}=1", "z".repeat(257)),
        "foo=bar=baz".to_owned(),
        "foo=,bar=3".to_owned(),
        "foo".to_owned(),
        "=1".to_owned(),
        format!("foo={}", "v".repeat(257)),
        "x".repeat(65_536),
        "foo=\u{e9}".to_owned(),
    ] {
        assert_eq!(state_after(&[&state], Keys::Level2), "", "{state:.80}");
    }
    for state in ["foo@=1,bar=2", "foo@@bar=1,bar=2", "foo@bar@baz=1,bar=2", "t@vvvvvvvvvvvvvvv=1", "1a=1"] {
        assert_eq!(state_after(&[state], Keys::Level2), state, "level 2 allows any number of @");
        assert_eq!(state_after(&[state], Keys::Level1), "");
    }
}

#[test]
fn requests_of_one_trace_at_the_same_time_keep_their_states_apart() {
    let _scope = scope();
    let remote =
        |state: &str| extract(&headers(&[(TRACEPARENT, PARENT), ("tracestate", state)])).unwrap().hold();
    let (one, two) = (remote("a=1"), remote("a=2"));
    let none = extract(&headers(&[(TRACEPARENT, PARENT)])).unwrap().hold();
    for (held, state) in [(&one, "a=1"), (&none, ""), (&two, "a=2"), (&one, "a=1")] {
        let _span = SpanBuilder::new(&SITE).remote(held).enter();
        let _child = SpanBuilder::new(&SITE).enter();
        assert_eq!(Span::current().trace_state().as_str(), state);
    }
}

#[test]
fn a_state_is_found_on_other_threads_and_by_work_that_outlives_its_request() {
    for sampled in [true, false] {
        let _scope =
            if sampled { Scope::new() } else { Scope::builder().sampler(NeverSample).enter().unwrap() };
        let held = extract(&headers(&[(TRACEPARENT, PARENT), ("tracestate", "rojo=1")])).unwrap().hold();
        let span = SpanBuilder::new(&SITE).remote(&held).enter();
        let context = Context::current();
        drop((span, held));
        let state = std::thread::spawn(context.wrap(|| {
            let _child = SpanBuilder::new(&SITE).enter();
            Span::current().trace_state()
        }));
        assert_eq!(state.join().unwrap().as_str(), "rojo=1");
        assert!(Span::current().trace_state().is_empty());
    }
}

#[test]
fn an_explicit_parent_finds_the_state_of_its_trace() {
    let _scope = Scope::new();
    let parent = PARENT.replace(TRACE, "12345678901234567890123456789abc");
    let held = extract(&headers(&[(TRACEPARENT, &parent), ("tracestate", "rojo=1")])).unwrap().hold();
    let span = SpanBuilder::new(&SITE).remote(&held).enter().handle().context().unwrap();
    let _child = SpanBuilder::new(&SITE).parent(span).enter();
    assert_eq!(Span::current().trace_state().as_str(), "rojo=1");
    let context = Context::of(&held);
    assert_eq!(context.run(|| Span::current().trace_state()).as_str(), "rojo=1");
}

#[test]
fn a_ratio_tells_its_threshold_and_follows_an_explicit_randomness() {
    let scope = Scope::builder().sampler(ParentBased(RatioSample::new(0.5).unwrap())).enter().unwrap();
    let mut told = 0;
    for _ in 0..64 {
        let span = SpanBuilder::new(&SITE).enter();
        let state = Span::current().trace_state();
        assert_eq!(state.as_str(), if span.is_recording() { "ot=th:8" } else { "" });
        told += u32::from(span.is_recording());
    }
    assert!((8..56).contains(&told), "{told}");
    drop(scope);

    let _scope = Scope::builder().sampler(RatioSample::new(0.25).unwrap()).enter().unwrap();
    let sampled = PARENT.replace("-00", "-01").replacen("01-", "00-", 1);
    for (state, expected) in [
        ("rojo=1,ot=rv:c0000000000000;th:8", "ot=th:c;rv:c0000000000000,rojo=1"),
        ("rojo=1,ot=rv:bfffffffffffff;th:8", "ot=rv:bfffffffffffff,rojo=1"),
    ] {
        let inbound = headers(&[(TRACEPARENT, &sampled), ("tracestate", state)]);
        assert_eq!(only(&passed_on(&inbound, Keys::Level2), "tracestate"), expected);
    }
}

#[test]
fn headers_stay_as_they_are_where_there_is_no_span() {
    let _scope = Scope::new();
    let inbound = headers(&[(TRACEPARENT, PARENT), ("tracestate", "a=1")]);
    let mut outbound = inbound.clone();
    inject(&mut outbound);
    assert_eq!(outbound, inbound);
    let mut map: std::collections::HashMap<String, String> = inbound.into_iter().collect();
    assert_eq!(extract(&map).map(|remote| remote.state.as_str().to_owned()).as_deref(), Some("a=1"));
    let _span = SpanBuilder::new(&SITE).enter();
    inject(&mut map);
    assert!(map[TRACEPARENT] != PARENT && !map.contains_key("tracestate"));
    Inject::set(&mut map, "tracestate", "b=2");
    assert_eq!(map["tracestate"], "b=2");
}

proptest! {
    #[test]
    fn no_state_panics_and_what_is_read_stays_the_same(values in prop::collection::vec(any_state(), 0..4)) {
        for keys in [Keys::Level1, Keys::Level2] {
            if let Ok(state) = TraceState::parse(&values, keys) {
                prop_assert_eq!(TraceState::parse([state.as_str()], keys), Ok(state.clone()));
                prop_assert!(state.members().count() <= 32);
                let shrunk = state.within(60);
                prop_assert!(shrunk.as_str().len() <= 60);
                let ours = state.with("ot", "th:8").unwrap();
                prop_assert!(ours.as_str().starts_with("ot=th:8") && ours.members().count() <= 32);
                prop_assert_eq!(TraceState::parse([ours.as_str()], Keys::Level2), Ok(ours.clone()));
                prop_assert!(ours.without("ot").get("ot").is_none());
            }
        }
    }
}

/// Lists of every kind: noise, and members that are mostly valid.
fn any_state() -> impl Strategy<Value = Vec<u8>> {
    let member = "[ \t]{0,2}[a-z0-9@=A]{0,6}={0,2}[ -~]{0,8}[ \t]{0,2}";
    let list = prop::collection::vec(member, 0..40).prop_map(|members| members.join(",").into_bytes());
    prop_oneof![list, prop::collection::vec(any::<u8>(), 0..80)]
}
