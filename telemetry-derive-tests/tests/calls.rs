//! Calls of functions under `metrics`: counted and timed, whether their spans are recorded or not.
#![allow(missing_docs)]
#![allow(
    clippy::needless_return,
    clippy::ptr_arg,
    clippy::ref_option,
    clippy::try_err,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    clippy::unused_self,
    clippy::unused_unit,
    clippy::trivially_copy_pass_by_ref,
    reason = "the shapes matter, not whether one should write them"
)]

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use telemetry_core::metric::snapshot::{MetricSeries, MetricValue};
use telemetry_core::testing::Scope;
use telemetry_core::{Filter, NeverSample, span, trace};

fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Pending once.
struct Later(bool);

impl Future for Later {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

fn series(scope: &Scope, family: &str, name: &str, outcome: Option<&str>) -> MetricSeries {
    let metrics = scope.metrics();
    let family = metrics.families.iter().find(|it| it.name == family).expect("the family shows");
    let wanted = |series: &&MetricSeries| {
        let label = |key| series.labels.iter().find(|(own, _)| own == key).map(|(_, value)| &**value);
        label("span_name") == Some(name) && label("outcome") == outcome
    };
    family.series.iter().find(wanted).unwrap_or_else(|| panic!("{name} {outcome:?} in {family:?}")).clone()
}

/// The calls of a function, by outcome.
fn calls(scope: &Scope, name: &str) -> [u64; 4] {
    ["ok", "error", "panic", "cancelled"].map(|outcome| {
        match series(scope, "function_calls_total", name, Some(outcome)).value {
            MetricValue::Counter(count) => count,
            other => panic!("{other:?}"),
        }
    })
}

/// How many durations of a function were observed, and their sum in seconds.
fn durations(scope: &Scope, name: &str) -> (u64, f64) {
    match series(scope, "function_duration_seconds", name, None).value {
        MetricValue::Histogram { counts, sum, .. } => (counts.iter().sum(), sum),
        other => panic!("{other:?}"),
    }
}

fn work(how: &str) -> Result<u8, String> {
    match how {
        "fail" => Err(String::from("no such book")),
        "panic" => panic!("out of paper"),
        _ => Ok(1),
    }
}

#[span(metrics, attrs(how))]
fn sync(how: &str) -> Result<u8, String> {
    work(how)
}

#[span(metrics)]
async fn asynchronous(how: &str) -> Result<u8, String> {
    Later(false).await;
    work(how)
}

#[span(metrics)]
fn plain(scope: &Scope) {
    scope.advance(Duration::from_millis(250));
}

#[test]
fn calls_are_counted_by_their_outcome() {
    let scope = Scope::new();
    for how in ["", "", "fail"] {
        let _ = sync(how);
    }
    assert!(catch_unwind(|| sync("panic")).is_err());
    assert_eq!(calls(&scope, "sync"), [2, 1, 1, 0]);
    assert_eq!(durations(&scope, "sync").0, 4);
}

#[test]
fn calls_of_async_functions_are_counted_when_they_end() {
    let scope = Scope::new();
    for how in ["", "fail", "panic", "cancel"] {
        let mut future = pin!(asynchronous(how));
        assert!(poll(future.as_mut()).is_pending());
        if how != "cancel" {
            let _ = catch_unwind(AssertUnwindSafe(|| poll(future.as_mut()).map(drop)));
        }
    }
    drop(asynchronous("never polled"));
    assert_eq!(calls(&scope, "asynchronous"), [1, 1, 1, 1], "what is never polled was no call");
    assert_eq!(durations(&scope, "asynchronous").0, 4);
}

#[test]
fn durations_are_in_seconds() {
    let scope = Scope::new();
    plain(&scope);
    plain(&scope);
    assert_eq!(durations(&scope, "plain"), (2, 0.5));
}

#[test]
fn linked_functions_show_before_their_first_call() {
    #[span(metrics, name = "never.called")]
    fn never_called() {}

    let _ = never_called;
    let scope = Scope::new();
    assert_eq!(calls(&scope, "never.called"), [0; 4]);
    assert_eq!(durations(&scope, "never.called"), (0, 0.0));
}

#[test]
fn neither_sampling_nor_a_filter_changes_the_count() {
    let scope = Scope::builder().sampler(NeverSample).enter().unwrap();
    let _ = sync("");
    assert_eq!(calls(&scope, "sync"), [1, 0, 0, 0]);
    scope.set_filter("off".parse::<Filter>().unwrap());
    let _ = sync("fail");
    assert!(poll(pin!(asynchronous(""))).is_pending());
    assert_eq!(calls(&scope, "sync"), [1, 1, 0, 0]);
    assert_eq!(calls(&scope, "asynchronous"), [0, 0, 0, 1]);
    assert_eq!(scope.tree(), "", "nothing was recorded");
}

#[test]
fn nothing_is_counted_while_telemetry_is_disabled() {
    let scope = Scope::new();
    scope.disable();
    let _ = sync("fail");
    assert!(poll(pin!(asynchronous(""))).is_pending());
    scope.enable();
    let _ = sync("");
    assert_eq!(calls(&scope, "sync"), [1, 0, 0, 0]);
    assert_eq!(calls(&scope, "asynchronous"), [0; 4]);
}

#[test]
fn an_error_that_is_not_looked_at_is_none() {
    #[span(metrics, err = off)]
    fn expected_to_fail() -> Result<(), String> {
        Err(String::from("as ever"))
    }

    #[span(metrics, err = shown, ret)]
    fn mapped(fails: bool) -> Result<u8, String> {
        if fails { Err(String::new()) } else { Ok(1) }
    }

    fn shown(_: &String) -> &'static str {
        "shown"
    }

