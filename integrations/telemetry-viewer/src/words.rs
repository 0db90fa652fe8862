//! The words for what a span is and how it ended, read back; an unknown one is the most common.

use telemetry_core::{Outcome, SpanKind, Status};

pub(crate) fn kind(word: &str) -> SpanKind {
    use SpanKind::{Client, Consumer, Internal, Producer, Server};
    [Server, Client, Producer, Consumer].into_iter().find(|kind| kind.as_str() == word).unwrap_or(Internal)
}

pub(crate) fn status(word: &str) -> Status {
    [Status::Ok, Status::Error].into_iter().find(|status| status.as_str() == word).unwrap_or(Status::Unset)
}

pub(crate) fn outcome(word: &str) -> Outcome {
    use Outcome::{Cancelled, Completed, Failed, NeverPolled, Panicked};
    let known = [Failed, Panicked, Cancelled, NeverPolled];
    known.into_iter().find(|outcome| outcome.as_str() == word).unwrap_or(Completed)
}
