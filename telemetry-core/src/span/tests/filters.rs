//! Filtered call sites, and samplers of their own.

use super::*;
use crate::{Decision, Filter, Level, Sampler, SamplingParameters, SpanContext, SpanId, TraceId};

fn filtered(filter: &str) -> Scope {
    Scope::builder().filter(filter.parse().unwrap()).enter().unwrap()
}

/// Spans of the module `tests`, of this level.
macro_rules! site_at {
    ($name:literal, $level:ident) => {{
        static SITE: CallSite = CallSite::new(Site {
            name: $name,
            kind: SpanKind::Internal,
            keys: &[],
            constants: &[],
            origin: &ORIGIN,
            line: 1,
        })
        .level(Level::$level);
        &SITE
    }};
}

fn remote(trace_flags: u8) -> SpanContext {
    let (trace_id, span_id) = (TraceId::new(7).unwrap(), SpanId::new(9).unwrap());
    SpanContext { trace_id, span_id, trace_flags, remote: true }
}

#[test]
fn a_scope_has_a_filter_of_its_own_that_can_be_changed() {
    let scope = filtered("info");
    let spans = || {
        let _outer = open(site!("outer"));
        let _between = open(site_at!("between", Debug));
        drop(open(site_at!("inner", Error)));
    };
    spans();
    assert_eq!(scope.tree(), "outer\n  inner\n");
    scope.clear();
    scope.set_filter("tests=debug,[inner]=off".parse().unwrap());
    spans();
    assert_eq!(scope.tree(), "outer\n  between\n");
    scope.clear();
    scope.set_filter(Filter::EVERYTHING);
    spans();
    assert_eq!(scope.tree(), "outer\n  between\n    inner\n");
}

#[test]
fn filters_of_two_scopes_are_two() {
    let _outer = filtered("off");
    drop(open(site!("nowhere")));
    {
        let scope = Scope::new();
        drop(open(site!("here")));
        assert_eq!(scope.tree(), "here\n");
    }
}

#[test]
fn a_future_whose_span_is_filtered_carries_its_place_in_the_trace() {
    let scope = filtered("tests=info");
    let (wrapped, stepped) = {
        let _root = open(site!("root"));
        let wrapped =
            async { drop(open(site!("in the wrapper"))) }.instrument(SpanBuilder::new(site_at!("w", Debug)));
        let mut step = expansion::open_step(site_at!("s", Debug));
        (wrapped, async move { step.run(async { drop(open(site!("in the step"))) }).await })
    };
    block_on(wrapped);
    block_on(stepped);
    assert_eq!(scope.tree(), "root\n  in the wrapper\n  in the step\n");
}

#[test]
fn a_filtered_span_writes_nowhere_and_leaves_its_parent_current() {
    let scope = filtered("tests=info");
    {
        let root = open(site!("root"));
        let between = open(site_at!("between", Trace));
        assert!(!between.is_recording());
        between.handle().i64("lost", 1);
        Span::current().i64("kept", 2);
        assert_eq!(Span::current().context(), root.handle().context());
    }
    assert_eq!(scope.tree(), "root kept=2\n");
}

#[test]
fn what_opens_under_a_filtered_span_with_a_parent_elsewhere_goes_on_to_that_parent() {
    let scope = filtered("tests=info");
    {
        let _server = SpanBuilder::new(site_at!("server", Debug)).parent(remote(1)).enter();
        drop(open(site!("handler")));
    }
    let local = open(site!("local"));
    let context = local.handle().context().unwrap();
    drop(local);
    {
        let _other = open(site!("other"));
        let _between = SpanBuilder::new(site_at!("between", Debug)).parent(context).enter();
        drop(open(site!("child of local")));
    }
    let spans = scope.spans();
    assert_eq!(spans[0].name, "handler");
    assert_eq!(spans[0].parent_span_id, SpanId::new(9));
    assert_eq!(spans[0].trace_id, TraceId::new(7).unwrap());
    assert!(spans[0].local_root);
    let child = spans.iter().find(|span| span.name == "child of local").unwrap();
    assert_eq!(child.parent_span_id, Some(context.span_id));
    assert_eq!(child.trace_id, context.trace_id);
}

#[test]
fn what_opens_under_an_unrecorded_child_of_a_given_parent_is_not_recorded_either() {
    let scope = Scope::builder().sampler(NeverSample).enter().unwrap();
    let unsampled = {
        let root = open(site!("unsampled"));
        root.handle().context().unwrap()
    };
    scope.set_sampler(AlwaysSample);
    {
        let _other = open(site!("other"));
        let _child = SpanBuilder::new(site!("child")).parent(unsampled).enter();
        drop(open(site!("grandchild")));
    }
    assert_eq!(scope.tree(), "other\n");
}

/// Records what has a constant attribute.
struct Marked;

impl Sampler for Marked {
    fn sample(&self, parameters: &SamplingParameters<'_>) -> Decision {
        if parameters.constants().is_empty() { Decision::Drop } else { Decision::Record }
    }
}

#[test]
fn a_call_site_may_have_a_sampler_of_its_own() {
    static ALWAYS: CallSite = CallSite::new(Site {
        name: "always",
        kind: SpanKind::Internal,
        keys: &[],
        constants: &[],
        origin: &ORIGIN,
        line: 1,
    })
    .sampler(&AlwaysSample);
    let scope = Scope::builder().sampler(NeverSample).enter().unwrap();
    {
        let _always = open(&ALWAYS);
        drop(open(site!("child")));
    }
    drop(open(site!("never")));
    // It overrules a parent elsewhere, too, and a builder's overrules it.
    drop(SpanBuilder::new(&ALWAYS).parent(remote(0)).enter());
    drop(SpanBuilder::new(&ALWAYS).sampler(&NeverSample).root().enter());
    drop(
        SpanBuilder::new(site!("marked", constants: &[("a", Constant::Bool(true))])).sampler(&Marked).enter(),
    );
    drop(SpanBuilder::new(site!("bare")).sampler(&Marked).root().enter());
    drop(
        SpanBuilder::new(site!("marked root", constants: &[("a", Constant::Bool(true))]))
            .sampler(&Marked)
            .root()
            .enter(),
    );
    assert_eq!(
        scope.tree(),
        "always\n  child\n(remote parent 0000000000000009)\n  always\nmarked root a=true\n"
    );
}
