//! Spans for the tests.

use std::sync::Arc;

use telemetry_core::{Outcome, SpanId, SpanKind, Status};

use crate::span::{Dropped, Span};

/// Identifier, parent or zero, start, end, name.
pub(crate) type Sketch = (u64, u64, u64, u64, &'static str);

pub(crate) fn span((id, parent, start, end, name): Sketch) -> Arc<Span> {
    Arc::new(Span {
        id: SpanId::new(id).unwrap(),
        parent: SpanId::new(parent),
        local_root: parent == 0,
        service: "shop".into(),
        name: name.into(),
        kind: SpanKind::Internal,
        start_unix_nanos: start,
        duration_nanos: end - start,
        status: Status::Unset,
        outcome: Outcome::Completed,
        attributes: Vec::new(),
        events: Vec::new(),
        links: Vec::new(),
        dropped: Dropped::default(),
        scope: "shop".into(),
        file: "src/lib.rs".into(),
        line: 1,
    })
}

pub(crate) fn spans(sketches: &[Sketch]) -> Vec<Arc<Span>> {
    sketches.iter().copied().map(span).collect()
}
