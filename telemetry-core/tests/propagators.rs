//! By which headers contexts go from process to process: W3C, B3, baggage, and the settings that choose.

use proptest::prelude::*;
use telemetry_core::propagate::{Baggage, Extracted, Propagators};
use telemetry_core::settings::{Environment, Resolver, SettingWarning};
use telemetry_core::testing::Scope;
use telemetry_core::{
    AlwaysSample, CallSite, Context, NeverSample, Origin, ParentBased, Site, Span, SpanBuilder, SpanContext,
    SpanKind, trace,
};

const TRACE: &str = "80f198ee56343ba864fe8b2a57d3eff7";
const SPAN: &str = "e457b5a2e4d86bd1";
const W3C: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const ALL: Propagators =
    Propagators::TRACE_CONTEXT.and(Propagators::BAGGAGE).and(Propagators::B3).and(Propagators::B3_MULTI);

type Headers = Vec<(String, String)>;

fn headers(headers: &[(&str, &str)]) -> Headers {
    headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// What a sender has said by the single header: trace, span, flags.
fn single(value: &str) -> Option<(String, String, u8)> {
    seen(&Propagators::B3.extract(&headers(&[("b3", value)])))
}

fn multi(all: &[(&str, &str)]) -> Option<(String, String, u8)> {
    seen(&Propagators::B3_MULTI.extract(&headers(all)))
}

fn seen(extracted: &Extracted) -> Option<(String, String, u8)> {
    let span = extracted.remote.as_ref()?.span;
    assert!(span.remote);
    Some((span.trace_id.to_string(), span.span_id.to_string(), span.trace_flags))
}

fn sent(propagators: Propagators) -> Headers {
    let mut headers = Headers::new();
    propagators.inject(&mut headers);
    headers
}

#[trace(name = "work")]
fn work() -> Headers {
    sent(ALL)
}

/// Stands for a request's span.
static REQUEST: CallSite = CallSite::new(Site {
    name: "request",
    kind: SpanKind::Server,
    keys: &[],
    constants: &[],
    origin: &Origin { crate_name: "tests", crate_version: "0", module: "tests", file: "propagators.rs" },
    line: 1,
});

#[test]
fn what_is_brought_without_a_span_holds_also_where_the_filter_keeps_the_requests_own_span_out() {
    let scope = Scope::builder().filter("info,[request]=off".parse().unwrap()).enter().unwrap();
    let tenant = || Baggage::current().get("tenant").map(std::borrow::Cow::into_owned);
    for (brought, recorded) in [(&[("b3", "0")], 0), (&[("baggage", "tenant=acme")], 1)] {
        let held = ALL.extract(&headers(brought)).hold().unwrap();
        let expected = (recorded == 1).then(|| "acme".to_owned());
        let guard = SpanBuilder::new(&REQUEST).remote(&held).enter();
        assert_eq!(tenant(), expected);
        work();
        drop(guard);
        assert_eq!(tenant(), None);
        let mut task = SpanBuilder::new(&REQUEST).remote(&held).task();
        task.in_scope(|| {
            assert_eq!(tenant(), expected);
            work();
        });
        drop(task);
        assert_eq!(tenant(), None);
        assert_eq!(scope.take_spans().len(), 2 * recorded, "{brought:?}");
    }
}

#[test]
fn work_that_goes_on_after_its_request_keeps_its_baggage_by_a_future_around_it() {
    let _scope = Scope::new();
    let tenant = || Baggage::current().get("tenant").map(std::borrow::Cow::into_owned);
    let request =
        |name: &str| ALL.extract(&headers(&[("traceparent", W3C), ("baggage", name)])).hold().unwrap();
    let first = request("tenant=first");
    let mut work =
        Context::of(&first).run(|| Box::pin(Baggage::current().wrap_future(async move { tenant() })));
    drop(first);
    for later in 0..20 {
        drop(request(&format!("tenant=later-{later}")));
    }
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(seen) = work.as_mut().poll(&mut cx) else { panic!("nothing to wait for") };
    assert_eq!(seen.as_deref(), Some("first"));
}

#[test]
fn the_single_header_is_read_as_b3_has_it() {
    let ours = |flags| Some((TRACE.to_owned(), SPAN.to_owned(), flags));
    assert_eq!(single(&format!("{TRACE}-{SPAN}-1-05e3ac9a4f6e3b90")), ours(SpanContext::SAMPLED));
    assert_eq!(single(&format!("{TRACE}-{SPAN}-1")), ours(SpanContext::SAMPLED));
    assert_eq!(single(&format!("{TRACE}-{SPAN}-d")), ours(SpanContext::SAMPLED), "debug is sampled");
    assert_eq!(single(&format!("{TRACE}-{SPAN}-0")), ours(0));
    assert_eq!(single(&format!(" {TRACE}-{SPAN} ")), ours(SpanContext::DEFERRED));
    let short = Some((format!("0000000000000000{SPAN}"), SPAN.to_owned(), SpanContext::SAMPLED));
    assert_eq!(single(&format!("{SPAN}-{SPAN}-1")), short, "64 bits are filled up on the left");
    for bad in [
        String::new(),
        "1".to_owned(),
        "d".to_owned(),
        TRACE.to_owned(),
        format!("{TRACE}-{SPAN}-2"),
        format!("{TRACE}-{SPAN}-"),
        format!("{TRACE}-{SPAN}-1-short"),
        format!("{TRACE}-{SPAN}-1-{SPAN}-more"),
        format!("{TRACE}-{}-1", "0".repeat(16)),
        format!("{}-{SPAN}-1", "0".repeat(32)),
        format!("{}-{SPAN}-1", TRACE.to_uppercase()),
        format!("{}-{SPAN}-1", &TRACE[1..]),
        format!("{TRACE}-{}-1", &SPAN[1..]),
        format!("{TRACE}-{SPAN}x-1"),
    ] {
        assert_eq!(single(&bad), None, "{bad}");
        assert!(!Propagators::B3.extract(&headers(&[("b3", &bad)])).is_denied);
    }
    let twice = format!("{TRACE}-{SPAN}-1");
    assert_eq!(seen(&Propagators::B3.extract(&headers(&[("b3", &twice), ("B3", &twice)]))), None);
}

#[test]
fn the_several_headers_are_read_as_b3_has_them() {
    let ours = |flags| Some((TRACE.to_owned(), SPAN.to_owned(), flags));
    let ids = [("X-B3-TraceId", TRACE), ("X-B3-SpanId", SPAN)];
    for (more, flags) in [
        (vec![], SpanContext::DEFERRED),
        (vec![("X-B3-Sampled", "1")], SpanContext::SAMPLED),
        (vec![("X-B3-Sampled", "true")], SpanContext::SAMPLED),
        (vec![("X-B3-Sampled", "0")], 0),
        (vec![("X-B3-Sampled", "false")], 0),
        (vec![("X-B3-Sampled", "yes")], SpanContext::DEFERRED),
        (vec![("X-B3-Flags", "1")], SpanContext::SAMPLED),
        (vec![("X-B3-Flags", "1"), ("X-B3-Sampled", "0")], SpanContext::SAMPLED),
        (vec![("X-B3-Flags", "0"), ("X-B3-Sampled", "0")], 0),
        (vec![("X-B3-ParentSpanId", "05e3ac9a4f6e3b90"), ("X-B3-Sampled", "1")], SpanContext::SAMPLED),
    ] {
        assert_eq!(multi(&[&ids[..], &more].concat()), ours(flags), "{more:?}");
    }
    assert_eq!(multi(&ids[..1]), None);
    assert_eq!(multi(&ids[1..]), None);
    assert_eq!(multi(&[("X-B3-TraceId", "no"), ids[1]]), None);
    assert_eq!(multi(&[("X-B3-Sampled", "1")]), None);
    assert!(Propagators::B3_MULTI.extract(&headers(&[("X-B3-Sampled", "0")])).is_denied);
}

#[test]
fn w3c_goes_before_b3_and_the_single_header_before_the_several() {
    let single = format!("{TRACE}-{SPAN}-1");
    let several = [("x-b3-traceid", "00000000000000010000000000000002"), ("x-b3-spanid", "0000000000000003")];
    let all = |w3c| headers(&[&[("traceparent", w3c), ("b3", &*single)][..], &several].concat());
    let trace =
        |headers: &Headers| ALL.extract(headers).remote.map(|remote| remote.span.trace_id.to_string());
    assert_eq!(trace(&all(W3C)).as_deref(), Some(&W3C[3..35]));
    assert_eq!(trace(&all("malformed")).as_deref(), Some(TRACE));
    assert_eq!(trace(&headers(&several)).as_deref(), Some(several[0].1));
    assert_eq!(Propagators::NONE.extract(&all(W3C)), Extracted::default());
    assert_eq!(Propagators::TRACE_CONTEXT.extract(&headers(&several)), Extracted::default());
}

#[test]
fn all_that_are_chosen_are_written() {
    let scope = Scope::new();
    let baggage = Baggage::EMPTY.with("tenant", "a b").unwrap();
    let headers = baggage.run(work);
    let span = &scope.spans()[0];
    let (trace, id) = (span.trace_id.to_string(), span.span_id.to_string());
    assert_eq!(
        headers,
        self::headers(&[
            ("traceparent", &format!("00-{trace}-{id}-03")),
            ("b3", &format!("{trace}-{id}-1")),
            ("x-b3-traceid", &trace),
            ("x-b3-spanid", &id),
            ("x-b3-sampled", "1"),
            ("baggage", "tenant=a%20b"),
        ])
    );
    // And read again.
    for one in [Propagators::TRACE_CONTEXT, Propagators::B3, Propagators::B3_MULTI] {
        assert_eq!(one.extract(&headers).remote.unwrap().span.span_id, span.span_id, "{one}");
        assert_eq!(one.extract(&headers).baggage, Baggage::EMPTY);
    }
    assert_eq!(ALL.extract(&headers).baggage, baggage);
    assert_eq!(baggage.run(|| sent(Propagators::NONE)), Headers::new());
    assert_eq!(
        baggage.run(|| sent(Propagators::TRACE_CONTEXT)),
        Headers::new(),
        "no span, and no baggage unasked"
    );
}

#[test]
fn a_request_goes_on_with_what_it_brought() {
    let scope = Scope::builder().sampler(ParentBased(AlwaysSample)).enter().unwrap();
    let inbound = headers(&[
        ("traceparent", W3C),
        ("tracestate", "rojo=1"),
        ("baggage", "tenant=acme, bad member,n=1;p"),
    ]);
    let held = ALL.extract(&inbound).hold().unwrap();
    let sent = Context::of(&held).run(work);
    let only = |name: &str| {
        let mut named = sent.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str());
        (named.next().map(str::to_owned), named.next())
    };
    assert_eq!(only("tracestate"), (Some("rojo=1".to_owned()), None));
    assert_eq!(only("baggage"), (Some("tenant=acme,n=1;p".to_owned()), None));
    assert_eq!(scope.spans()[0].trace_state.as_deref(), Some("rojo=1"));
    // Two of one trace at once keep theirs apart.
    let other = ALL.extract(&headers(&[("traceparent", W3C), ("baggage", "tenant=other")])).hold().unwrap();
    for (held, tenant) in [(&held, "acme"), (&other, "other"), (&held, "acme")] {
        let seen = Context::of(held)
            .run(|| Span::current().baggage().get("tenant").map(std::borrow::Cow::into_owned));
        assert_eq!(seen.as_deref(), Some(tenant));
    }
}

