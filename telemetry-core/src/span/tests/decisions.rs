//! Sampling, roots, parents, the switch.

use super::*;

#[test]
fn an_explicit_parent_of_this_process_hands_its_decision_down() {
    let scope = Scope::new();
    let parent = open(site!("parent"));
    let context = parent.handle().context().unwrap();
    drop(parent);
    scope.set_sampler(NeverSample);
    drop(SpanBuilder::new(site!("child")).parent(context).enter());
    assert_eq!(scope.tree(), "parent\n  child\n");
    assert!(!scope.spans()[1].local_root);
}

#[test]
fn unsampled_traces_carry_identifiers_and_record_nothing() {
    let scope = Scope::builder().sampler(NeverSample).enter().unwrap();
    {
        let root = open(site!("root"));
        assert!(!root.is_recording());
        let context = Span::current().context().unwrap();
        assert!(!context.is_sampled());
        let _child = open(site!("child"));
        assert_eq!(Span::current().context().unwrap().trace_id, context.trace_id);
    }
    assert!(Span::current().context().is_none());
    assert_eq!(scope.spans().len(), 0);
    assert_eq!(scope.accounting().started, 0);
}

#[test]
fn the_ratio_decides_by_the_trace_identifier() {
    let scope = Scope::builder().capacity(4_096).sampler(RatioSample::new(0.25).unwrap()).enter().unwrap();
    for _ in 0..4_000 {
        drop(open(site!("root")));
    }
    let spans = scope.spans();
    assert!((850..1_150).contains(&spans.len()), "{} of 4,000", spans.len());
    let least = spans.iter().map(|span| span.trace_id.to_u128() as u64 & ((1 << 56) - 1)).min().unwrap();
    assert!(least >= 3 << 54);
}

#[test]
fn the_ratio_decides_by_the_low_56_bits_to_the_last_one() {
    const THRESHOLD: u128 = 3 << 54;
    let scope = Scope::builder().sampler(RatioSample::new(0.25).unwrap()).enter().unwrap();
    for (low, recorded) in
        [(0, false), (THRESHOLD - 1, false), (THRESHOLD, true), (THRESHOLD + 1, true), ((1 << 56) - 1, true)]
    {
        // What stands above the low bits counts for nothing.
        for high in [1, u128::MAX >> 56] {
            let caller = SpanContext {
                trace_id: TraceId::new(high << 56 | low).unwrap(),
                span_id: SpanId::new(7).unwrap(),
                trace_flags: SpanContext::RANDOM,
                remote: true,
            };
            let span = SpanBuilder::new(site!("root")).parent(caller).enter();
            assert_eq!(span.is_recording(), recorded, "{low:#x}");
            assert_eq!(Span::current().trace_state().as_str(), if recorded { "ot=th:c" } else { "" });
        }
    }
    assert_eq!(scope.spans().len(), 6);
}

#[test]
fn the_older_ratio_decides_by_the_low_32_bits_and_tells_no_threshold() {
    let scope = Scope::builder().sampler(LowBitsRatioSample::new(0.25).unwrap()).enter().unwrap();
    for (low, recorded) in [(0, true), (0x3fff_ffff, true), (0x4000_0000, false), (u32::MAX, false)] {
        // What stands above the low bits counts for nothing.
        for high in [1, u128::MAX >> 32] {
            let caller = SpanContext {
                trace_id: TraceId::new(high << 32 | u128::from(low)).unwrap(),
                span_id: SpanId::new(7).unwrap(),
                trace_flags: 0,
                remote: true,
            };
            let span = SpanBuilder::new(site!("root")).parent(caller).enter();
            assert_eq!(span.is_recording(), recorded, "{low:#x}");
            assert!(Span::current().trace_state().is_empty());
        }
    }
    assert_eq!(scope.spans().len(), 4);
    for (ratio, recorded) in [(0.0, false), (1.0, true)] {
        let _scope = Scope::builder().sampler(LowBitsRatioSample::new(ratio).unwrap()).enter().unwrap();
        assert_eq!(open(site!("root")).is_recording(), recorded);
    }
    assert_eq!(LowBitsRatioSample::new(-0.1).unwrap_err(), RatioError(-0.1));
}

#[test]
fn a_detached_root_begins_a_trace_and_restores_the_old_one() {
    let scope = Scope::new();
    {
        let _outer = open(site!("outer"));
        let before = Span::current().context();
        drop(expansion::open_root(site!("detached")));
        assert_eq!(Span::current().context(), before);
    }
    assert_eq!(scope.tree(), "outer\ndetached\n");
    let spans = scope.spans();
    assert_ne!(spans[0].trace_id, spans[1].trace_id);
}

#[test]
fn disabled_spans_do_nothing() {
    let scope = Scope::builder().disabled().enter().unwrap();
    {
        let span = open(site!("off"));
        assert!(!span.is_recording());
        assert!(Span::current().context().is_none());
    }
    scope.enable();
    drop(open(site!("on")));
    scope.disable();
    drop(open(site!("off again")));
    assert_eq!(scope.tree(), "on\n");
    assert_eq!(scope.accounting().started, 1);
}

/// A sampler that is traced itself.
struct Traced;

impl crate::Sampler for Traced {
    fn sample(&self, parameters: &crate::SamplingParameters<'_>) -> crate::Decision {
        let current = Span::current().context();
        let _child = open(site!("inside the sampler"));
        let _root = expansion::open_root(site!("root inside the sampler"));
        let under = current.map(|current| SpanBuilder::new(site!("under")).parent(current).enter());
        assert!(under.is_none_or(|under| !under.is_recording()));
        assert_eq!(Span::current().context(), current);
        assert_ne!(parameters.name, "refused", "on purpose");
        crate::Decision::Record
    }
}

#[test]
fn a_sampler_that_opens_spans_is_not_asked_for_them() {
    let scope = Scope::builder().sampler(Traced).enter().unwrap();
    {
        let _root = open(site!("root"));
        let _detached = expansion::open_root(site!("detached"));
        assert!(std::panic::catch_unwind(|| expansion::open_root(site!("refused"))).is_err());
        drop(open(site!("child")));
    }
    assert_eq!(scope.tree(), "root\ndetached\n  child\n");
    assert!(Span::current().context().is_none());
}
