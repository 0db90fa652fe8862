//! Threads of this library: the standard library's, but for the child of a fork.
//!
//! A thread that the standard library starts enters its stack in a table before it comes to its work, and takes it out at
//! its end, under a lock that nobody else can reach. If a thread of the parent was at that when the process forked, the
//! lock stays locked in the child, where no thread of the standard library's would ever come to its work. So there
//! threads are started by the system's own call, and are in no table: when one overflows its stack, the process ends by
//! the signal, without the line that says so.

use std::io;
use std::thread;

/// Starts a thread that nobody waits for.
///
/// # Errors
/// The system has no thread to give; then `work` is dropped.
pub(crate) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    #[cfg(unix)]
    if super::generation() != 0 {
        return bare::spawn(name, Box::new(work));
    }
    thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}

#[cfg(unix)]
#[allow(unsafe_code, reason = "the standard library starts threads in one way alone")]
mod bare {
    use std::ffi::{CString, c_int, c_void};
    use std::io;
    use std::mem::{self, MaybeUninit};
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::ptr;

    /// As much as the standard library gives a thread.
    const STACK_BYTES: usize = 2 * 1024 * 1024;

    struct Start {
        name: CString,
        work: Box<dyn FnOnce() + Send>,
    }

    pub(super) fn spawn(name: &str, work: Box<dyn FnOnce() + Send>) -> io::Result<()> {
        let start = Box::into_raw(Box::new(Start { name: CString::new(name)?, work }));
        match create(start) {
            0 => Ok(()),
            error => {
                // SAFETY: it came from a box, and no thread has been given it.
                drop(unsafe { Box::from_raw(start) });
                Err(io::Error::from_raw_os_error(error))
            }
        }
    }

    /// Gives `start` to a new thread; the number of the error where there is none.
    fn create(start: *mut Start) -> c_int {
        let mut attributes = MaybeUninit::uninit();
        let mut thread = MaybeUninit::uninit();
        // SAFETY: the attributes are used once they have been initialised, and destroyed once. What `main` takes is what
        // it is given here.
        unsafe {
            let initialised = libc::pthread_attr_init(attributes.as_mut_ptr());
            if initialised != 0 {
                return initialised;
            }
            libc::pthread_attr_setdetachstate(attributes.as_mut_ptr(), libc::PTHREAD_CREATE_DETACHED);
            libc::pthread_attr_setstacksize(attributes.as_mut_ptr(), STACK_BYTES);
            let created =
                libc::pthread_create(thread.as_mut_ptr(), attributes.as_ptr(), main, start.cast::<c_void>());
            libc::pthread_attr_destroy(attributes.as_mut_ptr());
            created
        }
    }

    extern "C" fn main(start: *mut c_void) -> *mut c_void {
        // SAFETY: it came from a box, which has been given to this thread alone.
        let Start { name, work } = *unsafe { Box::from_raw(start.cast::<Start>()) };
        #[cfg(target_os = "linux")]
        // SAFETY: the name ends with a zero; what of it is too long the system leaves out.
        unsafe {
            libc::prctl(libc::PR_SET_NAME, name.as_ptr());
        }
        drop(name);
        // The hook has told of a panic, which ends this thread alone. What it carries may panic when it is dropped.
        if let Err(panic) = catch_unwind(AssertUnwindSafe(work)) {
            mem::forget(panic);
        }
        ptr::null_mut()
    }

    #[cfg(test)]
    mod tests {
        use std::sync::mpsc::channel;

        use super::*;

        #[test]
        fn a_thread_has_its_name_and_a_panic_ends_it_alone() {
            let (tell, told) = channel();
            let panicking = tell.clone();
            spawn(
                "panicking",
                Box::new(move || {
                    let _panicking = panicking;
                    std::panic::resume_unwind(Box::new(()));
                }),
            )
            .unwrap();
            spawn(
                "telemetry-of-a-child",
                Box::new(move || {
                    tell.send(std::fs::read_to_string("/proc/thread-self/comm").unwrap_or_default()).unwrap();
                }),
            )
            .unwrap();
            let names: Vec<String> = told.into_iter().collect();
            if cfg!(target_os = "linux") {
                assert_eq!(names, ["telemetry-of-a-\n"]);
            }
            assert_eq!(names.len(), 1);
        }

        #[test]
        fn a_name_that_no_thread_can_have_is_an_error() {
            let (work, dropped) = channel::<()>();
            assert!(spawn("a\0b", Box::new(move || drop(work))).is_err());
            assert!(dropped.recv().is_err());
        }
    }
}
