//! Call sites as the macros declare them.

use std::panic::Location;

use super::site::{CallSite, Site};
use crate::record::{Origin, SpanKind};

/// A call site of the internal kind and without attributes, in the place where this is written.
#[track_caller]
pub const fn call_site(
    name: &'static str,
    module: &'static str,
    crate_name: &'static str,
    crate_version: &'static str,
) -> CallSite {
    CallSite::new(Site { name, ..site(module, crate_name, crate_version) })
}

/// The same to be filled in.
#[track_caller]
pub const fn site(module: &'static str, crate_name: &'static str, crate_version: &'static str) -> Site {
    let place = Location::caller();
    Site {
        name: "",
        kind: SpanKind::Internal,
        keys: &[],
        constants: &[],
        origin: Origin { crate_name, crate_version, module, file: place.file(), line: place.line() },
    }
}

/// What a block returns that never does: written behind `if false`, it tells the compiler the type.
///
/// # Panics
/// When it is called.
pub fn returned<T>() -> T {
    unreachable!("written where control never comes")
}
