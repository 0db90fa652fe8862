//! The child of a fork takes identifiers of its own.
//!
//! One test in a program of its own: it forks.
#![cfg(unix)]
#![allow(unsafe_code, reason = "the standard library cannot fork")]

use std::collections::HashSet;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::FromRawFd;

use telemetry_core::sink::MemorySink;
use telemetry_core::{AlwaysSample, Span, Telemetry, span};

/// More than a thread has slots in hand, so that some come from before the fork and some from after it.
const SPANS: usize = 100;

#[span]
fn child() -> u128 {
    identifier()
}

#[span(root)]
fn trace(spans: &mut Vec<u128>) {
    spans.push(identifier());
    spans.extend((0..SPANS).map(|_| child()));
}

/// Trace and span, folded: what must not come twice.
fn identifier() -> u128 {
    let context = Span::current().context().expect("everything is recorded");
    context.trace_id.to_u128().rotate_left(64) ^ u128::from(context.span_id.to_u64())
}

fn traces() -> Vec<u128> {
    let mut spans = Vec::new();
    trace(&mut spans);
    trace(&mut spans);
    spans
}

#[test]
fn a_child_shares_no_identifier_with_its_parent_or_with_its_siblings() {
    let telemetry = Telemetry::builder().sink(MemorySink::new()).sampler(AlwaysSample).start().unwrap();
    let mut all = traces();
    let children: Vec<File> = (0..3).map(|_| fork(traces)).collect();
    all.extend(traces());
    for mut from_child in children {
        let mut bytes = Vec::new();
        from_child.read_to_end(&mut bytes).unwrap();
        let theirs: Vec<u128> =
            bytes.as_chunks().0.iter().map(|number| u128::from_ne_bytes(*number)).collect();
        assert_eq!(theirs.len(), 2 * (SPANS + 1), "a child has ended early");
        all.extend(theirs);
    }
    let different: HashSet<u128> = all.iter().copied().collect();
    assert_eq!(different.len(), all.len());
    assert_eq!(all.len(), 5 * 2 * (SPANS + 1));
    drop(telemetry);
}

/// Runs `work` in a child; what it returns comes through the pipe.
fn fork(work: fn() -> Vec<u128>) -> File {
    let mut ends = [0; 2];
    // SAFETY: `ends` is two numbers long.
    assert_eq!(unsafe { libc::pipe(ends.as_mut_ptr()) }, 0);
    // SAFETY: both were just opened, and nobody else has them.
    let (read, mut write) = unsafe { (File::from_raw_fd(ends[0]), File::from_raw_fd(ends[1])) };
    // SAFETY: the child allocates, for which the C library is prepared, writes to the pipe and ends without running
    // anybody's destructors.
    match unsafe { libc::fork() } {
        -1 => panic!("no fork"),
        0 => {
            let bytes: Vec<u8> = work().iter().flat_map(|number| number.to_ne_bytes()).collect();
            let written = write.write_all(&bytes);
            // SAFETY: ends the process.
            unsafe { libc::_exit(i32::from(written.is_err())) }
        }
        _ => read,
    }
}
