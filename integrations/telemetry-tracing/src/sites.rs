//! The call sites of the `tracing` crate as call sites of ours.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use telemetry_core::{CallSite, Level, Origin, Site, SpanKind};
use tracing_core::Metadata;
use tracing_core::callsite::Identifier;

/// A call site of ours, and what is known of the one it stands for.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) site: CallSite,
    /// Whether a field says the span's name or kind, which must be known before it opens.
    pub(crate) describes_itself: bool,
}

/// The call sites seen so far. Each is made once and never freed, as the program's own never are.
static KNOWN: RwLock<Option<HashMap<Identifier, &'static Known>>> = RwLock::new(None);

/// The call site that stands for one of `tracing`.
pub(crate) fn of(metadata: &'static Metadata<'static>) -> &'static Known {
    let find =
        |known: &Option<HashMap<_, &'static Known>>| known.as_ref()?.get(&metadata.callsite()).copied();
    if let Some(known) = find(&KNOWN.read().unwrap_or_else(PoisonError::into_inner)) {
        return known;
    }
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    known
        .get_or_insert_default()
        .entry(metadata.callsite())
        .or_insert_with(|| Box::leak(Box::new(make(metadata))))
}

fn make(metadata: &'static Metadata<'static>) -> Known {
    let keys: Vec<&'static str> = metadata.fields().iter().map(|field| field.name()).collect();
    let path = metadata.module_path().unwrap_or_else(|| metadata.target());
    let site = Site {
        name: metadata.name(),
        kind: SpanKind::Internal,
        keys: Vec::leak(keys),
        constants: &[],
        origin: Box::leak(Box::new(Origin {
            crate_name: path.split("::").next().unwrap_or(path),
            crate_version: "",
            module: metadata.target(),
            file: metadata.file().unwrap_or_default(),
        })),
        line: metadata.line().unwrap_or_default(),
    };
    let describes_itself =
        ["otel.name", "otel.kind"].iter().any(|name| metadata.fields().field(name).is_some());
    Known { site: CallSite::new(site).level(level(*metadata.level())), describes_itself }
}

/// A level of `tracing` as one of ours.
pub(crate) fn level(level: tracing_core::Level) -> Level {
    match level {
        tracing_core::Level::ERROR => Level::Error,
        tracing_core::Level::WARN => Level::Warn,
        tracing_core::Level::INFO => Level::Info,
        tracing_core::Level::DEBUG => Level::Debug,
        tracing_core::Level::TRACE => Level::Trace,
    }
}
