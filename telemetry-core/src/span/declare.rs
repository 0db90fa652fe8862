//! Call sites as the macros declare them.

use std::panic::Location;

use super::site::{CallSite, Site};
use crate::record::{Origin, SpanKind};

/// A call site of the internal kind and without attributes, in the line where this is written.
#[track_caller]
pub const fn call_site(name: &'static str, origin: &'static Origin) -> CallSite {
    CallSite::new(Site { name, ..site(origin) })
}

/// The same to be filled in.
#[track_caller]
pub const fn site(origin: &'static Origin) -> Site {
    Site {
        name: "",
        kind: SpanKind::Internal,
        keys: &[],
        constants: &[],
        origin,
        line: Location::caller().line(),
    }
}

/// What a block returns that never does: written behind `if false`, it tells the compiler the type.
///
/// # Panics
/// When it is called.
pub fn returned<T>() -> T {
    unreachable!("written where control never comes")
}
