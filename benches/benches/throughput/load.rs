//! The spans, and how fast they come.

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use benches::{cpu_time, peak_memory, work};
use telemetry_core::{AlwaysSample, Span, Telemetry, ring, span};

use super::sinks::Row;

/// Threads that open spans.
const THREADS: u64 = 2;
/// Spans in a trace.
const TRACE: u64 = 10;
/// The part of the ring that may be occupied, and the spans that may wait for the sink, before spans are held back.
const OCCUPANCY: f64 = 0.5;
const QUEUED: u64 = 32_768;
/// Traces between two looks at what waits for the sink.
const BETWEEN_LOOKS: u64 = 50;
/// How long a thread waits before it goes on with what is due.
const STEP: Duration = Duration::from_millis(1);
/// A thread that comes later than this to what is due leaves it out: the machine was elsewhere.
const LATE: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(300);

/// How spans come.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Pace {
    /// As fast as the sink takes them.
    HeldBack,
    /// So many a second, come what may.
    Offered(u64),
}

/// What became of them.
pub(crate) struct Outcome {
    /// Spans a second, from the first one opened to the last one delivered when they are held back, to the last one opened
    /// when they are not.
    pub(crate) rate: f64,
    /// Processor time of the whole process for a span, in nanoseconds.
    pub(crate) processor: f64,
    /// The most memory at once, in MiB.
    pub(crate) peak: f64,
    /// Spans that found the ring full.
    pub(crate) dropped_by_ring: f64,
    /// Spans that the sink missed.
    pub(crate) dropped_by_sink: f64,
    /// Seconds for which the host took a processor away.
    pub(crate) stolen: f64,
}

#[span(root, attrs(http.method = "GET", http.route = "/books/{id}", book.id = id))]
fn request(id: u64) {
    Span::current().event("admitted");
    for step in 0..TRACE - 4 {
        black_box(stage(step));
    }
    for query in 0..3 {
        black_box(load(id, "SELECT title FROM books WHERE id = ?", query));
    }
}

#[span]
fn stage(x: u64) -> u64 {
    work(x)
}

#[span(attrs(db.system = "sqlite", db.statement = statement, rows = rows))]
fn load(id: u64, statement: &str, rows: u64) -> u64 {
    black_box((statement, rows));
    work(id)
}

/// Sends `spans` through the ring, the drain and a sink, at the default interval and with the default ring.
pub(crate) fn measure(row: &Row, pace: Pace, spans: u64) -> Outcome {
    let subject = (row.make)();
    let telemetry = Telemetry::builder()
        .service_name("throughput")
        .sampler(AlwaysSample)
        .boxed_sink(subject.sink)
        .start()
        .expect("nothing runs yet");
    let traces = spans / TRACE / THREADS;
    let stolen = cpu_time::stolen();
    let (began, before) = (Instant::now(), cpu_time::of_process());
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| match pace {
                Pace::HeldBack => held_back(&telemetry, traces),
                Pace::Offered(rate) => offered(rate / TRACE / THREADS, traces),
            });
        }
    });
    let opened = began.elapsed();
    let flushed = telemetry.flush(PATIENCE);
    let delivered = began.elapsed();
    let accounting = telemetry.accounting();
    let sink = telemetry.sinks().swap_remove(0);
    assert_eq!(accounting.started, traces * TRACE * THREADS, "every span was begun");
    assert_eq!(
        (accounting.taken, accounting.in_flight),
        (sink.taken, 0),
        "every span reached the sink's queue"
    );
    assert_eq!(sink.taken, sink.delivered + sink.dropped_total(), "every span is accounted for");
    if sink.dropped_total() == 0 {
        flushed.expect("nothing hinders the drain");
    }
    let time = if pace == Pace::HeldBack { delivered } else { opened };
    let spans = accounting.started as f64;
    Outcome {
        rate: spans / time.as_secs_f64(),
        processor: (cpu_time::of_process() - before).as_nanos() as f64 / spans,
        peak: peak_memory::of_process(),
        dropped_by_ring: accounting.dropped() as f64,
        dropped_by_sink: sink.dropped_total() as f64,
        stolen: (cpu_time::stolen() - stolen).as_secs_f64(),
    }
}

/// Opens traces while there is room for them.
fn held_back(telemetry: &Telemetry, traces: u64) {
    for id in 0..traces {
        while ring().occupancy() > OCCUPANCY
            || id % BETWEEN_LOOKS == 0 && telemetry.sinks().iter().any(|sink| sink.queued > QUEUED)
        {
            thread::sleep(Duration::from_micros(100));
        }
        request(id);
    }
}

/// Opens so many traces a second.
fn offered(rate: u64, traces: u64) {
    let every = Duration::from_secs(1) / rate.max(1) as u32;
    let mut due = Instant::now();
    for id in 0..traces {
        let late = Instant::now().saturating_duration_since(due);
        if late.is_zero() {
            thread::sleep(STEP);
        } else if late > LATE {
            due += late;
        }
        request(id);
        due += every;
    }
}