#[test]
fn baggage_without_a_trace_begins_one_with_it() {
    let scope = Scope::new();
    let held = ALL.extract(&headers(&[("baggage", "tenant=acme")])).hold().unwrap();
    assert_eq!(held.span(), None);
    let sent = Context::of(&held).run(work);
    assert_eq!(sent.last().unwrap().1, "tenant=acme");
    let span = &scope.spans()[0];
    assert!(span.local_root && span.parent_span_id.is_none() && span.trace_flags == 3);
    assert_eq!(ALL.extract(&Headers::new()).hold().map(|held| held.span()), None);
}

#[test]
fn who_defers_leaves_the_decision_to_us_and_who_denies_has_it() {
    let deferred =
        || Propagators::B3.extract(&headers(&[("b3", &format!("{TRACE}-{SPAN}"))])).hold().unwrap();
    let scopes = [
        Scope::builder().sampler(ParentBased(NeverSample)),
        Scope::builder().sampler(ParentBased(AlwaysSample)),
    ];
    for (recorded, scope) in scopes.into_iter().enumerate() {
        let scope = scope.enter().unwrap();
        let sent = Context::of(&deferred()).run(work);
        assert_eq!(scope.take_spans().len(), recorded);
        // What goes out is decided.
        assert!(sent.contains(&("x-b3-traceid".to_owned(), TRACE.to_owned())));
        assert!(sent.contains(&("x-b3-sampled".to_owned(), recorded.to_string())), "{sent:?}");
        let traceparent = &sent[0].1;
        assert!(
            traceparent.starts_with("00-") && traceparent.ends_with(&format!("-0{recorded}")),
            "{traceparent}"
        );
    }
    let scope = Scope::new();
    let denied = Propagators::B3.extract(&headers(&[("b3", "0")]));
    assert!(denied.is_denied);
    let held = denied.hold().unwrap();
    let sent = Context::of(&held).run(work);
    assert_eq!(scope.spans().len(), 0);
    assert!(sent.contains(&("x-b3-sampled".to_owned(), "0".to_owned())), "{sent:?}");
}

