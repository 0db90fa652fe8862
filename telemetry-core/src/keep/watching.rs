//! The sampler of a pipeline that keeps traces for how they end.

use crate::sample::{Decision, Sampler, SamplingParameters};

/// Has the traces watched that the sampler inside drops.
pub(crate) struct Watching(pub(crate) Box<dyn Sampler>);

impl Sampler for Watching {
    fn sample(&self, parameters: &SamplingParameters<'_>) -> Decision {
        match self.0.sample(parameters) {
            Decision::Drop => Decision::Watch,
            decision => decision,
        }
    }
}
