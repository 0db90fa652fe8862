//! Spans on the pipeline of the process, where children open and close by the fast path: panics, threads that end,
//! futures that wander, a pipeline that is shut or stopped around open spans.
//!
//! One test in a program of its own: there is one such pipeline. Each part runs on a thread of its own.

mod ends;
mod futures;
mod panics;
mod process;

use telemetry_core::sink::MemorySink;
use telemetry_core::{AlwaysSample, Telemetry};

use process::Process;

#[test]
fn spans_of_the_process_hold_under_panics_threads_and_stops() {
    let memory = MemorySink::new();
    let telemetry = Telemetry::builder().sampler(AlwaysSample).sink(memory.clone()).start().unwrap();
    let process = Process { telemetry, memory };

    panics::panics_unwind_through_polls(&process);
    panics::resumed_panics_are_marked_without_words(&process);
    futures::a_thousand_futures_side_by_side(&process);
    futures::a_thousand_spans_one_in_the_other(&process);
    futures::futures_that_wander_between_threads(&process);
    ends::spans_in_the_destructors_of_a_thread(&process);
    ends::late_writes_are_counted(&process);
    ends::spans_open_while_the_gates_shut(&process);
    ends::spans_open_while_the_pipeline_stops(process);
}