#[test]
fn headers_of_b3_that_came_in_do_not_go_out_as_they_came() {
    let _scope = Scope::new();
    let mut outbound =
        headers(&[("X-B3-ParentSpanId", SPAN), ("X-B3-Flags", "1"), ("Baggage", "a=1"), ("B3", "0")]);
    let names = {
        let _span = telemetry_core::step!("call");
        ALL.inject(&mut outbound);
        outbound.iter().map(|(name, _)| name.to_ascii_lowercase()).collect::<Vec<_>>()
    };
    assert_eq!(names, ["traceparent", "b3", "x-b3-traceid", "x-b3-spanid", "x-b3-sampled"]);
}

#[test]
fn the_settings_choose_as_the_standard_has_it() {
    let propagators = |variable: &str, words: &str| {
        let environment = Environment::from([(variable, words)]);
        let resolved =
            Resolver::new().environment(environment).resolve().map_err(|errors| errors.to_string())?;
        let warned = matches!(resolved.warnings(), [SettingWarning::NoCounterpart { .. }]);
        Ok::<_, String>((resolved.settings().propagators.to_string(), warned))
    };
    let ok = |words: &str| Ok((words.to_owned(), false));
    assert_eq!(Resolver::new().resolve().unwrap().settings().propagators, Propagators::TRACE_CONTEXT);
    assert_eq!(propagators("OTEL_PROPAGATORS", "tracecontext,baggage"), ok("tracecontext,baggage"));
    assert_eq!(propagators("OTEL_PROPAGATORS", "b3, b3multi,b3"), ok("b3,b3multi"));
    assert_eq!(propagators("OTEL_PROPAGATORS", "none"), ok("none"));
    assert_eq!(propagators("OTEL_PROPAGATORS", "tracecontext,jaeger"), Ok(("tracecontext".to_owned(), true)));
    assert_eq!(propagators("TELEMETRY_PROPAGATORS", "b3"), ok("b3"));
    let error = propagators("OTEL_PROPAGATORS", "tracecontex").unwrap_err();
    assert!(error.contains("did you mean tracecontext?"), "{error}");
    assert!(propagators("TELEMETRY_PROPAGATORS", "b3,b3").is_err());
    assert_eq!("b3,none".parse::<Propagators>(), Ok(Propagators::B3));
}

