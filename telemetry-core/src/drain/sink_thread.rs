//! The thread of one sink: takes from its queue and calls the sink, whatever the sink does.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::caught::said;
use crate::forking;
use crate::sink::{Sink, SinkContext, SinkError};

use super::lane::{CallResult, Called, Lane, Work};
use super::lock;

/// The name of a sink's thread.
pub(super) fn thread_name(sink: &str) -> String {
    format!("telemetry-sink-{sink}")
}

/// Starts a sink's thread.
pub(super) fn spawn(lane: Arc<Lane>, context: SinkContext, suppress: fn() -> Box<dyn Any>) -> io::Result<()> {
    forking::spawn(&thread_name(lane.name()), move || {
        let suppressed = suppress();
        run(&lane, &context);
        drop(suppressed);
    })
}

fn run(lane: &Lane, context: &SinkContext) {
    lane.bind();
    call(lane, "start", |sink| sink.start(context));
    lane.started();
    while let Some((number, work)) = lane.next() {
        match work {
            Work::Spans(spans) => {
                let called = call(lane, "export spans", |sink| sink.export_spans(&spans));
                let count = spans.len() as u64;
                // Before the batch counts as done: whoever waits for that finds it free.
                drop(spans);
                lane.finish(number, count, &called);
            }
            Work::Metrics(snapshot) => {
                let called = call(lane, "export metrics", |sink| sink.export_metrics(&snapshot));
                lane.finish(number, 0, &called);
            }
            Work::Flush => {
                let called = call(lane, "flush", Sink::flush);
                lane.finish(number, 0, &called);
            }
            Work::Close => {
                let called = call(lane, "close", Sink::close);
                lane.finish(number, 0, &called);
                break;
            }
        }
    }
    drop_sink(lane);
    lane.closed();
}

/// Calls the sink; a fault is booked and reported before the call counts as done.
fn call(lane: &Lane, what: &str, run: impl FnOnce(&mut dyn Sink) -> Result<(), SinkError>) -> Called {
    let mut slot = lock(&lane.sink);
    let Some(sink) = slot.as_deref_mut() else {
        return Called { result: CallResult::Fine, held: 0 };
    };
    // A panic may leave the sink's own data half changed, which is its own affair: nothing else can see them.
    let result = match catch_unwind(AssertUnwindSafe(|| run(sink))) {
        Ok(Ok(())) => CallResult::Fine,
        Ok(Err(SinkError::Lost(losses))) => CallResult::Lost(losses),
        Ok(Err(error)) => CallResult::Failed(error.to_string()),
        Err(panic) => panicked(panic),
    };
    // A sink that cannot say holds nothing.
    let held = catch_unwind(AssertUnwindSafe(|| sink.held())).unwrap_or_else(|panic| {
        std::mem::forget(panic);
        0
    });
    drop(slot);
    lane.fault(what, &result);
    Called { result, held }
}

/// Drops the sink while its deadline still counts.
fn drop_sink(lane: &Lane) {
    let sink = lock(&lane.sink).take();
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(sink))) {
        lane.fault("be dropped", &panicked(panic));
    }
}

/// What a panic was, its payload dropped.
pub(super) fn panicked(panic: Box<dyn Any + Send>) -> CallResult {
    CallResult::Panicked(said(panic))
}

/// Asks a sink what cannot fail but by a panic: how that went, and the answer.
pub(super) fn answered<T>(ask: impl FnOnce() -> T) -> (CallResult, Option<T>) {
    match catch_unwind(AssertUnwindSafe(ask)) {
        Ok(answer) => (CallResult::Fine, Some(answer)),
        Err(panic) => (panicked(panic), None),
    }
}
