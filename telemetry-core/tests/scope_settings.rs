//! Settings of a test's scope: each is overridden there, and nowhere else.

use telemetry_core::settings::{Environment, ResolvedValue, Resolver, Tier};
use telemetry_core::testing::{Scope, ScopeBuilder};
use telemetry_core::{RingError, span, step};

#[span]
fn work(fails: bool) -> Result<(), &'static str> {
    let _step = step!(level = debug, "part");
    if fails { Err("out of paper") } else { Ok(()) }
}

fn runs() {
    for turn in 0..10 {
        let _ = work(turn == 7);
    }
}

fn settings<const N: usize>(variables: [(&str, &str); N]) -> ScopeBuilder {
    let resolved = Resolver::new().environment(Environment::from(variables)).resolve().unwrap();
    Scope::builder().settings(&resolved)
}

fn recorded(builder: ScopeBuilder) -> usize {
    let scope = builder.enter().unwrap();
    runs();
    scope.spans().len()
}

#[test]
fn what_nobody_sets_stays_as_it_is_in_a_scope() {
    assert_eq!(recorded(settings([])), 20);
    assert_eq!(recorded(settings([("TELEMETRY_SINKS", "stdout"), ("TELEMETRY_DRAIN_INTERVAL", "300")])), 20);
}

#[test]
fn each_setting_of_recording_holds_in_the_scope() {
    assert_eq!(recorded(settings([("TELEMETRY_ENABLED", "no")])), 0);
    assert_eq!(recorded(settings([("TELEMETRY_SAMPLE_RATIO", "0")])), 0);
    assert_eq!(recorded(settings([("OTEL_TRACES_SAMPLER", "always_off")])), 0);
    assert_eq!(recorded(settings([("TELEMETRY_SAMPLE_MAX_PER_SECOND", "3")])), 6);
    assert_eq!(recorded(settings([("TELEMETRY_FILTER", "info")])), 10);
    let kept = [("TELEMETRY_SAMPLE_RATIO", "0"), ("TELEMETRY_KEEP_FAILED", "1")];
    assert_eq!(recorded(settings(kept)), 2);
    let scope = settings([("TELEMETRY_SPAN_RING_CAPACITY", "1024")]).enter().unwrap();
    assert_eq!(scope.ring().capacity(), 1_024);
}

#[test]
fn scopes_of_different_settings_stand_beside_one_another() {
    let never = settings([("TELEMETRY_SAMPLE_RATIO", "0")]).enter().unwrap();
    std::thread::spawn(|| assert_eq!(recorded(settings([("TELEMETRY_SAMPLE_RATIO", "1")])), 20))
        .join()
        .unwrap();
    runs();
    assert_eq!(never.spans().len(), 0);
}

#[test]
fn what_is_said_of_the_scope_later_goes_before_its_settings() -> Result<(), RingError> {
    let resolved =
        Resolver::new().value("SPAN_RING_CAPACITY", 512_u64).value("ENABLED", true).resolve().unwrap();
    assert_eq!(resolved.get("ENABLED").map(ResolvedValue::tier), Some(Tier::Code));
    let scope = Scope::builder().settings(&resolved).capacity(256).enter()?;
    assert_eq!(scope.ring().capacity(), 256);
    Ok(())
}
