//! Instruments, their registry and their exposition.

pub mod snapshot;
