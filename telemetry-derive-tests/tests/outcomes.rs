//! How the work of a span ended, and how its future was polled.
#![allow(missing_docs)]

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use telemetry_core::record::{SpanRecord, Value};
use telemetry_core::testing::Scope;
use telemetry_core::{Instrument, Outcome, SpanBuilder, Status, span, step};

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Pending so many times.
struct Pending(u32);

impl Future for Pending {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let Some(left) = self.0.checked_sub(1) else { return Poll::Ready(()) };
        self.0 = left;
        Poll::Pending
    }
}

#[span]
fn sync(how: &str) -> Result<(), String> {
    match how {
        "fail" => Err(String::from("no such book")),
        "panic" => panic!("out of paper"),
        _ => Ok(()),
    }
}

#[span]
async fn asynchronous(how: &str) -> Result<(), String> {
    Pending(1).await;
    sync(how)
}

fn only(scope: &Scope, name: &str) -> SpanRecord {
    let spans = scope.spans();
    let mut named = spans.iter().filter(|span| span.name == name);
    let span = named.next().unwrap_or_else(|| panic!("no {name} among {spans:?}")).clone();
    assert!(named.next().is_none(), "{spans:?}");
    span
}

fn text<'a>(span: &'a SpanRecord, key: &str) -> &'a str {
    match span.attribute(key) {
        Some(Value::Str(text)) => text,
        other => panic!("{key} is {other:?}"),
    }
}

#[test]
fn work_is_completed_failed_or_panicked() {
    for (how, outcome, status) in [
        ("go well", Outcome::Completed, Status::Unset),
        ("fail", Outcome::Failed, Status::Error),
        ("panic", Outcome::Panicked, Status::Error),
    ] {
        let scope = Scope::new();
        let _ = catch_unwind(|| sync(how));
        let span = only(&scope, "sync");
        assert_eq!((span.outcome, span.status), (outcome, status), "{how}");

        let scope = Scope::new();
        let mut future = Box::pin(asynchronous(how));
        assert!(poll(future.as_mut()).is_pending());
        let _ = catch_unwind(AssertUnwindSafe(|| poll(future.as_mut())));
        drop(future);
        for name in ["sync", "asynchronous"] {
            let span = only(&scope, name);
            assert_eq!((span.outcome, span.status), (outcome, status), "{how}");
            match how {
                "fail" => assert_eq!(text(&span, "error.message"), "no such book"),
                "panic" => {
                    assert_eq!(text(&span, "error.type"), "panic");
                    assert_eq!(text(&span, "error.message"), "out of paper");
                }
                _ => assert_eq!(span.attributes.len(), 0),
            }
        }
    }
}

#[test]
fn a_future_that_is_dropped_is_cancelled_or_was_never_polled() {
    let scope = Scope::new();
    let mut future = Box::pin(asynchronous(""));
    assert!(poll(future.as_mut()).is_pending());
    drop(future);
    assert_eq!(only(&scope, "asynchronous").outcome, Outcome::Cancelled);
    assert_eq!(only(&scope, "asynchronous").status, Status::Unset);

    // An `async fn` opens its span at its first poll, a step where it stands.
    let scope = Scope::new();
    drop(asynchronous(""));
    drop(step!("step" => Pending(1)));
    assert_eq!(scope.spans().len(), 1);
    assert_eq!(only(&scope, "step").outcome, Outcome::NeverPolled);

    let scope = Scope::new();
    let mut stepped = Box::pin(step!("step" => Pending(1)));
    assert!(poll(stepped.as_mut()).is_pending());
    drop(stepped);
    assert_eq!(only(&scope, "step").outcome, Outcome::Cancelled);
}

/// Works for 5 ms in each of so many polls.
struct Working<'a>(&'a Scope, u32);

impl Future for Working<'_> {
    type Output = Result<(), String>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), String>> {
        self.0.advance(Duration::from_millis(5));
        self.1 -= 1;
        if self.1 == 0 { Poll::Ready(Err(String::from("tired"))) } else { Poll::Pending }
    }
}

#[span(timing)]
async fn timed(scope: &Scope, polls: u32) -> Result<(), String> {
    Working(scope, polls).await
}