    let scope = Scope::new();
    assert!(expected_to_fail().is_err());
    assert!(mapped(true).is_err());
    assert!(mapped(false).is_ok());
    assert_eq!(calls(&scope, "expected_to_fail"), [1, 0, 0, 0]);
    assert_eq!(calls(&scope, "mapped"), [1, 1, 0, 0]);
}

struct Shelf<T>(T);

#[trace(metrics)]
impl<T: Clone + PartialEq> Shelf<T> {
    fn first(&self) -> T {
        self.0.clone()
    }

    async fn later(&self) -> Result<T, String> {
        Err(String::from("gone"))
    }

    fn boxed(&self, early: bool) -> Pin<Box<dyn Future<Output = Result<u8, String>> + Send>> {
        if early {
            return Box::pin(std::future::ready(Err(String::from("early"))));
        }
        Box::pin(async { Ok(2) })
    }

    fn tail(&self) -> impl Future<Output = Result<u8, String>> + use<T> {
        async { Ok(3) }
    }

    /// Panics for what is no equal of itself.
    #[trace(timing)]
    fn making_panics(&self) -> Pin<Box<dyn Future<Output = ()>>> {
        assert!(std::hint::black_box(self.0.clone()) == self.0, "no future");
        Box::pin(std::future::ready(()))
    }

    #[trace(skip)]
    fn skipped(&self) {}
}

#[test]
fn every_shape_of_a_method_is_counted() {
    let scope = Scope::new();
    let shelf = Shelf(1_u8);
    shelf.first();
    Shelf("a").first();
    assert!(poll(pin!(shelf.later())).is_ready());
    assert!(poll(shelf.boxed(true).as_mut()).is_ready());
    assert!(poll(shelf.boxed(false).as_mut()).is_ready());
    drop(shelf.boxed(false));
    assert!(poll(pin!(shelf.tail())).is_ready());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(Shelf(f64::NAN).making_panics()))).is_err());
    shelf.skipped();
    assert_eq!(calls(&scope, "Shelf::first"), [2, 0, 0, 0], "of all types together");
    assert_eq!(calls(&scope, "Shelf::later"), [0, 1, 0, 0]);
    assert_eq!(calls(&scope, "Shelf::boxed"), [1, 1, 0, 1]);
    assert_eq!(calls(&scope, "Shelf::tail"), [1, 0, 0, 0]);
    assert_eq!(calls(&scope, "Shelf::making_panics"), [0, 0, 1, 0]);
    assert!(!scope.metrics().text().contains("Shelf::skipped"));
}

#[test]
fn functions_whose_spans_have_one_name_are_counted_together() {
    #[span(metrics, name = "shared")]
    fn one() {}

    #[span(metrics, name = "shared")]
    fn another() -> Result<(), ()> {
        Err(())
    }

    let scope = Scope::new();
    one();
    let _ = another();
    assert_eq!(calls(&scope, "shared"), [1, 1, 0, 0]);
}

#[test]
fn a_call_from_a_destructor_during_a_panic_did_not_panic_itself() {
    #[span(metrics)]
    fn cleaned_up() {}

    struct Cleaner;

    impl Drop for Cleaner {
        fn drop(&mut self) {
            cleaned_up();
        }
    }

    let scope = Scope::new();
    let unwound = catch_unwind(|| {
        let _cleaner = Cleaner;
        panic!("on purpose");
    });
    assert!(unwound.is_err());
    assert_eq!(calls(&scope, "cleaned_up"), [1, 0, 0, 0]);
}

#[test]
fn durations_have_exemplars_of_recorded_spans() {
    let scope = Scope::new();
    let _ = sync("");
    let span = scope.spans()[0].span_id;
    let exemplars = series(&scope, "function_duration_seconds", "sync", None).exemplars;
    assert_eq!(exemplars.iter().map(|exemplar| exemplar.span_id).collect::<Vec<_>>(), [span]);
}
