//! The traces and metrics in a file of `telemetry-sqlite`.

mod metrics;
mod narrow;
mod rows;
mod source;

pub(crate) use source::FileSource;
