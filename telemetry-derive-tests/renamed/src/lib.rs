//! A crate to which the library is known only as `watch`, and through one more module.
#![forbid(unsafe_code)]

/// What a framework that re-exports the library looks like.
pub mod framework {
    pub use watch as telemetry;
}
