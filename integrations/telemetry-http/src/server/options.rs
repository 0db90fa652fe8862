//! How a layer records.

use std::sync::Arc;

use http::HeaderName;
use telemetry_core::Context;
use telemetry_core::propagate::Keys;

use super::excluded::Excluded;
use super::hooks::Hooks;
use super::trust::{Cap, Inbound};
use crate::conventions::Conventions;
use crate::metrics::Recorder;

/// Everything that can be chosen.
#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) inbound: Inbound,
    pub(crate) cap: Option<Arc<Cap>>,
    pub(crate) keys: Keys,
    pub(crate) excluded: Excluded,
    pub(crate) measure: bool,
    pub(crate) measure_excluded: bool,
    pub(crate) hooks: Option<Arc<dyn Hooks>>,
    /// The header of request identifiers, where they are wanted.
    pub(crate) request_id: Option<HeaderName>,
    pub(crate) extension: bool,
    /// The pipeline to record to; none for that of the thread.
    pub(crate) pipeline: Option<Context>,
    pub(crate) conventions: Conventions,
    pub(crate) recorder: &'static dyn Recorder,
}
