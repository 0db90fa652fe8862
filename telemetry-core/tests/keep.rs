//! Traces kept for how they end, in scopes.

use std::time::Duration;

use telemetry_core::metric::snapshot::{MetricSeries, MetricValue};
use telemetry_core::propagate::{extract, inject};
use telemetry_core::record::SpanRecord;
use telemetry_core::testing::Scope;
use telemetry_core::{
    AlwaysSample, Context, Decision, KeepTraces, LogFields, NeverSample, ParentBased, RatioSample, Sampler,
    SamplingParameters, Span, metric, span, step, trace,
};

const SLOW: Duration = Duration::from_millis(500);

metric! {
    /// Requests.
    static REQUESTS: Counter = "requests_total";
}

fn keeping(policy: KeepTraces) -> Scope {
    Scope::builder().sampler(NeverSample).keep(policy).enter().unwrap()
}

#[trace(name = "request")]
fn request(scope: &Scope, lasts: Duration, fails: bool) {
    let _ = load(fails);
    scope.advance(lasts);
}

#[trace(name = "load")]
fn load(fails: bool) -> Result<(), &'static str> {
    if fails { Err("gone") } else { Ok(()) }
}

#[test]
fn failed_and_slow_traces_are_kept_whole_and_others_are_not() {
    let scope = keeping(KeepTraces::failed_or_slower_than(SLOW));
    request(&scope, Duration::ZERO, false);
    request(&scope, Duration::ZERO, true);
    request(&scope, SLOW, false);
    request(&scope, SLOW.saturating_sub(Duration::from_nanos(1)), false);
    let spans = scope.spans();
    assert_eq!(tree(&scope), "request\n  load !\nrequest\n  load\n");
    assert!(spans.iter().all(|span| span.trace_flags == 2), "they were not sampled");
    let accounting = scope.accounting();
    assert_eq!((accounting.started, accounting.taken, accounting.not_kept), (8, 4, 4));
    assert_eq!((accounting.in_flight, accounting.undecided, accounting.dropped()), (0, 0, 0));
}

#[test]
fn each_reason_stands_by_itself() {
    for (policy, kept) in
        [(KeepTraces::failed(), "request\n  load !\n"), (KeepTraces::slower_than(SLOW), "request\n  load\n")]
    {
        let scope = keeping(policy);
        request(&scope, Duration::ZERO, true);
        request(&scope, SLOW, false);
        assert_eq!(tree(&scope), kept);
    }
}

#[test]
fn nothing_is_handed_on_before_the_local_root_has_ended() {
    let scope = keeping(KeepTraces::failed());
    {
        let _root = step!("root");
        let _ = load(true);
        assert_eq!(scope.spans().len(), 0);
        assert_eq!((scope.accounting().undecided, scope.accounting().in_flight), (1, 2));
    }
    assert_eq!(tree(&scope), "root\n  load !\n");
    assert_eq!(scope.accounting().undecided, 0);
}

#[test]
fn what_the_sampler_wants_goes_on_at_once() {
    let ratio = ParentBased(RatioSample::new(1.0).unwrap());
    let scope = Scope::builder().sampler(ratio).keep(KeepTraces::failed()).enter().unwrap();
    let _root = step!("root");
    let _ = load(false);
    assert_eq!(scope.spans().len(), 1);
    assert_eq!(scope.spans()[0].trace_flags, 3);
}

#[test]
fn others_are_told_what_the_sampler_decided() {
    let scope = keeping(KeepTraces::failed());
    let _root = step!("root");
    assert!(Span::current().is_recording());
    let mut headers: Vec<(String, String)> = Vec::new();
    inject(&mut headers);
    assert!(headers[0].1.ends_with("-02"), "{headers:?}");
    assert_eq!(headers.len(), 1, "nor a threshold");
    assert!(LogFields::current().unwrap().to_string().ends_with("trace_flags=00"));
    let remote = extract(&headers).unwrap().span;
    assert!(!remote.is_sampled() && remote.trace_flags == 2);
    // No exemplar leads to a trace that may be dropped.
    REQUESTS.inc();
    assert!(series(&scope, "requests_total").iter().all(|series| series.exemplars.is_empty()));
}

#[test]
fn a_trace_of_a_caller_that_does_not_record_is_watched_here() {
    let scope =
        Scope::builder().sampler(ParentBased(AlwaysSample)).keep(KeepTraces::failed()).enter().unwrap();
    let call = |flags: &str, state: &'static str, fails| {
        let headers = [
            ("traceparent", format!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{flags}")),
            ("tracestate", state.to_owned()),
        ];
        let held = extract(&headers).unwrap().hold();
        Context::of(&held).run(|| request(&scope, Duration::ZERO, fails));
    };
    call("00", "rojo=1", false);
    assert!(scope.take_spans().is_empty());
    call("00", "rojo=2", true);
    assert_eq!(tree(&scope), "  request\n    load !\n", "under the caller's span");
    let spans = scope.take_spans();
    assert!(spans.iter().all(|span| span.trace_state.as_deref() == Some("rojo=2")), "{spans:?}");
    // One that does record is none of the policy's business.
    call("01", "rojo=3", false);
    assert_eq!(scope.take_spans().len(), 2);
}

#[test]
fn a_call_site_that_says_never_is_not_watched_and_one_may_ask_for_it() {
    #[trace(name = "health", sample = never)]
    fn health() -> Result<(), &'static str> {
        Err("down")
    }
    struct Watch;
    impl Sampler for Watch {
        fn sample(&self, _: &SamplingParameters<'_>) -> Decision {
            Decision::Watch
        }
    }
    static WATCH: Watch = Watch;
    #[trace(name = "import", sample = WATCH)]
    fn import() -> Result<(), &'static str> {
        Err("cut off")
    }
    let scope = keeping(KeepTraces::failed());
    let _ = (health(), import());
    assert_eq!(tree(&scope), "import !\n");
    drop(scope);
    let scope = Scope::new();
    let _ = import();
    assert_eq!(scope.spans().len(), 0, "without a policy to watch is to drop");
}

