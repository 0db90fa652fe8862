//! The cases about requests, with the figures to reach.

use super::layers;
use crate::case::{Case, Lead, Reach, Unit};
use crate::spans::Mode;

/// What the cases about requests have in common.
const REQUEST: Case = Case {
    id: "",
    title: "",
    unit: Unit::Nanoseconds,
    limit: Some(layers::BARE),
    reach: None,
    lead: Lead::FIRST,
    scaling: None,
    contestants: Vec::new,
};

/// So many nanoseconds more than the router alone.
const fn above_bare(by: f64) -> Option<Reach> {
    Some(Reach::Above { contestant: layers::BARE, by })
}

/// All of them, in the order of the table.
pub(crate) const CASES: &[Case] = &[
    Case {
        id: "http/disabled",
        title: "a request, disabled",
        reach: above_bare(160.0),
        contestants: || {
            [layers::bare(), layers::nothing(), layers::ours(), layers::tower_http()]
                .map(|layered| layered.contestant(Mode::Disabled))
                .into()
        },
        ..REQUEST
    },
    Case {
        id: "http/unsampled",
        title: "a request, unsampled",
        reach: above_bare(350.0),
        contestants: || {
            [
                layers::bare(),
                layers::nothing(),
                layers::ours(),
                layers::opentelemetry_tower(),
                layers::fastrace_axum(),
                layers::axum_prometheus(),
            ]
            .map(|layered| layered.contestant(Mode::Unsampled))
            .into()
        },
        ..REQUEST
    },
    Case {
        id: "http/sampled",
        title: "a request, sampled",
        reach: above_bare(500.0),
        contestants: || {
            [
                layers::bare(),
                layers::nothing(),
                layers::ours(),
                layers::tower_http(),
                layers::opentelemetry_tower(),
                layers::fastrace_axum(),
                layers::axum_prometheus(),
            ]
            .map(|layered| layered.contestant(Mode::Sampled))
            .into()
        },
        ..REQUEST
    },
];
