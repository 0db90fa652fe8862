//! `level` and `sample`: which spans record.
#![allow(missing_docs)]

use std::time::Duration;

use telemetry_core::testing::Scope;
use telemetry_core::{NeverSample, RateLimitSample, RatioSample, span, step, trace};

fn filtered(filter: &str) -> Scope {
    Scope::builder().filter(filter.parse().unwrap()).enter().unwrap()
}

#[span(level = error)]
fn error() {
    warn();
}

#[span(level = warn)]
fn warn() {
    info();
}

#[span]
fn info() {
    debug();
}

#[trace(name = "debug", level = debug, attrs(rows = expensive()))]
fn debug() {
    let _step = step!(level = trace, "trace", depth = 5);
}

fn expensive() -> u64 {
    7
}

#[test]
fn a_filter_lets_levels_through_up_to_the_one_it_names() {
    let trees = [
        ("off", ""),
        ("error", "error\n"),
        ("warn", "error\n  warn\n"),
        ("info", "error\n  warn\n    info\n"),
        ("debug", "error\n  warn\n    info\n      debug rows=7\n"),
        ("trace", "error\n  warn\n    info\n      debug rows=7\n        trace depth=5\n"),
        ("levels=warn", "error\n  warn\n"),
        ("level=trace", ""),
        ("warn,[debug]=debug", "error\n  warn\n    debug rows=7\n"),
        ("trace,levels[warn]=off", "error\n  info\n    debug rows=7\n      trace depth=5\n"),
    ];
    for (filter, tree) in trees {
        let scope = filtered(filter);
        error();
        assert_eq!(scope.tree(), tree, "{filter}");
    }
}

#[test]
fn attributes_of_a_filtered_span_are_not_evaluated() {
    #[span(level = debug, attrs(never = panics()))]
    fn quiet() {
        let _step = step!(level = trace, "quiet", never = panics());
    }

    fn panics() -> u64 {
        panic!("evaluated")
    }

    let scope = filtered("info");
    quiet();
    assert_eq!(scope.tree(), "");
}

#[tokio::test]
async fn futures_go_by_their_level_too() {
    #[span(level = debug)]
    async fn filtered_future() {
        tokio::task::yield_now().await;
        step!(level = debug, "filtered step" => async { inner().await }).await;
    }

    #[span]
    async fn inner() {}

    #[span]
    async fn outer() {
        filtered_future().await;
    }

    let scope = filtered("info");
    outer().await;
    assert_eq!(scope.tree(), "outer\n  inner\n");
}

static FEW: RateLimitSample = RateLimitSample::per_second(2);
static HALF: RatioSample = match RatioSample::new(0.5) {
    Ok(half) => half,
    Err(_) => panic!("a half is a ratio"),
};

#[test]
fn a_call_site_can_decide_on_its_own_traces() {
    #[span(sample = always)]
    fn always() {
        never();
    }

    #[span(sample = never)]
    fn never() {}

    #[span(sample = 0.25)]
    fn quarter() {}

    #[span(sample = HALF)]
    fn half() {}

    let scope = Scope::builder().capacity(4_096).sampler(NeverSample).enter().unwrap();
    always();
    never();
    info();
    // The decision is made where the trace begins.
    assert_eq!(scope.tree(), "always\n  never\n");
    scope.clear();
    for _ in 0..2_000 {
        quarter();
        half();
    }
    let count = |name: &str| scope.spans().iter().filter(|span| span.name == name).count();
    assert!((400..600).contains(&count("quarter")), "{}", count("quarter"));
    assert!((880..1_120).contains(&count("half")), "{}", count("half"));
}

#[test]
fn a_rate_limit_holds_for_any_second() {
    #[trace(name = "few", sample = FEW)]
    fn few() {
        let _step = step!(sample = never, "inside");
    }

    let scope = Scope::new();
    let recorded = |calls: usize| {
        (0..calls).for_each(|_| few());
        scope.take_spans().iter().filter(|span| span.name == "few").count()
    };
    assert_eq!(recorded(1), 1);
    scope.advance(Duration::from_millis(900));
    assert_eq!(recorded(5), 1);
    scope.advance(Duration::from_millis(100));
    assert_eq!(recorded(5), 1, "one of the last two lies a second back");
    scope.advance(Duration::from_secs(5));
    assert_eq!(recorded(5), 2);
}

#[test]
fn a_block_gives_its_methods_a_level_that_each_may_change() {
    struct Shelf;

    #[span(level = debug)]
    impl Shelf {
        fn details() {
            Self::usual();
        }

        #[span(level = info)]
        fn usual() {}
    }

    let scope = filtered("info");
    Shelf::details();
    assert_eq!(scope.tree(), "usual\n");
}
