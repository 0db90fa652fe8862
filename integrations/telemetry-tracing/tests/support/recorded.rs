//! A scope with the layer, and looking at what it recorded.

use telemetry_core::record::{SpanRecord, Value};
use telemetry_core::testing::Scope;
use telemetry_tracing::SpanLayer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;

/// A scope, and a subscriber with the layer for as long as the guard lives.
pub(crate) fn begin() -> (Scope, tracing::subscriber::DefaultGuard) {
    (Scope::new(), tracing::subscriber::set_default(registry().with(SpanLayer::new())))
}

pub(crate) fn find(spans: &[SpanRecord], name: &str) -> SpanRecord {
    let mut found = spans.iter().filter(|span| span.name == name);
    let span = found.next().unwrap_or_else(|| panic!("no {name} among {spans:#?}"));
    assert!(found.next().is_none(), "more than one {name}");
    span.clone()
}

pub(crate) fn text(value: &str) -> Value {
    Value::Str(value.to_owned().into())
}
