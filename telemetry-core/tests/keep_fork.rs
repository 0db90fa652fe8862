//! The child of a fork begins with nothing undecided, and decides on its own traces.
//!
//! One test in a program of its own: it forks.
#![cfg(unix)]
#![allow(unsafe_code, reason = "the standard library cannot fork")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use telemetry_core::sink::MemorySink;
use telemetry_core::{Accounting, Context, KeepTraces, NeverSample, Telemetry, step, trace};

const TIMEOUT: Duration = Duration::from_secs(60);

#[trace(name = "load")]
fn load(fails: bool) -> Result<(), &'static str> {
    if fails { Err("gone") } else { Ok(()) }
}

fn drained(telemetry: &Telemetry) -> Accounting {
    telemetry.drain_now(TIMEOUT).unwrap();
    telemetry.accounting()
}

#[test]
fn what_waits_in_the_parent_is_decided_there_alone() {
    let memory = MemorySink::new();
    let keep = KeepTraces::failed();
    let telemetry =
        Telemetry::builder().sampler(NeverSample).keep(keep).sink(memory.clone()).start().unwrap();
    let open = step!("open");
    let _ = load(true);
    assert_eq!(drained(&telemetry).undecided, 1);

    // SAFETY: the child allocates, for which the C library is prepared, and ends without running anybody's destructors.
    let child = match unsafe { libc::fork() } {
        -1 => panic!("no fork"),
        0 => {
            let check = || {
                let _ = Context::root().run(|| (load(true), load(false)));
                let mine = drained(&telemetry);
                assert_eq!((mine.undecided, mine.taken, mine.not_kept, mine.in_flight), (0, 1, 1, 0));
            };
            let as_expected = catch_unwind(AssertUnwindSafe(check));
            // SAFETY: ends the process.
            unsafe { libc::_exit(i32::from(as_expected.is_err())) }
        }
        child => child,
    };
    let mut status = -1;
    // SAFETY: `status` is a number of ours, `child` a process of ours.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0, "the child was not content");

    assert_eq!(drained(&telemetry).undecided, 1);
    drop(open);
    let accounting = drained(&telemetry);
    assert_eq!((accounting.undecided, accounting.taken, accounting.not_kept), (0, 2, 0));
    assert_eq!(memory.spans().len(), 2);
}
