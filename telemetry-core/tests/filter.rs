//! The filter of the process: from settings, changed while running, and what hangs on what.
//!
//! One test, since the pipeline is the process's.

use std::time::Duration;

use telemetry_core::sink::MemorySink;
use telemetry_core::{Filter, FilterError, ParentBased, RatioSample, Telemetry, span, step};

const TIMEOUT: Duration = Duration::from_secs(10);

mod db {
    use super::span;

    #[span(level = debug)]
    pub(super) fn query() {
        row();
    }

    #[span(level = warn)]
    fn row() {}
}

#[span]
fn handle() {
    let _step = step!(level = trace, "render");
    db::query();
}

/// The spans of one call, each with its parent's name.
fn shape(telemetry: &Telemetry, memory: &MemorySink) -> Vec<String> {
    handle();
    telemetry.drain_now(TIMEOUT).unwrap();
    let spans = memory.spans();
    memory.clear();
    let parent = |id| spans.iter().find(|span| Some(span.span_id) == id).map_or("", |span| &*span.name);
    let mut shape: Vec<_> =
        spans.iter().map(|span| format!("{} < {}", span.name, parent(span.parent_span_id))).collect();
    shape.sort_unstable();
    shape
}

#[test]
fn call_sites_record_as_the_filter_says_from_the_start_and_while_running() -> Result<(), FilterError> {
    let memory = MemorySink::new();
    let telemetry = Telemetry::builder()
        .filter("info,filter::db=debug".parse()?)
        .sink(memory.clone())
        .start()
        .expect("nothing runs yet");
    assert_eq!(shape(&telemetry, &memory), ["handle < ", "query < handle", "row < query"]);

    // What is below a filtered span hangs on the nearest one that is recorded.
    telemetry.set_filter("info".parse()?);
    assert_eq!(shape(&telemetry, &memory), ["handle < ", "row < handle"]);
    telemetry.set_filter("trace,filter::db=off".parse()?);
    assert_eq!(shape(&telemetry, &memory), ["handle < ", "render < handle"]);
    telemetry.set_filter("off,[query]=debug".parse()?);
    assert_eq!(telemetry.filter().to_string(), "off,[query]=debug");
    assert_eq!(shape(&telemetry, &memory), ["query < "]);

    // Disabling keeps the filter for later.
    telemetry_core::disable();
    assert_eq!(shape(&telemetry, &memory).len(), 0);
    telemetry_core::enable();
    assert_eq!(shape(&telemetry, &memory), ["query < "]);

    telemetry.set_filter(Filter::EVERYTHING);
    let everything = ["handle < ", "query < render", "render < handle", "row < query"];
    assert_eq!(shape(&telemetry, &memory), everything);

    // Filtered spans are not begun, so they stand outside the accounting.
    let before = telemetry.accounting().started;
    telemetry.set_filter("off".parse()?);
    handle();
    assert_eq!(telemetry.accounting().started, before);

    telemetry.set_filter(Filter::EVERYTHING);
    telemetry.set_sample_ratio(0.0).unwrap();
    assert_eq!(shape(&telemetry, &memory).len(), 0);
    assert!(telemetry.set_sample_ratio(1.5).is_err());
    telemetry.set_sampler(ParentBased(RatioSample::new(1.0).unwrap()));
    assert_eq!(shape(&telemetry, &memory), everything);
    Ok(())
}
