use telemetry_core::{Span, span};

#[span(links = Span::current())]
fn load() {}

fn main() {}