#[test]
fn a_span_that_outlives_its_root_follows_the_decision() {
    let scope = keeping(KeepTraces::failed());
    for fails in [false, true] {
        let root = step!("root");
        let late = step!("late");
        let _ = load(fails);
        drop(root);
        // `load` is under `late`, which is open: what is under it waits with it.
        assert_eq!(scope.take_spans().len(), if fails { 2 } else { 0 });
        // A failure that comes after the decision does not change it.
        let _ = load(true);
        drop(late);
        assert_eq!(scope.take_spans().len(), if fails { 2 } else { 0 });
    }
    assert_eq!((scope.accounting().taken, scope.accounting().not_kept), (4, 4));
    assert_eq!(scope.accounting().undecided, 0);
}

#[test]
fn an_explicit_parent_hands_the_watch_down() {
    #[span(parent = parent)]
    fn elsewhere(parent: telemetry_core::SpanContext) {}
    let scope = keeping(KeepTraces::failed());
    let outside = Context::current();
    {
        let _root = step!("root");
        let here = Span::current().context().unwrap();
        std::thread::scope(|threads| {
            // A thread of the scope that is in no span.
            threads.spawn(outside.wrap(move || elsewhere(here)));
        });
        let _ = load(true);
    }
    assert_eq!(tree(&scope), "root\n  load !\n  elsewhere\n");
}

#[test]
fn a_local_root_that_finds_no_room_takes_its_trace_with_it() {
    let scope = keeping(KeepTraces::failed());
    {
        let _open: Vec<_> = (0..256).map(|_| step!("open")).collect();
        std::thread::scope(|threads| {
            threads.spawn(Context::root().wrap(|| {
                let _root = step!("root");
                assert!(Span::current().context().is_some());
                let _ = load(true);
            }));
        });
    }
    scope.spans();
    let accounting = scope.accounting();
    assert_eq!((accounting.dropped_full, accounting.undecided, accounting.in_flight), (1, 0, 0));
    assert_eq!(accounting.not_kept, 256);
}

#[test]
fn another_sampler_is_watched_too() {
    let scope = keeping(KeepTraces::failed());
    scope.set_sampler(AlwaysSample);
    let _ = load(false);
    scope.set_sampler(RatioSample::new(0.0).unwrap());
    let _ = (load(true), load(false));
    assert_eq!(tree(&scope), "load\nload !\n");
}

#[test]
fn a_bound_decides_early_and_says_so_in_the_metrics() {
    let scope = keeping(KeepTraces::failed().max_spans(2));
    let _root = step!("root");
    for _ in 0..3 {
        let _ = load(false);
    }
    assert_eq!(scope.spans().len(), 0);
    let accounting = scope.accounting();
    assert_eq!((accounting.not_kept, accounting.undecided, accounting.in_flight), (3, 0, 1));
    let value = |name: &str, reason: Option<&str>| {
        let of_reason = |series: &&MetricSeries| {
            reason.is_none_or(|reason| series.labels.iter().any(|(_, value)| value == reason))
        };
        series(&scope, name).iter().find(of_reason).map(|series| series.value.clone())
    };
    assert_eq!(value("telemetry_traces_decided_early_total", Some("full")), Some(MetricValue::Counter(1)));
    assert_eq!(value("telemetry_spans_not_kept_total", None), Some(MetricValue::Counter(3)));
    assert_eq!(value("telemetry_spans_undecided", None), Some(MetricValue::Gauge(0.0)));
    assert_eq!(value("telemetry_traces_kept_total", Some("failed")), Some(MetricValue::Counter(0)));
}

#[test]
fn what_is_open_for_too_long_is_kept_as_slow_by_the_scopes_clock() {
    let scope = keeping(KeepTraces::slower_than(SLOW).max_age(Duration::from_millis(10)));
    let root = step!("root");
    let _ = load(false);
    assert_eq!(scope.spans().len(), 0);
    scope.advance(SLOW);
    assert_eq!(names(&scope.spans()), ["load"]);
    let _ = load(false);
    assert_eq!(names(&scope.spans()), ["load", "load"], "the rest goes on at once");
    drop(root);
    assert_eq!(names(&scope.spans()), ["load", "load", "root"]);
}

#[test]
fn closing_decides_what_waits() {
    let scope = keeping(KeepTraces::failed());
    let _root = step!("root");
    let _ = load(true);
    scope.close();
    assert_eq!(names(&scope.spans()), ["load"]);
    let accounting = scope.accounting();
    assert_eq!(accounting.started, accounting.taken + accounting.in_flight + accounting.not_kept);
}

/// The tree of the spans handed on, failed ones marked.
fn tree(scope: &Scope) -> String {
    let tree = scope.tree();
    let line = |line: &str| match line.split_once(" [error]") {
        Some((name, _)) => format!("{name} !\n"),
        None => format!("{line}\n"),
    };
    tree.lines().filter(|line| !line.starts_with("(remote parent")).map(line).collect()
}

fn names(spans: &[SpanRecord]) -> Vec<&str> {
    spans.iter().map(|span| &*span.name).collect()
}

fn series(scope: &Scope, name: &str) -> Vec<MetricSeries> {
    scope.metrics().families.iter().find(|family| family.name == name).unwrap().series.clone()
}
