//! Spans and instruments allocate nothing once a thread is warm.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use telemetry_core::metric::{CounterSeries, GaugeSeries, HistogramSeries};
use telemetry_core::testing::Scope;
use telemetry_core::{Label, Span, metric, span, step};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: hands every call on to the system's allocator; the count is a plain thread-local.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[derive(Clone, Copy, Label)]
enum Outcome {
    Hit,
    Miss,
}

metric! {
    /// Books looked up.
    static LOOKUPS: Counter = "allocation_lookups_total" { outcome: Outcome };
    /// Time to look a book up.
    static LOOKUP_TIME: Histogram = "allocation_lookup_duration_seconds";
    /// Shelves in use.
    static SHELVES: Gauge = "allocation_shelves";
    /// Books looked up, by shelf.
    static BY_SHELF: Counter = "allocation_by_shelf_total" { shelf: str };
    /// Time to look a book up, by shelf and outcome.
    static SHELF_TIME: Histogram = "allocation_shelf_duration_seconds" { shelf: str, outcome: Outcome };
    /// Books on a shelf.
    static ON_SHELF: Gauge = "allocation_books_on_shelf" { shelf: str };
    /// Books out, by outcome.
    static OUT: Gauge = "allocation_books_out" { outcome: Outcome };
    /// Too many shelves.
    static NARROW: Counter = "allocation_narrow_total" { shelf: str }, limit = 1;
}

const LONG_SHELF: &str = "the one at the far end of the reading room, behind the atlases";

#[span(attrs(book.id = id, db.system = "sqlite", title = title, found = true))]
fn load(id: i64, title: &str) -> Result<i64, std::fmt::Error> {
    let _step = step!("parse");
    Span::current().event("parsed");
    Ok(black_box(id))
}

#[span(attrs(book.id = id))]
async fn fetch(id: i64) -> Result<i64, std::fmt::Error> {
    Yield(false).await;
    load(id, "Dune")
}

struct Yield(bool);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: std::pin::Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
}

fn work(kept: &Kept) {
    for id in 0..100 {
        let _ = black_box(load(id, "The Left Hand of Darkness"));
        let _ = black_box(block_on(fetch(id)));
        LOOKUPS.with(if id % 2 == 0 { Outcome::Hit } else { Outcome::Miss }).inc();
        LOOKUP_TIME.observe(id as f64 / 1_000.0);
        SHELVES.set(id as f64);
        BY_SHELF.with("north").inc();
        BY_SHELF.with(LONG_SHELF).inc();
        SHELF_TIME.with(("north", Outcome::Hit)).observe(0.2);
        SHELF_TIME.with((LONG_SHELF, Outcome::Miss)).start_timer().stop();
        ON_SHELF.with("south").add(1.0);
        OUT.with(Outcome::Hit).set(2.0);
        NARROW.with(if id % 2 == 0 { "one" } else { "another" }).inc();
        kept.counter.inc();
        kept.dense.inc();
        kept.histogram.observe(0.3);
        kept.gauge.set(id as f64);
    }
}

/// Series resolved once.
struct Kept {
    counter: CounterSeries,
    dense: CounterSeries,
    histogram: HistogramSeries,
    gauge: GaugeSeries,
}

#[test]
fn warm_spans_and_instruments_allocate_nothing() {
    let scope = Scope::builder().capacity(16_384).real_clock().enter().unwrap();
    let kept = Kept {
        counter: BY_SHELF.series("east"),
        dense: LOOKUPS.series(Outcome::Hit),
        histogram: SHELF_TIME.series(("east", Outcome::Hit)),
        gauge: ON_SHELF.series("east"),
    };
    work(&kept);
    let before = ALLOCATIONS.get();
    work(&kept);
    assert_eq!(ALLOCATIONS.get() - before, 0, "allocations in 500 spans and 1,500 updates");
    let spans = scope.take_spans();
    assert_eq!(spans.len(), 2 * 500, "all of it was recorded");
    assert!(spans.iter().all(|span| span.dropped_attributes_count == 0));
}
