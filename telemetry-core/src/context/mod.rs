//! The current span of this thread, and how it travels to others.

mod attach;
mod carried;
mod current;
mod disorder;
mod exit;
mod frame;
mod local;
mod sequence;
mod source;

pub use attach::{Context, ContextGuard, InContext};
pub use carried::Carried;
pub use current::SpanContext;
pub(crate) use current::{Current, flag};
#[cfg(test)]
pub(crate) use disorder::remembered;
pub(crate) use frame::Frame;
#[cfg(target_os = "linux")]
pub(crate) use local::watch_threads;
pub(crate) use local::{Local, NO_TOKEN};
pub use source::AsSpanContext;
