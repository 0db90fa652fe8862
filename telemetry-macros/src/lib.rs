//! The macros of `telemetry-core`, which re-exports them.
#![forbid(unsafe_code)]
