//! What a guard or task keeps that has more to say than its slot: a local root, an unrecorded or lost span, one that was
//! opened while a panic was unwinding, or by another clock than that of the fast path.

use std::cell::Cell;
use std::ptr;

use crate::context::{Current, Local};
use crate::pipeline::{GLOBAL, Pipeline};

/// Spares a thread holds, so that once it has warmed up it allocates nothing.
const SPARES: u32 = 64;

/// Reached by its address, which leaves its lowest bits to marks.
#[repr(align(16))]
pub(super) struct Kept {
    /// What is current inside the span.
    pub(super) inside: Current,
    pub(super) pipeline: &'static Pipeline,
    /// The pipeline's generation when it was kept: a scope's pipeline is used again after the scope's end.
    generation: u64,
    /// What was current before; of a task, nothing.
    pub(super) outside: Current,
    /// The innermost frame when it was kept.
    pub(super) frame: u64,
    /// Opened by a destructor while a panic was unwinding: that panic is not this span's.
    pub(super) opened_in_panic: bool,
    /// Of a spare, the next one and how many there are from it on.
    next: *mut Self,
    spares: u32,
}

thread_local! {
    /// The thread's spares. Freed by [`free_spares`] at its end, so that looking here registers no destructor.
    static SPARE: Cell<*mut Kept> = const { Cell::new(ptr::null_mut()) };
}

impl Kept {
    fn new(local: &Local, inside: Current) -> Self {
        Self {
            inside,
            pipeline: local.pipeline.get(),
            generation: local.pipeline.get().generation(),
            outside: Current::NONE,
            frame: 0,
            opened_in_panic: false,
            next: ptr::null_mut(),
            spares: 0,
        }
    }

    /// What is current inside a task: nothing where it only carries the context of a test's scope that has ended.
    #[inline(always)]
    pub(super) fn inside(&self) -> &Current {
        const NOTHING: &Current = &Current::NONE;
        if self.is_void() { NOTHING } else { &self.inside }
    }

    /// The pipeline that is this thread's inside a task.
    #[inline(always)]
    pub(super) fn pipeline_inside(&self, local: &Local) -> &'static Pipeline {
        if self.is_void() { local.pipeline.get() } else { self.pipeline }
    }

    #[inline(always)]
    fn is_void(&self) -> bool {
        // That of the process outlives everything.
        !ptr::eq(self.pipeline, &raw const GLOBAL) && self.has_outlived_its_scope()
    }

    #[cold]
    fn has_outlived_its_scope(&self) -> bool {
        self.inside.slot.is_null() && self.pipeline.generation() != self.generation
    }

    /// Keeps what is current here, before `inside` becomes so.
    pub(super) fn keep(local: &Local, inside: Current) -> *mut Self {
        let kept = Self {
            outside: local.current(),
            frame: local.frame.get(),
            opened_in_panic: std::thread::panicking(),
            ..Self::new(local, inside)
        };
        match spare() {
            Some(place) => {
                // SAFETY: a spare is a box of this type that nobody else holds.
                #[allow(unsafe_code, reason = "spares are held as plain words")]
                unsafe {
                    place.write(kept);
                }
                place
            }
            None => Self::allocate(kept),
        }
    }

    /// Keeps what is current inside a task, and where.
    pub(super) fn carry(local: &Local, inside: Current) -> *mut Self {
        match spare() {
            Some(place) => {
                // SAFETY: a spare is a box of this type that nobody else holds.
                #[allow(unsafe_code, reason = "spares are held as plain words")]
                unsafe {
                    (*place).inside = inside;
                    (*place).pipeline = local.pipeline.get();
                    (*place).generation = local.pipeline.get().generation();
                }
                place
            }
            None => Self::allocate(Self::new(local, inside)),
        }
    }

    #[cold]
    fn allocate(kept: Self) -> *mut Self {
        Box::into_raw(Box::new(kept))
    }

    /// Takes back what [`Kept::keep`] or [`Kept::carry`] returned.
    ///
    /// # Safety
    /// `kept` came from one of them and is not used again.
    #[inline]
    #[allow(unsafe_code, reason = "a guard or task holds its box as a plain word")]
    pub(super) unsafe fn give_back(local: &Local, kept: *mut Self) {
        let next = SPARE.get();
        // SAFETY: a spare is a box that nobody else holds.
        let spares = unsafe { next.as_ref() }.map_or(0, |next| next.spares);
        // A thread whose end is not watched, or past it, frees nothing later.
        if spares < SPARES && local.is_prepared() && !local.has_ended() {
            // SAFETY: the caller's promise: it is ours now.
            unsafe {
                (*kept).next = next;
                (*kept).spares = spares + 1;
            }
            SPARE.set(kept);
        } else {
            // SAFETY: the caller's promise; it was made by `Box::into_raw`.
            drop(unsafe { Box::from_raw(kept) });
        }
    }

    /// Takes back what [`Kept::keep`] returned, and hands out what it says.
    ///
    /// # Safety
    /// As for [`Kept::give_back`].
    #[allow(unsafe_code, reason = "as for `give_back`")]
    pub(super) unsafe fn take_back(local: &Local, kept: *mut Self) -> Self {
        // SAFETY: the caller's promise; what is read has no destructor.
        let last = unsafe { ptr::read(kept) };
        // SAFETY: the caller's promise.
        unsafe { Self::give_back(local, kept) };
        last
    }
}

/// Takes one of the thread's spares.
#[inline(always)]
fn spare() -> Option<*mut Kept> {
    let spare = SPARE.get();
    if spare.is_null() {
        return None;
    }
    // SAFETY: a spare is a box that nobody else holds.
    #[allow(unsafe_code, reason = "spares are held as plain words")]
    SPARE.set(unsafe { (*spare).next });
    Some(spare)
}

/// Frees the thread's spares, at its end.
pub(crate) fn free_spares() {
    while let Some(spare) = spare() {
        // SAFETY: a spare was made by `Box::into_raw` and nobody else holds it.
        #[allow(unsafe_code, reason = "spares are held as plain words")]
        drop(unsafe { Box::from_raw(spare) });
    }
}
