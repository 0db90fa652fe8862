//! Forks while another thread is being started, which the standard library does under a lock of its own, or is writing to
//! standard error: the child has neither thread, and both locks as they were.
//!
//! One test in a program of its own: it forks, and holds threads up where they allocate.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "the standard library cannot fork, and an allocator is unsafe")]

#[path = "../support/child.rs"]
mod child;
#[path = "../support/exclusive.rs"]
mod exclusive;
mod hold_up;

use std::io;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use child::in_child;
use exclusive::Exclusive;
use hold_up::come_to_work;
use telemetry_core::sink::MemorySink;
use telemetry_core::{AlwaysSample, Telemetry, metric, span};

const PATIENCE: Duration = Duration::from_secs(30);
/// Threads that wait while others start: beside some numbers of them the standard library allocates under its lock.
const CROWD: usize = 12;

metric! {
    /// Set by a sampler.
    static SAMPLED: Gauge = "fork_sampled";
}

#[span]
fn work() {}

/// Runs a child whose drain, sink and samplers have to have threads.
fn a_child_goes_on(telemetry: &Telemetry, memory: &MemorySink) {
    in_child(|| {
        work();
        telemetry.flush(PATIENCE).unwrap();
        assert_eq!(memory.span_count(), 1);
        assert!(telemetry.metrics().text().lines().any(|line| line == "fork_sampled 7"));
        telemetry.shutdown(PATIENCE).unwrap();
    });
}

/// A thread that holds what `take` takes until the other end is dropped.
fn holding<T>(take: impl FnOnce() -> T + Send + 'static) -> (JoinHandle<()>, Sender<()>) {
    let (release, released) = channel();
    let (taken, is_taken) = channel();
    let thread = thread::spawn(move || {
        come_to_work();
        let _held = take();
        taken.send(()).unwrap();
        let _ = released.recv();
    });
    is_taken.recv().unwrap();
    (thread, release)
}

fn end((thread, release): (JoinHandle<()>, Sender<()>)) {
    drop(release);
    thread.join().unwrap();
}

#[test]
fn a_child_goes_on_whatever_the_threads_were_at_that_it_does_not_have() {
    come_to_work();
    let memory = MemorySink::new();
    let telemetry = Telemetry::builder()
        .sampler(AlwaysSample)
        .drain_interval(Duration::from_secs(300))
        .sink(memory.clone())
        .start()
        .unwrap();
    let _seven = metric::register_sampler("seven", || SAMPLED.set(7.0)).unwrap();
    telemetry.drain_now(PATIENCE).unwrap();

    // At each allocation of a thread that starts, beside ever more others.
    let mut crowd = Vec::new();
    let mut held_up = 0;
    while crowd.len() < CROWD {
        let mut nth = 1;
        while hold_up::at_allocation(nth, || a_child_goes_on(&telemetry, &memory)) {
            nth += 1;
            held_up += 1;
        }
        crowd.push(holding(|| ()));
    }
    // A standard library whose threads allocate nothing on the way to their work holds no lock there either.
    if held_up == 0 {
        a_child_goes_on(&telemetry, &memory);
    }
    crowd.into_iter().for_each(end);

    // What stays silent in the child is told of on standard error.
    telemetry.add_sink(Exclusive).unwrap();
    let writer = holding(|| io::stderr().lock());
    a_child_goes_on(&telemetry, &memory);
    end(writer);
}
