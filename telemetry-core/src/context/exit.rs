//! The end of a thread: its reservation and its place go back.

use super::local::Local;
use crate::span::free_spares;

struct Exit;

impl Drop for Exit {
    fn drop(&mut self) {
        Local::with(Local::end);
        free_spares();
    }
}

thread_local! {
    static EXIT: Exit = const { Exit };
}

/// Arms the destructor of this thread.
pub(super) fn watch() {
    let _ = EXIT.try_with(|_| ());
}
