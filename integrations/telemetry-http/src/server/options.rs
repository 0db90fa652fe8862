//! How a layer records.

use std::ops::Deref;
use std::sync::Arc;

use http::HeaderName;
use telemetry_core::Context;
use telemetry_core::propagate::{Keys, Propagators};

use super::excluded::Excluded;
use super::hooks::Hooks;
use super::trust::{Cap, Inbound};
use crate::conventions::Conventions;
use crate::metrics::{self, Recorder};

/// Everything that can be chosen.
#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) inbound: Inbound,
    pub(crate) cap: Option<Arc<Cap>>,
    pub(crate) keys: Keys,
    /// By which headers callers name their traces; none for those of the process.
    pub(crate) propagators: Option<Propagators>,
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

/// What a layer does for which nothing was chosen.
static DEFAULT: Options = Options {
    inbound: Inbound::Continue,
    cap: None,
    keys: Keys::Level2,
    propagators: None,
    excluded: Excluded::NONE,
    measure: true,
    measure_excluded: false,
    hooks: None,
    request_id: None,
    extension: false,
    pipeline: None,
    conventions: Conventions::Old,
    recorder: metrics::standard(),
};

/// Options as a layer and its services share them; none where nothing was chosen. So the default layer counts no
/// references, though axum makes the services of some routes anew for every request.
#[derive(Clone, Default)]
pub(crate) struct Shared(Option<Arc<Options>>);

impl Shared {
    /// The options, to be changed.
    pub(crate) fn make_mut(&mut self) -> &mut Options {
        Arc::make_mut(self.0.get_or_insert_with(|| Arc::new(DEFAULT.clone())))
    }

    /// The options, to be kept by a request, where they have more to say to it than at its beginning.
    pub(crate) fn of_request(&self) -> Option<Arc<Options>> {
        let lasts = |options: &&Arc<Options>| {
            options.hooks.is_some() || options.request_id.is_some() || options.pipeline.is_some()
        };
        self.0.as_ref().filter(lasts).cloned()
    }
}

impl Deref for Shared {
    type Target = Options;

    fn deref(&self) -> &Options {
        self.0.as_deref().unwrap_or(&DEFAULT)
    }
}
