//! Traces kept for how they ended: what the head decision dropped is recorded all the same, held back by the drain until
//! its local root has ended, and passed on if it was slow or failed.
//!
//! The sampler answers [`Decision::Watch`](crate::Decision::Watch) instead of `Drop` ([`Watching`]); the trace goes on with
//! a mark among its flags, and with the W3C sampled flag off. [`Holding`] has the spans with that mark, in the drain's
//! hands: nothing here is on the path of a span.

mod counts;
mod holding;
mod policy;
mod remembered;
#[cfg(test)]
mod tests;
mod undecided;
mod watching;

pub(crate) use counts::Counts;
pub(crate) use holding::{Holding, Ledger};
pub use policy::KeepTraces;
pub(crate) use watching::Watching;
