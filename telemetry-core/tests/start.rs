//! What a start says of mistakes, also while another pipeline runs.
//!
//! One test in a program of its own: there is one such pipeline.

use std::time::Duration;

use telemetry_core::drain::DrainStartError;
use telemetry_core::{RingError, StartError, Telemetry, metric};

metric! {
    /// Declared twice.
    static FIRST: Counter = "start_clashes_total";
    /// Declared twice.
    static SECOND: Counter = "start_clashes_total";
}

#[test]
fn mistakes_are_typed_whatever_runs_already() {
    let telemetry = Telemetry::builder().start().unwrap();

    let [conflict] = &telemetry.conflicts()[..] else { panic!("{:?}", telemetry.conflicts()) };
    assert_eq!((&*conflict.first, conflict.second), ("start_clashes_total", "start_clashes_total"));
    assert_ne!(conflict.first_place.line(), conflict.second_place.line());
    FIRST.inc();
    SECOND.inc();

    assert!(matches!(
        Telemetry::builder().ring_capacity(1_023).start(),
        Err(StartError::Ring(RingError::InvalidCapacity(1_023)))
    ));
    for interval in [Duration::from_millis(9), Duration::from_secs(301)] {
        assert!(matches!(
            Telemetry::builder().drain_interval(interval).start(),
            Err(StartError::Drain(DrainStartError::Interval { given })) if given == interval
        ));
    }
    let valid = Telemetry::builder().ring_capacity(1_024).drain_interval(Duration::from_secs(300));
    assert!(matches!(valid.start(), Err(StartError::AlreadyRunning)));
}
