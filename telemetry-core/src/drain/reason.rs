//! Why sinks miss spans.

use crate::sink::LossReason;

/// Why a sink missed a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DropReason {
    /// Its queue was full.
    QueueFull,
    /// It returned an error for the batch.
    Error,
    /// It panicked on the batch.
    Panic,
    /// It was busy at the deadline of the shutdown, or the span came after its end.
    Abandoned,
    /// Its destination would not have it.
    Refused,
    /// Its destination took nothing for as long as it tried.
    GivenUp,
    /// It is larger than the sink may send.
    TooLarge,
}

impl DropReason {
    /// Every reason, in the order of its number.
    pub(crate) const ALL: [Self; 7] = [
        Self::QueueFull,
        Self::Error,
        Self::Panic,
        Self::Abandoned,
        Self::Refused,
        Self::GivenUp,
        Self::TooLarge,
    ];

    /// The reason as a word, as in the figures.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::Error => "error",
            Self::Panic => "panic",
            Self::Abandoned => "abandoned",
            Self::Refused => "refused",
            Self::GivenUp => "given_up",
            Self::TooLarge => "too_large",
        }
    }
}

impl From<LossReason> for DropReason {
    fn from(reason: LossReason) -> Self {
        match reason {
            LossReason::Refused => Self::Refused,
            LossReason::GivenUp => Self::GivenUp,
            LossReason::TooLarge => Self::TooLarge,
            LossReason::Failed => Self::Error,
        }
    }
}
