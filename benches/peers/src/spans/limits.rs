//! The limits in the shape of tracing systems: they do what no system can leave out, and record nothing.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Mode, System, Tally};
use crate::clock::ticks;
use crate::work::{YieldOnce, block_on, body};

/// A switch that nobody turns on and the compiler knows nothing of.
static SWITCH: AtomicBool = AtomicBool::new(false);

/// The body alone.
pub(super) struct Bare;
/// The body behind a relaxed load and a branch: what anything that can be switched on costs.
pub(super) struct Gate;
/// Two reads of the clock around the body, one more for each event: what anything that measures costs.
pub(super) struct Clocks;

#[cold]
#[inline(never)]
fn switched_on() {
    black_box(());
}

#[inline(always)]
fn gate() {
    if SWITCH.load(Ordering::Relaxed) {
        switched_on();
    }
}

/// Reads the clock around `inside` and keeps both readings alive.
#[inline(always)]
fn clocked<R>(inside: impl FnOnce() -> R) -> R {
    let began = ticks();
    let result = inside();
    black_box((began, ticks()));
    result
}

/// The functions of a limit, which does `$around` around the body and `$event` for an event.
macro_rules! limit {
    ($system:ident, $name:literal, $around:ident, $event:ident) => {
        impl System for $system {
            const NAME: &'static str = $name;
            const RECORDS: bool = false;

            fn select(_: Mode) {}

            fn rooted(calls: impl FnOnce()) {
                calls();
            }

            #[inline(always)]
            fn plain(x: u64) -> u64 {
                #[inline(never)]
                fn plain(x: u64) -> u64 {
                    $around(|| body(x))
                }
                plain(x)
            }

            #[inline(always)]
            fn attributes(x: u64, status: u64, path: &str) -> u64 {
                #[inline(never)]
                fn attributes(x: u64, _: u64, _: &str) -> u64 {
                    $around(|| body(x))
                }
                attributes(x, status, path)
            }

            #[inline(always)]
            fn events(x: u64) -> u64 {
                #[inline(never)]
                fn events(x: u64) -> u64 {
                    $around(|| {
                        $event();
                        $event();
                        body(x)
                    })
                }
                events(x)
            }

            #[inline(always)]
            fn tree(x: u64) -> u64 {
                #[inline(never)]
                fn root(x: u64) -> u64 {
                    $around(|| (0..10).fold(x, |x, _| child(x)))
                }
                #[inline(never)]
                fn child(x: u64) -> u64 {
                    $around(|| (0..10).fold(x, |x, _| grandchild(x)))
                }
                #[inline(never)]
                fn grandchild(x: u64) -> u64 {
                    $around(|| body(x))
                }
                root(x)
            }

            #[inline(always)]
            fn asynchronous(x: u64) -> u64 {
                $around(|| block_on(asynchronous(x)))
            }

            fn settle() {}

            fn received() -> Tally {
                Tally::default()
            }
        }
    };
}

#[inline(never)]
async fn asynchronous(x: u64) -> u64 {
    YieldOnce::default().await;
    body(x)
}

#[inline(always)]
fn bare<R>(inside: impl FnOnce() -> R) -> R {
    inside()
}

#[inline(always)]
fn gated<R>(inside: impl FnOnce() -> R) -> R {
    gate();
    inside()
}

/// An event of what records nothing.
#[inline(always)]
const fn nothing() {}

#[inline(always)]
fn one_read() {
    black_box(ticks());
}

limit!(Bare, "bare call", bare, nothing);
limit!(Gate, "load and branch", gated, nothing);
limit!(Clocks, "clock reads", clocked, one_read);
