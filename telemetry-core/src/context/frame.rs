//! Frames: what a thread goes back to when it leaves a context, a poll or a scope, in whatever order they are left.

use super::current::Current;
use super::disorder;
use super::local::Local;
use crate::pipeline::Pipeline;

/// What was current, and on which pipeline, before a context was entered.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    number: u64,
    outer_number: u64,
    outside: Current,
    pipeline: &'static Pipeline,
    generation: u64,
}

impl Frame {
    /// Enters `inside` on `pipeline`.
    pub(crate) fn enter(local: &Local, inside: Current, pipeline: &'static Pipeline) -> Self {
        let outer = local.pipeline.get();
        let frame = Self {
            number: local.next_frame(),
            outer_number: local.frame.get(),
            outside: local.current(),
            pipeline: outer,
            generation: outer.generation(),
        };
        local.frame.set(frame.number);
        if !std::ptr::eq(outer, pipeline) {
            local.switch(pipeline);
        }
        if inside.is_sampled() {
            local.prepare();
        }
        local.set_current(inside);
        frame
    }

    /// Goes back. A frame that is not the innermost one is remembered and passed over when the inner ones are left.
    pub(crate) fn leave(self, local: &Local) {
        let innermost = local.frame.get();
        if innermost != self.number {
            // Numbers grow inwards: a larger one than the innermost has been left already, by a poll.
            if self.number < innermost {
                disorder::remember(self);
            }
            return;
        }
        let to = disorder::outermost_left(self);
        local.frame.set(to.outer_number);
        to.restore(local);
    }

    /// Leaves the innermost frame if its guard was dropped inside a poll that has now ended, while frames inside that
    /// poll were not left.
    pub(crate) fn leave_if_left(local: &Local) {
        if let Some(frame) = disorder::take_left(local.frame.get()) {
            frame.leave(local);
        }
    }

    fn restore(&self, local: &Local) {
        let alive = self.pipeline.generation() == self.generation;
        let pipeline = if alive { self.pipeline } else { &crate::pipeline::GLOBAL };
        if !std::ptr::eq(local.pipeline.get(), pipeline) {
            local.switch(pipeline);
        }
        let outside = if alive { self.outside } else { Current::NONE };
        local.go_back(outside);
    }

    /// The same way back, for another frame.
    pub(super) const fn numbered(self, number: u64) -> Self {
        Self { number, ..self }
    }

    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    pub(super) const fn outer_number(&self) -> u64 {
        self.outer_number
    }
}
