//! Systems that crash evidence cannot be had on: it is refused, and nothing else is done.

use std::path::PathBuf;

use super::options::{CrashEvidence, EvidenceError};
use crate::clock::Line;
use crate::ring::Slot;

/// What a process that begins its evidence has and finds.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) path: PathBuf,
    pub(crate) crashes: Vec<PathBuf>,
}

/// Never made.
pub(crate) enum Opening {}

impl Opening {
    pub(crate) fn new(_: CrashEvidence, _: &str, _: usize) -> Result<Self, EvidenceError> {
        Err(EvidenceError::Unsupported)
    }

    pub(crate) const fn wants_ring(&self) -> bool {
        match *self {}
    }

    pub(crate) fn map(&self, _: usize) -> Option<&'static [Slot]> {
        match *self {}
    }

    pub(crate) fn without_ring(self) -> EvidenceError {
        match self {}
    }

    pub(crate) fn begin(
        self,
        _: *const [Slot],
        _: bool,
        _: [&str; 3],
        _: &[Line],
    ) -> Result<Begun, EvidenceError> {
        match self {}
    }
}

pub(crate) fn alive(_: impl FnOnce() -> Vec<Line>) {}

pub(crate) const fn end() {}
