//! For services that are driven by hand.

use std::task::{Context, Waker};

use telemetry_core::record::SpanRecord;
use telemetry_core::testing::Scope;

pub(crate) fn cx() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

/// The one span there is.
pub(crate) fn only(scope: &Scope) -> SpanRecord {
    let mut spans = scope.spans();
    assert_eq!(spans.len(), 1, "{}", scope.tree());
    spans.remove(0)
}
