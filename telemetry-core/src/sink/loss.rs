//! What a sink could not deliver of a batch, by reason.

use std::fmt::{self, Display};

use super::SinkError;

/// Why a sink gave spans up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LossReason {
    /// The destination was asked and would not have them.
    Refused,
    /// The destination could not be reached, or took nothing on, for as long as was tried.
    GivenUp,
    /// Even a single one is larger than may be sent.
    TooLarge,
    /// Writing failed in the middle.
    Failed,
}

impl LossReason {
    /// Every reason, in the order of its number.
    pub(crate) const ALL: [Self; 4] = [Self::Refused, Self::GivenUp, Self::TooLarge, Self::Failed];
}

/// What a sink did not deliver of one batch, by reason; the rest of the batch counts as delivered.
///
/// A sink that delivers a batch in parts gathers here what became of each, and returns
/// [`into_result`](Self::into_result).
///
/// # Examples
/// ```
/// use telemetry_core::sink::{LossReason, Losses, SinkError};
///
/// let mut losses = Losses::default();
/// assert!(losses.clone().into_result().is_ok());
///
/// losses.add(LossReason::Refused, 3, "three identifiers were not valid");
/// assert_eq!(losses.of(LossReason::Refused), 3);
/// let error = losses.into_result().unwrap_err();
/// assert_eq!(error.to_string(), "3 were not delivered: three identifiers were not valid");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    counts: [u64; LossReason::ALL.len()],
    /// The first cause of each kind that was seen.
    causes: Vec<String>,
}

impl Losses {
    /// Adds spans that were lost for a reason, with what is known of the cause. None lost is nothing added.
    pub fn add(&mut self, reason: LossReason, count: u64, cause: impl Display) {
        if count == 0 {
            return;
        }
        self.counts[reason as usize] += count;
        let cause = cause.to_string();
        if !self.causes.contains(&cause) {
            self.causes.push(cause);
        }
    }

    /// How many were lost for a reason.
    pub const fn of(&self, reason: LossReason) -> u64 {
        self.counts[reason as usize]
    }

    /// How many were lost altogether.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Success when nothing was lost, [`SinkError::Lost`] otherwise.
    ///
    /// # Errors
    /// Something was lost.
    pub fn into_result(self) -> Result<(), SinkError> {
        if self.total() == 0 { Ok(()) } else { Err(SinkError::Lost(self)) }
    }
}

impl Display for Losses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} were not delivered: {}", self.total(), self.causes.join("; "))
    }
}
