//! Spans: opening and closing them, what can be recorded on one, and how it is packed into its slot.
//!
//! What every call site calls is inlined where the crate is built for speed. Elsewhere it is not, so that a thousand
//! call sites cost a debug build no more than a thousand calls.

mod access;
mod arena;
mod asking;
mod bits;
mod boxed;
mod builder;
mod declare;
pub(crate) mod decode;
mod early;
mod entering;
mod event;
mod failure;
mod guard;
mod handle;
mod instrument;
mod kept;
mod link_flags;
mod measured;
mod name;
mod off;
mod open;
mod opening;
mod outer;
mod outside;
mod panic;
mod room;
mod root;
mod short;
mod site;
mod staying;
mod stream;
mod task;
mod timed;
mod traced;
mod unwind;
mod value;
mod walk;
mod write;
mod writer;

pub(crate) use arena::floor_char_boundary;
pub use builder::SpanBuilder;
pub use entering::Run;
pub(crate) use entering::project;
pub use event::{EventAttributes, EventWriter};
pub use guard::SpanGuard;
pub use handle::Span;
pub use instrument::{Instrument, Instrumented};
pub(crate) use kept::free_spares;
pub use name::Name;
#[cfg(target_os = "linux")]
pub(crate) use name::watch_names;
pub(crate) use panic::watch_panics;
pub(crate) use site::gates;
pub use site::{CallSite, Constant, Site};
pub use staying::Staying;
pub use stream::InstrumentStream;
pub use task::TaskSpan;
pub use timed::{PolledSpan, TimedSpan};
pub use value::{AttributeValue, Entry};
pub(crate) use walk::Reference;
#[cfg(target_os = "linux")]
pub(crate) use walk::anchor;

/// What macro expansions call.
pub(crate) mod expansion {
    pub use super::boxed::{boxed, boxed_step};
    pub use super::declare::{call_site, returned, site};
    pub use super::early::{Branch, FromResidual};
    pub use super::failure::probe::Probe;
    pub use super::failure::returned::Shown;
    pub use super::failure::{Ignored, record};
    pub use super::measured::Measured;
    pub use super::off::{
        NO_SPAN, check, check_debug, check_display, check_links, check_sampler, no_guard, no_step,
    };
    pub use super::open::{open, open_root, open_step, open_task, open_task_root};
    pub use super::opening::{context_of, open_task_under, open_under, wanted};
    pub use super::room::Room;
    pub use super::traced::{Traced, call, making, step};
}

#[cfg(test)]
mod tests;

/// Has the locks held while the process forks.
pub(crate) fn hold_locks(keeper: &mut crate::forking::Keeper) {
    gates::hold(keeper);
    name::hold(keeper);
}
