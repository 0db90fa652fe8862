//! A handle whose pipeline has been shut down, beside the pipeline that came after.
//!
//! One test in a program of its own: there is one such pipeline.

use std::time::Duration;

use telemetry_core::drain::{DrainError, DrainStartError};
use telemetry_core::sink::MemorySink;
use telemetry_core::{AlwaysSample, Telemetry, span};

const PATIENCE: Duration = Duration::from_secs(20);

#[span]
fn work() {}

#[test]
fn an_old_handle_leaves_the_new_pipeline_alone() {
    let start = |sink: &MemorySink| Telemetry::builder().sampler(AlwaysSample).sink(sink.clone()).start();
    let old = start(&MemorySink::new()).unwrap();
    work();
    old.shutdown(PATIENCE).unwrap();
    assert_eq!(old.sinks()[0].delivered, 1, "figures outlive the shutdown");

    let memory = MemorySink::new();
    let new = start(&memory).unwrap();
    work();
    assert_eq!(old.drain_now(PATIENCE), Err(DrainError::Stopped));
    assert_eq!(old.flush(PATIENCE), Err(DrainError::Stopped));
    assert_eq!(old.add_sink(MemorySink::new()), Err(DrainStartError::Stopped));
    assert_eq!(old.sinks().len(), 1);
    assert_eq!(old.shutdown(PATIENCE), Ok(Vec::new()));
    drop(old);

    work();
    new.drain_now(PATIENCE).unwrap();
    assert_eq!(memory.spans().len(), 2);
    assert_eq!(new.accounting().dropped(), 0);
    new.shutdown(PATIENCE).unwrap();
    work();
    assert_eq!(new.accounting().dropped_after_shutdown, 1);
}
