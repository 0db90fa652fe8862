//! At most so many traces a second: from settings, under a ratio changed while running, and what is not held back.
//!
//! One test for the process's pipeline, since there is one; the others have scopes.

use std::time::{Duration, Instant};

use telemetry_core::propagate::extract;
use telemetry_core::record::SpanRecord;
use telemetry_core::settings::{Resolver, Tier};
use telemetry_core::testing::Scope;
use telemetry_core::{Context, ParentBased, RateLimitSample, RatioSample, configure, trace};

const LIMIT: u64 = 3;

#[trace(name = "request")]
fn request() {
    load();
}

#[trace(name = "load")]
fn load() {}

/// A request of a caller that has recorded its own span, or has not.
fn called(sampled: bool) {
    let header = format!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0{}", u8::from(sampled));
    let held = extract(&[("traceparent", header)]).unwrap().hold();
    Context::of(&held).run(request);
}

#[test]
fn the_setting_limits_what_begins_here_whatever_the_ratio() {
    let resolver = Resolver::new()
        .value("ENABLED", true)
        .value("SAMPLE_RATIO", 1.0)
        .value("SAMPLE_MAX_PER_SECOND", LIMIT)
        .value("SINKS", ["memory"]);
    let bootstrap = configure(resolver, None).unwrap().expect("it is enabled");
    assert_eq!(bootstrap.settings.sample_max_per_second, Some(3));
    assert_eq!(bootstrap.resolved().get("SAMPLE_MAX_PER_SECOND").unwrap().tier(), Tier::Code);
    let telemetry = &bootstrap.telemetry;
    // Two spans a trace. However slow the machine, no second has more than the limit.
    let traces = || telemetry.accounting().started / 2;
    let began = Instant::now();
    let most = |began: Instant| LIMIT * (1 + began.elapsed().as_secs());
    (0..50).for_each(|_| request());
    assert!((LIMIT..=most(began)).contains(&traces()), "{} traces", traces());

    let before = traces();
    (0..20).for_each(|_| called(true));
    (0..20).for_each(|_| called(false));
    assert_eq!(traces() - before, 20, "callers decide on their own traces");

    telemetry.set_sample_ratio(1.0).unwrap();
    let (before, began) = (traces(), Instant::now());
    (0..50).for_each(|_| request());
    assert!((LIMIT..=most(began)).contains(&(traces() - before)), "the limit outlives the ratio");
}

#[test]
fn inside_another_sampler_it_counts_what_that_one_lets_through() {
    let limited = RateLimitSample::of(2, RatioSample::new(1.0).unwrap());
    let scope = Scope::builder().sampler(ParentBased(limited)).enter().unwrap();
    (0..5).for_each(|_| request());
    called(true);
    called(false);
    let roots = scope
        .spans()
        .iter()
        .filter(|span| span.local_root)
        .map(SpanRecord::has_remote_parent)
        .collect::<Vec<_>>();
    assert_eq!(roots, [false, false, true]);
    // A second later by the scope's own clock, and not before.
    scope.advance(Duration::from_nanos(999_999_999));
    request();
    assert_eq!(scope.take_spans().len(), 6);
    scope.advance(Duration::from_nanos(1));
    (0..5).for_each(|_| request());
    assert_eq!(scope.take_spans().len(), 4);
}

#[test]
fn a_limit_around_a_ratio_spends_nothing_on_what_the_ratio_drops() {
    let scope =
        Scope::builder().sampler(RateLimitSample::of(1, RatioSample::new(0.0).unwrap())).enter().unwrap();
    (0..5).for_each(|_| request());
    scope.set_sampler(RateLimitSample::of(1, RatioSample::new(1.0).unwrap()));
    (0..5).for_each(|_| request());
    assert_eq!(scope.spans().len(), 2);
    assert_eq!(scope.spans()[0].trace_state, None, "how many traces it stands for cannot be told");
}
