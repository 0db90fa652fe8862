//! Panics, in polls and out of them.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use telemetry_core::record::Value;
use telemetry_core::{Outcome, Status, step, trace};

use crate::process::{Process, child, current, named, poll, yield_once};

struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[trace(name = "panics")]
async fn panics() {
    let _cleanup = OnDrop(|| drop(step!("cleanup")));
    yield_once().await;
    panic!("in the second poll");
}

#[trace(name = "outer")]
async fn outer() {
    child();
    panics().await;
}

pub(crate) fn panics_unwind_through_polls(process: &Process) {
    let mut inside = None;
    let spans = process.part(|| {
        let root = step!("root");
        let here = current();
        let mut task = Box::pin(outer());
        assert!(!poll(&mut task));
        assert_eq!(current(), here);
        assert!(catch_unwind(AssertUnwindSafe(|| poll(&mut task))).is_err());
        assert_eq!(current(), here);
        drop(step!("after"));
        inside = here;
        drop(root);
    });
    for name in ["outer", "panics"] {
        let span = named(&spans, name);
        assert_eq!((span.status, span.outcome), (Status::Error, Outcome::Panicked), "{name}");
        assert_eq!(span.attribute("error.message"), Some(&Value::Str("in the second poll".into())));
    }
    assert_eq!(named(&spans, "cleanup").outcome, Outcome::Completed);
    assert_eq!(named(&spans, "cleanup").parent_span_id, Some(named(&spans, "panics").span_id));
    assert_eq!(named(&spans, "after").parent_span_id, inside);
    assert_eq!(named(&spans, "root").outcome, Outcome::Completed);
}

pub(crate) fn resumed_panics_are_marked_without_words(process: &Process) {
    let spans = process.part(|| {
        let _root = step!("root");
        let caught = catch_unwind(|| {
            let _first = step!("first");
            panic!("words");
        });
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let _second = step!("second");
            // Spans that are opened behind one that the panic has ended are not its.
            let _cleanup = OnDrop(|| drop(step!("cleanup")));
            let _inner = step!("inner");
            resume_unwind(caught.unwrap_err());
        }));
        assert!(caught.is_err());
        child();
    });
    assert_eq!(named(&spans, "first").attribute("error.message"), Some(&Value::Str("words".into())));
    for name in ["second", "inner"] {
        assert_eq!(named(&spans, name).outcome, Outcome::Panicked, "{name}");
        assert_eq!(named(&spans, name).attribute("error.message"), None);
    }
    for name in ["cleanup", "child", "root"] {
        assert_eq!(named(&spans, name).outcome, Outcome::Completed, "{name}");
    }
}
