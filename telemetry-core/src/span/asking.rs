//! Asking a sampler.

use crate::context::{Local, flag};
use crate::sample::{Decision, Sampler, SamplingParameters};

/// Asks `sampler`, or else the pipeline's. A span that it opens itself is not recorded: it would be asked for that one
/// too, without end.
pub(super) fn ask(
    local: &Local,
    sampler: Option<&dyn Sampler>,
    parameters: &SamplingParameters<'_>,
) -> Decision {
    let flags = local.flags();
    let seen = if flags & flag::SAMPLED != 0 { flag::REMOTE_SAMPLED } else { 0 };
    local.replace_flags(flags & !flag::SAMPLED | seen | flag::ACTIVE | flag::ASKING);
    let _asked = Asked { local, flags };
    match sampler {
        Some(sampler) => sampler.sample(parameters),
        None => local.pipeline.get().sampler.sample(parameters),
    }
}

/// Puts the flags back, also when the sampler panics.
struct Asked<'a> {
    local: &'a Local,
    flags: u32,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.local.replace_flags(self.flags);
    }
}
