//! The traces and metrics of this process, in bounded memory.

mod history;
mod sink;
mod store;

pub use sink::{Limits, ViewerSink};
