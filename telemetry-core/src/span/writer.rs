//! Writing on a span that its guard or task holds.

use std::fmt;

use super::access::Access;
use super::arena::Key;
use super::failure::RecordOutcome;
use super::failure::returned::Shown;
use super::value::{AttributeValue, Entry};
use super::write::{self, Formatted};
use crate::record::{Outcome, Status};
use crate::ring::{Body, Slot};

/// The key of what a function returned.
const RETURNED: &str = "return";

/// A span that is held open: its slot, or null.
///
/// Guards and tasks hand it on by value. Nothing that stays behind has their own address, so the compiler may keep them
/// in registers, and a future that holds one may be taken apart.
#[derive(Clone, Copy, Debug)]
pub struct Writer(*const Slot);

impl Writer {
    /// # Invariant
    /// The span stays open, and is written by no one else, while the writer is used: the callers borrow its guard or
    /// task.
    #[inline(always)]
    pub(super) const fn new(slot: *const Slot) -> Self {
        Self(slot)
    }

    #[inline(always)]
    pub(super) fn is_recording(self) -> bool {
        !self.0.is_null()
    }

    /// Records the attribute with the call site's key of this number.
    #[inline(always)]
    pub(super) fn attribute<V: AttributeValue + ?Sized>(self, key: usize, value: &V) {
        if self.is_recording() {
            value.record(Entry::span(Access::Owner(self.0), Key::of_site(key, self.0)));
        }
    }

    /// Records an attribute with a key of its own.
    #[inline(always)]
    pub(super) fn set<V: AttributeValue + ?Sized>(self, key: &'static str, value: &V) {
        if self.is_recording() {
            value.record(Entry::span(Access::Owner(self.0), Key::Static(key)));
        }
    }

    /// Records what `value` displays.
    #[inline(never)]
    pub(super) fn display(self, key: usize, value: &dyn fmt::Display) {
        self.formatted(Key::of_site(key, self.0), format_args!("{value}"));
    }

    /// Records how `value` looks to a programmer.
    #[inline(never)]
    pub(super) fn debug(self, key: usize, value: &dyn fmt::Debug) {
        self.formatted(Key::of_site(key, self.0), format_args!("{value:?}"));
    }

    fn formatted(self, key: Key, text: fmt::Arguments<'_>) {
        if self.is_recording() {
            let text = Formatted::new(text);
            self.with_body(|body| write::formatted(body, key, &text));
        }
    }

    /// Records that the work failed.
    #[inline(never)]
    pub(super) fn fail(self, error_type: &'static str, message: Option<&dyn fmt::Display>) {
        if self.is_recording() {
            let text = message.map(|message| Formatted::new(format_args!("{message}")));
            self.with_body(|body| write::failure(body, Outcome::Failed, error_type, text.as_ref()));
        }
    }

    /// Sets the status; ok beats error beats unset.
    #[inline(never)]
    pub(super) fn status(self, status: Status) {
        self.with_body(|body| write::status(body, status));
    }

    #[inline(always)]
    pub(super) fn with_body(self, write: impl FnOnce(&mut Body)) {
        Access::Owner(self.0).write(|_, body| write(body));
    }
}

impl RecordOutcome for Writer {
    fn record_failure(&mut self, error_type: &'static str, message: &dyn fmt::Display) {
        self.fail(error_type, Some(message));
    }

    fn record_failure_without_message(&mut self, error_type: &'static str) {
        self.fail(error_type, None);
    }

    fn record_returned(&mut self, value: Shown<'_>) {
        match value {
            Shown::Value(value) => self.set(RETURNED, value),
            Shown::Display(value) => self.formatted(Key::Static(RETURNED), format_args!("{value}")),
            Shown::Debug(value) => self.formatted(Key::Static(RETURNED), format_args!("{value:?}")),
        }
    }
}

/// A guard or task: what holds a span open.
pub trait Held {
    /// Whether errors are counted, also those of a span that is not recorded: known to the compiler, so that no more is
    /// compiled than is asked for.
    const COUNTS: bool = false;

    /// Writes on the span.
    fn writer(&self) -> Writer;

    /// Counts the call as an error.
    fn count_failure(&mut self) {}
}
