//! The spans of `tracing` that a thread has entered and not left.

use std::cell::RefCell;

use telemetry_core::{Context, ContextGuard};
use tracing_core::span::Id;

/// Spans that a thread remembers to have entered, at the most. A program that enters spans on one thread and leaves
/// them on another, as a guard held across an `.await` does, would pile them up.
const REMEMBERED: usize = 1_024;

thread_local! {
    static ENTERED: RefCell<Vec<Entered>> = const { RefCell::new(Vec::new()) };
}

struct Entered {
    /// The layer and the span.
    place: (u64, u64),
    guard: ContextGuard,
    /// A panic was unwinding already: it is not this span's.
    in_panic: bool,
}

/// Makes a span's context that of the thread until it is left.
pub(crate) fn enter(layer: u64, id: &Id, context: Context) {
    let forgotten = ENTERED.try_with(|entered| {
        let mut entered = entered.borrow_mut();
        let forgotten = (entered.len() == REMEMBERED).then(|| entered.remove(0));
        let (guard, in_panic) = (context.attach(), std::thread::panicking());
        entered.push(Entered { place: (layer, id.into_u64()), guard, in_panic });
        forgotten
    });
    drop(forgotten);
}

/// Leaves a span; true when a panic that began inside it unwinds. Nothing where it was not entered on this thread.
pub(crate) fn leave(layer: u64, id: &Id) -> bool {
    let place = (layer, id.into_u64());
    let left = ENTERED.try_with(|entered| {
        let mut entered = entered.borrow_mut();
        entered.iter().rposition(|entry| entry.place == place).map(|at| entered.remove(at))
    });
    let Some(Entered { guard, in_panic, .. }) = left.ok().flatten() else { return false };
    drop(guard);
    !in_panic && std::thread::panicking()
}
