//! A span that a thread stays inside, for wrappers that poll by hand and that a closure does not fit.

use std::mem::ManuallyDrop;

use super::outer::Outer;
use super::task::TaskSpan;

/// A span that stays on this thread until it is [left](Self::leave). Dropped, as while a panic unwinds, it has panicked.
#[doc(hidden)]
#[must_use = "the span is left by it"]
pub struct Staying {
    span: ManuallyDrop<TaskSpan>,
    /// Of this thread: what it points to keeps it here.
    outer: Outer,
}

impl TaskSpan {
    /// Enters it.
    #[doc(hidden)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn stay(self) -> Staying {
        let outer = self.marked.go_in();
        Staying { span: ManuallyDrop::new(self), outer }
    }
}

#[doc(hidden)]
impl Staying {
    /// After work that is not the last.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn leave(self) -> TaskSpan {
        let staying = ManuallyDrop::new(self);
        TaskSpan { marked: staying.span.marked.go_out(staying.outer, false) }
    }

    /// While a panic unwinds through its work.
    pub fn leave_by_panic(self) -> TaskSpan {
        let staying = ManuallyDrop::new(self);
        TaskSpan { marked: staying.span.marked.go_out_by_panic(staying.outer) }
    }
}

impl Drop for Staying {
    #[cold]
    fn drop(&mut self) {
        drop(TaskSpan { marked: self.span.marked.go_out_by_panic(self.outer) });
    }
}
