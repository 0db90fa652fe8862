//! The cases about spans, with the figures to reach and the limits they were set beside.

use super::contestants::{BURST_TO_HAND_OVER, handed_over, paired, processor, single};
use super::drain::drained;
use super::fastrace::{Fastrace, FastraceByHand};
use super::limits::{Bare, Clocks, Gate};
use super::opentelemetry::{OpenTelemetry, OpenTelemetryOff};
use super::ours::Ours;
use super::tracing::{Tracing, TracingOpenTelemetry};
use super::{Mode, System, Work};
use crate::case::{Case, Lead, Reach, Unit};
use crate::measure::{Contestant, Role};

/// Two clock reads around the body on the machine the figures to reach were set on, in nanoseconds.
const CLOCKS_THERE: f64 = 22.5;

/// What most cases about spans have in common.
const CALL: Case = Case {
    id: "",
    title: "",
    unit: Unit::Nanoseconds,
    limit: Some(Clocks::NAME),
    reach: None,
    lead: Lead::FIRST,
    scaling: None,
    contestants: Vec::new,
};

/// A figure that was set beside two clock reads.
const fn clocks(figure_there: f64) -> Reach {
    Reach::TimesLimit { figure_there, limit_there: CLOCKS_THERE }
}

/// All of them, in the order of the table.
pub(crate) const CASES: &[Case] = &[
    Case {
        id: "span/disabled",
        title: "disabled at run time",
        limit: Some(Gate::NAME),
        reach: Some(Reach::Above { contestant: Bare::NAME, by: 0.5 }),
        contestants: || disabled(Work::Plain),
        ..CALL
    },
    Case {
        id: "span/disabled-async",
        title: "disabled, async",
        limit: Some(Gate::NAME),
        reach: Some(Reach::Above { contestant: Bare::NAME, by: 1.0 }),
        contestants: || disabled(Work::Asynchronous),
        ..CALL
    },
    Case {
        id: "span/unsampled",
        title: "unsampled, inside a trace",
        limit: Some(Gate::NAME),
        reach: Some(Reach::Figure(3.5)),
        contestants: || unsampled(Work::Plain),
        ..CALL
    },
    Case {
        id: "span/unsampled-async",
        title: "unsampled, async",
        limit: Some(Gate::NAME),
        reach: Some(Reach::Figure(6.0)),
        contestants: || unsampled(Work::Asynchronous),
        ..CALL
    },
    Case {
        id: "span/sampled",
        title: "sampled, no attributes",
        reach: Some(clocks(26.0)),
        lead: Lead::over("fastrace", 2.2),
        contestants: || sampled(Work::Plain),
        ..CALL
    },
    Case {
        id: "span/attributes",
        title: "sampled, three attributes",
        reach: Some(clocks(30.0)),
        lead: Lead::over("fastrace", 4.0),
        contestants: || sampled(Work::Attributes),
        ..CALL
    },
    Case {
        id: "span/events",
        title: "sampled, two events",
        // Four reads: one more for each event.
        reach: Some(Reach::TimesLimit { figure_there: 50.0, limit_there: 2.0 * CLOCKS_THERE }),
        contestants: || sampled(Work::Events),
        ..CALL
    },
    Case {
        id: "span/tree",
        title: "tree of 111, a span",
        reach: Some(clocks(27.0)),
        contestants: || sampled(Work::Tree),
        ..CALL
    },
    Case {
        id: "span/async",
        title: "sampled, async, one yield",
        reach: Some(clocks(32.0)),
        contestants: || sampled(Work::Asynchronous),
        ..CALL
    },
    Case {
        id: "span/two-threads",
        title: "two threads, a recorded span",
        // 60 million a second; two threads together read the clock twice in half the time of one.
        reach: Some(Reach::TimesLimit { figure_there: 1e3 / 60.0, limit_there: CLOCKS_THERE / 2.0 }),
        scaling: Some(1.7),
        contestants: || {
            vec![
                paired::<Clocks>(Role::Limit),
                paired::<Ours>(Role::Ours),
                paired::<Fastrace>(Role::Peer),
                paired::<Tracing>(Role::Peer),
                paired::<OpenTelemetry>(Role::Peer),
                paired::<TracingOpenTelemetry>(Role::Peer),
            ]
        },
        ..CALL
    },
    Case {
        id: "span/processor",
        title: "processor time, collector included",
        reach: Some(Reach::Figure(80.0)),
        contestants: || {
            vec![
                processor::<Clocks>(Role::Limit),
                processor::<Ours>(Role::Ours),
                processor::<Fastrace>(Role::Peer),
                processor::<Tracing>(Role::Peer),
                processor::<OpenTelemetry>(Role::Peer),
                processor::<TracingOpenTelemetry>(Role::Peer),
            ]
        },
        ..CALL
    },
    Case {
        id: "span/flush",
        title: "1,000 spans to the exporter",
        unit: Unit::Microseconds,
        limit: None,
        contestants: || {
            vec![
                handed_over::<Ours>(Role::Ours),
                handed_over::<Fastrace>(Role::Peer),
                handed_over::<OpenTelemetry>(Role::Peer),
            ]
        },
        ..CALL
    },
    Case {
        id: "span/drain",
        title: "1,000 spans to records",
        unit: Unit::Microseconds,
        limit: None,
        reach: Some(Reach::Figure(50.0)),
        contestants: || vec![drained(BURST_TO_HAND_OVER)],
        ..CALL
    },
];

fn disabled(work: Work) -> Vec<Contestant> {
    let mode = Mode::Disabled;
    vec![
        single::<Bare>(Role::Limit, work, mode),
        single::<Gate>(Role::Limit, work, mode),
        single::<Ours>(Role::Ours, work, mode),
        single::<Fastrace>(Role::Peer, work, mode),
        single::<Tracing>(Role::Peer, work, mode),
        single::<OpenTelemetryOff>(Role::Peer, work, mode),
    ]
}

fn unsampled(work: Work) -> Vec<Contestant> {
    let mode = Mode::Unsampled;
    vec![
        single::<Gate>(Role::Limit, work, mode),
        single::<Ours>(Role::Ours, work, mode),
        single::<Fastrace>(Role::Peer, work, mode),
        single::<OpenTelemetry>(Role::Peer, work, mode),
        single::<TracingOpenTelemetry>(Role::Peer, work, mode),
    ]
}

fn sampled(work: Work) -> Vec<Contestant> {
    let mode = Mode::Sampled;
    let mut all = vec![
        single::<Clocks>(Role::Limit, work, mode),
        single::<Ours>(Role::Ours, work, mode),
        single::<Fastrace>(Role::Peer, work, mode),
    ];
    if matches!(work, Work::Attributes | Work::Asynchronous) {
        all.push(single::<FastraceByHand>(Role::Peer, work, mode));
    }
    all.push(single::<Tracing>(Role::Peer, work, mode));
    all.push(single::<OpenTelemetry>(Role::Peer, work, mode));
    all.push(single::<TracingOpenTelemetry>(Role::Peer, work, mode));
    all
}