proptest! {
    #[test]
    fn no_header_panics_and_what_is_read_is_written_the_same(
        values in prop::collection::vec((0..7_usize, any_value()), 0..8),
    ) {
        const NAMES: [&str; 7] =
            ["traceparent", "b3", "x-b3-traceid", "x-b3-spanid", "x-b3-sampled", "x-b3-flags", "baggage"];
        let inbound: Vec<(&str, Vec<u8>)> =
            values.into_iter().map(|(name, value)| (NAMES[name], value)).collect();
        let _scope = Scope::new();
        let extracted = ALL.extract(inbound.as_slice());
        if let Some(held) = extracted.hold() {
            let outbound = Context::of(&held).run(work);
            let again = ALL.extract(&outbound);
            prop_assert_eq!(again.baggage, extracted.baggage);
            if let (Some(remote), Some(again)) = (extracted.remote, again.remote) {
                prop_assert_eq!(again.span.trace_id, remote.span.trace_id);
            }
        }
    }
}

/// Noise, and what is nearly right.
fn any_value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        "([0-9a-f]{16}){1,2}(-[0-9a-f]{16}(-[01d](-[0-9a-f]{16})?)?)?".prop_map(String::into_bytes),
        "[01d]|true|false".prop_map(String::into_bytes),
        "[a-z]{1,3}=[!-~]{0,5}(,[a-z]{1,3}=[a-z%0-9]{0,5}){0,3}".prop_map(String::into_bytes),
    ]
}
