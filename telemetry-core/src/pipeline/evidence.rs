//! Crash evidence of the process's pipeline.

use std::path::{Path, PathBuf};

use super::builder::TelemetryBuilder;
use super::telemetry::Telemetry;
use super::{GLOBAL, RingCell};
use crate::evidence::{Begun, CrashEvidence, EvidenceError, Opening};
use crate::record::Value;
use crate::resource::Resource;
use crate::standard_error::say;

/// What became of the wish for evidence, in one process. Kept for good: handles give out what is in it.
pub(super) struct Evidence {
    wanted: CrashEvidence,
    begun: Result<Begun, EvidenceError>,
}

/// Begins the evidence, if it is wanted. What goes wrong is told on standard error, and the process runs without.
pub(super) fn begin(wanted: Option<CrashEvidence>, resource: &Resource) -> Option<&'static Evidence> {
    let wanted = wanted?;
    let begun = start(wanted.clone(), resource, &GLOBAL.ring);
    match &begun {
        Err(error) => match std::error::Error::source(error) {
            Some(source) => say(&format_args!("{error}: {source}")),
            None => say(error),
        },
        Ok(begun) => {
            for path in &begun.crashes {
                say(&format_args!("an earlier process has died: {} tells what it was doing", path.display()));
            }
        }
    }
    Some(Box::leak(Box::new(Evidence { wanted, begun })))
}

/// Begins evidence of its own in the child of a fork, where the parent was to have some.
pub(super) fn begin_in_child(
    parents: Option<&'static Evidence>,
    resource: &Resource,
) -> Option<&'static Evidence> {
    begin(parents.map(|parents| parents.wanted.clone()), resource)
}

fn start(
    wanted: CrashEvidence,
    resource: &Resource,
    cell: &'static RingCell,
) -> Result<Begun, EvidenceError> {
    let text = |key| match resource.get(key) {
        Some(Value::Str(text)) => text.as_ref(),
        _ => "",
    };
    let opening = Opening::new(wanted, text("service.name"), cell.capacity())?;
    let in_use = cell.allocated().is_some();
    let placed = opening.wants_ring() && cell.place(|capacity| opening.map(capacity));
    if opening.wants_ring() && !placed {
        let why = if in_use { "the ring was in use before" } else { "the file cannot be mapped" };
        say(&format_args!("the ring does not lie in the file of the crash evidence: {why}"));
    }
    let executable = std::env::current_exe().unwrap_or_default();
    let process = [text("service.name"), text("service.version"), &executable.to_string_lossy()];
    let Some(ring) = cell.get() else { return Err(opening.without_ring()) };
    opening.begin(ring.memory(), placed, process, &GLOBAL.timeline.conversion().lines())
}

impl TelemetryBuilder {
    /// Keeps evidence of what the process was doing, for when it dies: see [`evidence`](crate::evidence). Default: none.
    pub fn crash_evidence(mut self, evidence: CrashEvidence) -> Self {
        self.evidence = Some(evidence);
        self
    }
}

impl Telemetry {
    /// The file of this process's crash evidence, while it runs; none when none was asked for. In the child of a fork it is
    /// the child's own.
    ///
    /// # Errors
    /// Why there is none, though it was asked for.
    pub fn evidence(&self) -> Result<Option<&Path>, &EvidenceError> {
        self.begun().map(|begun| begun.as_ref().map(|begun| &*begun.path)).transpose()
    }

    /// The evidence that processes which died have left in the directory since the last start of one: for
    /// [`evidence::read`](crate::evidence::read). In the child of a fork it is what has been left since the last start or
    /// child.
    pub fn crashes(&self) -> &[PathBuf] {
        self.begun().and_then(|begun| begun.as_ref().ok()).map_or(&[], |begun| &begun.crashes)
    }

    fn begun(&self) -> Option<&'static Result<Begun, EvidenceError>> {
        self.here()?.evidence.map(|evidence| &evidence.begun)
    }
}
