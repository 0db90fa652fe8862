//! Panics: their message, kept where the span they unwind through can find it.

use std::cell::{Cell, RefCell};
use std::panic::PanicHookInfo;
use std::sync::Once;

use super::write::{self, Formatted};
use crate::caught::text_of;
use crate::clock;
use crate::context::Local;
use crate::record::Outcome;
use crate::ring::Body;

/// Bytes kept of a panic's message.
const MESSAGE_BYTES: usize = 128;

struct Last {
    /// When it began, in ticks of the thread's clock.
    ticks: Cell<u64>,
    len: Cell<usize>,
    message: RefCell<[u8; MESSAGE_BYTES]>,
}

thread_local! {
    static LAST: Last = const {
        Last { ticks: Cell::new(0), len: Cell::new(0), message: RefCell::new([0; MESSAGE_BYTES]) }
    };
}

/// Puts a hook in front of the one there is, once for the process: it notes the message and calls the other.
pub(crate) fn watch_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            // A sink's panic is counted and reported, at a limited rate, by the drain.
            if Local::with(|local| local.current().is_suppressed()) {
                return;
            }
            note(info);
            previous(info);
        }));
    });
}

fn note(info: &PanicHookInfo<'_>) {
    let text = text_of(info.payload());
    Local::with(|local| {
        // Spans that destructors open from here on are looked at: this panic is not theirs.
        local.hold_back();
        LAST.with(|last| {
            last.ticks.set(clock::ticks(local));
            if let Ok(mut message) = last.message.try_borrow_mut() {
                let end = super::arena::floor_char_boundary(text, MESSAGE_BYTES);
                message[..end].copy_from_slice(&text.as_bytes()[..end]);
                last.len.set(end);
            }
        });
    });
}

/// Records the panic that is unwinding through a span, with its message when the hook has seen it: a panic that was
/// caught and resumed runs no hook, and a message from before the span began is another's.
#[cold]
pub(super) fn record(body: &mut Body) {
    LAST.with(|last| {
        let message = last.message.borrow();
        let text = std::str::from_utf8(&message[..last.len.get()]).unwrap_or_default();
        let known = !text.is_empty() && body.start <= last.ticks.get();
        let text = known.then(|| Formatted::new(format_args!("{text}")));
        write::failure(body, Outcome::Panicked, "panic", text.as_ref());
    });
}