/// Polls so many times, with 20 ms between.
fn run<F: Future>(scope: &Scope, mut future: Pin<&mut F>, polls: u32) {
    for number in 0..polls {
        if number > 0 {
            scope.advance(Duration::from_millis(20));
        }
        let _ = poll(future.as_mut());
    }
}

fn figures(span: &SpanRecord) -> [Option<u64>; 3] {
    ["poll_count", "busy_ns", "idle_ns"].map(|key| match span.attribute(key) {
        Some(Value::U64(figure)) => Some(*figure),
        other => {
            assert!(other.is_none(), "{key} is {other:?}");
            None
        }
    })
}

const MILLISECOND: u64 = 1_000_000;

#[test]
fn polls_are_counted_and_timed_on_request_however_the_work_ends() {
    let scope = Scope::new();
    run(&scope, pin!(timed(&scope, 3)), 3);
    let span = only(&scope, "timed");
    assert_eq!(figures(&span), [Some(3), Some(15 * MILLISECOND), Some(40 * MILLISECOND)]);
    assert_eq!(span.outcome, Outcome::Failed);
    assert_eq!(span.duration_nanos, 55 * MILLISECOND);

    let scope = Scope::new();
    {
        let mut cancelled = Box::pin(timed(&scope, 3));
        run(&scope, cancelled.as_mut(), 2);
    }
    let span = only(&scope, "timed");
    assert_eq!(figures(&span), [Some(2), Some(10 * MILLISECOND), Some(20 * MILLISECOND)]);
    assert_eq!(span.outcome, Outcome::Cancelled);

    #[span(timing)]
    async fn panics(scope: &Scope) {
        Pending(1).await;
        scope.advance(Duration::from_millis(7));
        panic!("out of paper");
    }

    let scope = Scope::new();
    {
        let mut future = Box::pin(panics(&scope));
        let _ = catch_unwind(AssertUnwindSafe(|| run(&scope, future.as_mut(), 2)));
    }
    let span = only(&scope, "panics");
    assert_eq!(figures(&span), [Some(2), Some(7 * MILLISECOND), Some(20 * MILLISECOND)]);
    assert_eq!(span.outcome, Outcome::Panicked);
}

#[test]
fn steps_and_wrappers_can_be_timed_too() {
    static SITE: telemetry_core::CallSite = telemetry_core::CallSite::new(telemetry_core::Site {
        name: "wrapped",
        kind: telemetry_core::SpanKind::Internal,
        keys: &[],
        constants: &[],
        origin: &telemetry_core::Origin { crate_name: "", crate_version: "", module: "", file: "" },
        line: 0,
    });
    let scope = Scope::new();
    // What passes before the first poll is idle.
    let mut stepped = pin!(step!(timing, "step", rows = 2 => Working(&scope, 2)));
    scope.advance(Duration::from_millis(1));
    run(&scope, stepped.as_mut(), 2);
    assert_eq!(figures(&only(&scope, "step")), [Some(2), Some(10 * MILLISECOND), Some(21 * MILLISECOND)]);
    let wrapped = Working(&scope, 1).instrument(SpanBuilder::new(&SITE)).timed();
    run(&scope, pin!(wrapped), 1);
    assert_eq!(figures(&only(&scope, "wrapped")), [Some(1), Some(5 * MILLISECOND), Some(0)]);
    drop(Working(&scope, 1).instrument(SpanBuilder::new(&SITE)).timed());
    assert_eq!(figures(&scope.spans()[2]), [Some(0), Some(0), Some(0)]);
}

#[test]
fn nothing_is_measured_unless_it_is_asked_for() {
    let scope = Scope::new();
    let mut future = pin!(asynchronous(""));
    run(&scope, future.as_mut(), 2);
    assert_eq!(figures(&only(&scope, "asynchronous")), [None; 3]);

    // One word for the span, and no more.
    #[span]
    async fn empty() {}

    #[span(timing)]
    async fn empty_timed() {}

    assert!(size_of_val(&empty()) <= size_of_val(&async {}) + 3 * size_of::<usize>());
    assert!(size_of_val(&empty_timed()) > size_of_val(&empty()));
}
