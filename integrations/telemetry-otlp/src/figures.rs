//! What the exporter tells of itself, among the metrics of the program.

use telemetry_core::{Label, metric};

use crate::answer::Answer;
use crate::options::Signal;

/// How an attempt ended.
#[derive(Clone, Copy, Debug, Label)]
pub(crate) enum Attempt {
    /// The request was taken.
    Accepted,
    /// The request was taken but for a part of it.
    Partial,
    /// The request was not taken now.
    Failed,
    /// The request was refused for good.
    Refused,
}

impl From<&Answer> for Attempt {
    fn from(answer: &Answer) -> Self {
        match answer {
            Answer::Accepted(partial) if partial.rejected == 0 => Self::Accepted,
            Answer::Accepted(_) => Self::Partial,
            Answer::Again { .. } | Answer::Unanswered(_) => Self::Failed,
            Answer::Refused(_) => Self::Refused,
        }
    }
}

metric! {
    /// Attempts at OTLP requests, by signal and how they ended.
    pub(crate) static REQUESTS: Counter = "otlp_exporter_requests_total" { signal: Signal, result: Attempt };

    /// Data points that were not delivered by OTLP.
    pub(crate) static LOST_POINTS: Counter = "otlp_exporter_lost_data_points_total";
}
