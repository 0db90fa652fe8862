//! Streams inside spans: from the first item to the end, across polls and threads.

use std::task::{Context as Polling, Poll, Waker};

use futures_core::Stream;
use telemetry_core::testing::Scope;
use telemetry_core::{
    CallSite, InstrumentStream, Origin, Outcome, Site, Span, SpanBuilder, SpanKind, span, step,
};
use tokio_stream::StreamExt;

static EXPORT: CallSite = CallSite::new(Site {
    name: "export",
    kind: SpanKind::Internal,
    keys: &[],
    constants: &[],
    origin: &Origin { crate_name: "streams", crate_version: "1.0.0", module: "streams", file: file!() },
    line: line!(),
});

/// So many rows, each read in a span of its own.
fn rows(count: u32) -> impl Stream<Item = u32> + Send {
    tokio_stream::iter(0..count).map(|row| {
        let _step = step!("row");
        row
    })
}

fn scope() -> Scope {
    Scope::builder().real_clock().enter().unwrap()
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap().block_on(future)
}

/// The outcome of the only span named `export`.
fn outcome(scope: &Scope) -> Outcome {
    let spans = scope.spans();
    let mut of = spans.iter().filter(|span| span.name == "export");
    let outcome = of.next().expect("an export").outcome;
    assert!(of.next().is_none(), "{}", scope.tree());
    outcome
}

#[test]
fn what_a_stream_does_hangs_on_its_span_and_what_its_reader_does_not() {
    #[span]
    async fn reader() -> u32 {
        let mut rows = std::pin::pin!(rows(2).instrument_stream(SpanBuilder::new(&EXPORT)));
        let mut sum = 0;
        while let Some(row) = rows.next().await {
            let _step = step!("write");
            sum += row;
        }
        sum
    }
    let scope = scope();
    assert_eq!(block_on(reader()), 1);
    assert_eq!(scope.tree(), "reader\n  export\n    row\n    row\n  write\n  write\n");
    assert_eq!(outcome(&scope), Outcome::Completed);
}

#[test]
fn a_stream_that_is_dropped_before_its_end_was_cancelled_or_never_polled() {
    for (asked, expected) in [(0, Outcome::NeverPolled), (1, Outcome::Cancelled), (3, Outcome::Completed)] {
        let scope = scope();
        let mut rows = Box::pin(rows(2).instrument_stream(SpanBuilder::new(&EXPORT)));
        assert_eq!(rows.size_hint(), (2, Some(2)));
        let mut cx = Polling::from_waker(Waker::noop());
        for _ in 0..asked {
            assert!(rows.as_mut().poll_next(&mut cx).is_ready());
            assert!(Span::current().context().is_none(), "the span is left with every poll");
        }
        drop(rows);
        assert_eq!(outcome(&scope), expected, "after {asked} items");
    }
}

#[test]
fn a_stream_that_ends_has_ended_its_span_and_can_be_asked_again() {
    let scope = scope();
    let mut rows = Box::pin(rows(0).instrument_stream(SpanBuilder::new(&EXPORT)).timed());
    let mut cx = Polling::from_waker(Waker::noop());
    for _ in 0..2 {
        assert_eq!(rows.as_mut().poll_next(&mut cx), Poll::Ready(None));
        assert_eq!(outcome(&scope), Outcome::Completed);
    }
    let spans = scope.spans();
    assert_eq!(spans[0].attribute("poll_count"), Some(&telemetry_core::record::Value::U64(1)));
}

#[test]
fn a_stream_takes_the_context_along_to_another_thread() {
    #[span]
    fn maker() -> u32 {
        let rows = rows(3).stream_in_current_context();
        std::thread::spawn(|| block_on(rows.fold(0, |sum, row| sum + row))).join().unwrap()
    }
    let scope = scope();
    assert_eq!(maker(), 3);
    assert_eq!(scope.tree(), "maker\n  row\n  row\n  row\n");
}
