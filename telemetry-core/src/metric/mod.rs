//! Instruments, their registry and their exposition.

pub mod exposition;
pub mod snapshot;
