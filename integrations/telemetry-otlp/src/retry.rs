//! How often, and after what time, a request is tried again.
//!
//! As the [OTLP specification] says: only what is worth it, with an exponential back-off and jitter, and when the
//! collector names a time, after that time.
//!
//! [OTLP specification]: https://opentelemetry.io/docs/specs/otlp/#failures

use std::thread;
use std::time::{Duration, Instant};

use telemetry_core::sink::ShutdownSignal;

use crate::answer::{Answer, Partial};

/// The longest time that a collector is left alone because it asked for it. One that names more, by mistake or for ever, is
/// asked again after this.
const LONGEST_QUIET: Duration = Duration::from_secs(3600);

/// The times between attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Retry {
    /// The longest wait before the second attempt; it doubles with each further one.
    pub(crate) first: Duration,
    /// What it grows to. The specification leaves it to the exporter; as in several SDKs it is so short that a collector that
    /// has come back is found within seconds, while what waits behind a request fills the sink's queue.
    pub(crate) longest: Duration,
    /// The time from the first attempt on in which further ones begin.
    pub(crate) total: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(5),
            total: Duration::from_secs(60),
        }
    }
}

/// What came of a request, all attempts together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Accepted(Partial),
    Refused(String),
    /// Tried for as long as it may be, or cut short by the shutdown.
    GivenUp(String),
}

/// What decides how long to go on: the policy, a shutdown, and what a collector has asked for.
#[derive(Debug)]
pub(crate) struct Persistence {
    pub(crate) retry: Retry,
    pub(crate) shutdown: ShutdownSignal,
    /// Whether a request that comes while the collector wants to be left alone waits for as long as it may, even where that
    /// is not long enough: those behind it wait in the queue meanwhile, and are not given up one after the other.
    pub(crate) holds: bool,
    /// A collector that named a time is left alone until then, whatever comes to be sent.
    quiet_until: Option<Instant>,
}

impl Retry {
    /// The usual times, for this long.
    pub(crate) fn within(total: Duration) -> Self {
        Self { total, ..Self::default() }
    }

    /// The wait before attempt `attempt`, the second being 2: between half and the whole of what the back-off allows.
    fn delay(&self, attempt: u32, random: f64) -> Duration {
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(2)));
        doubled.min(self.longest).mul_f64(random.mul_add(0.5, 0.5))
    }
}

impl Persistence {
    pub(crate) fn new(retry: Retry, shutdown: ShutdownSignal) -> Self {
        Self { retry, shutdown, holds: true, quiet_until: None }
    }

    /// Makes attempts, each of at most `timeout`, until one is answered for good or there is no time left.
    ///
    /// While the pipeline is shut down, a collector that says "not now" is asked again as long as the deadline allows; one
    /// that does not answer has one last attempt, at once.
    pub(crate) fn persist(
        &mut self,
        timeout: Duration,
        mut attempt: impl FnMut(Duration) -> Answer,
    ) -> Outcome {
        let began = Instant::now();
        let mut attempts = 0;
        let mut cause = "the collector asked to be left alone for longer than a request is tried".to_owned();
        if let Some(quiet) = self.quiet() {
            let in_time = quiet <= self.retry.total;
            let over = (in_time || self.holds) && self.pause(quiet.min(self.retry.total));
            if !in_time || !over {
                return Outcome::GivenUp(cause);
            }
        }
        loop {
            let (left, ending) = (self.shutdown.remaining(), self.shutdown.has_begun());
            if left.is_zero() {
                return Outcome::GivenUp(format!("no time is left at the shutdown; {cause}"));
            }
            attempts += 1;
            let backed_off = self.retry.delay(attempts + 1, fastrand::f64());
            let in_time = |wait| began.elapsed().saturating_add(wait) <= self.retry.total;
            let goes_on = match attempt(timeout.min(left)) {
                Answer::Accepted(partial) => return Outcome::Accepted(partial),
                Answer::Refused(cause) => return Outcome::Refused(cause),
                Answer::Again { after, cause: why } => {
                    cause = why;
                    // What it names is the least: "at once" is no leave to ask without a pause.
                    let least = self.retry.delay(2, fastrand::f64());
                    let wait = after.map_or(backed_off, |after| after.max(least));
                    let goes_on = in_time(wait);
                    if let Some(after) = after {
                        self.quiet_until = Instant::now().checked_add(after.min(LONGEST_QUIET));
                    }
                    goes_on && self.pause(wait)
                }
                Answer::Unanswered(why) => {
                    cause = why;
                    let goes_on = !ending && in_time(backed_off);
                    if goes_on {
                        // Cut short when the shutdown begins.
                        self.shutdown.wait(backed_off);
                    }
                    goes_on
                }
            };
            if !goes_on {
                let s = if attempts == 1 { "" } else { "s" };
                return Outcome::GivenUp(format!("{attempts} attempt{s} failed; {cause}"));
            }
        }
    }

    /// Waits, whether the shutdown begins meanwhile or not; false where its deadline comes first.
    fn pause(&self, wait: Duration) -> bool {
        let began = Instant::now();
        if self.shutdown.wait(wait) {
            let rest = wait.saturating_sub(began.elapsed());
            if rest >= self.shutdown.remaining() {
                return false;
            }
            thread::sleep(rest);
        }
        true
    }

    /// For how long the collector wants to be left alone still.
    fn quiet(&mut self) -> Option<Duration> {
        let left = self.quiet_until?.saturating_duration_since(Instant::now());
        if left.is_zero() {
            self.quiet_until = None;
        }
        (!left.is_zero()).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn persistence(total: Duration) -> Persistence {
        let (first, longest) = (Duration::from_millis(1), Duration::from_millis(4));
        Persistence::new(Retry { first, longest, total }, ShutdownSignal::new())
    }

    fn again(after: Option<Duration>) -> Answer {
        Answer::Again { after, cause: "busy".to_owned() }
    }

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn delays_double_up_to_the_longest_between_half_and_the_whole() {
        let retry = Retry::default();
        let millis = |attempt, random| retry.delay(attempt, random).as_millis();
        assert_eq!(
            [2, 3, 4, 6, 7, 60].map(|attempt| millis(attempt, 1.0)),
            [1000, 2000, 4000, 5000, 5000, 5000]
        );
        assert_eq!([2, 3, 60].map(|attempt| millis(attempt, 0.0)), [500, 1000, 2500]);
    }

    #[test]
    fn what_is_answered_for_good_is_not_tried_again() {
        let mut attempts = 0;
        let outcome = persistence(HOUR).persist(HOUR, |_| {
            attempts += 1;
            if attempts < 4 { again(None) } else { Answer::Refused("no".to_owned()) }
        });
        assert_eq!((outcome, attempts), (Outcome::Refused("no".to_owned()), 4));
    }

    #[test]
    fn without_time_for_retries_there_is_one_attempt() {
        let mut attempts = 0;
        let outcome = persistence(Duration::ZERO).persist(HOUR, |_| {
            attempts += 1;
            again(None)
        });
        assert_eq!((outcome, attempts), (Outcome::GivenUp("1 attempt failed; busy".to_owned()), 1));
    }

    #[test]
    fn a_collector_that_names_a_time_beyond_ours_is_left_alone_by_later_requests_too() {
        let total = Duration::from_millis(30);
        let mut persistence = persistence(total);
        let outcome = persistence.persist(HOUR, |_| again(Some(HOUR)));
        assert_eq!(outcome, Outcome::GivenUp("1 attempt failed; busy".to_owned()));
        let mut later = |holds, total| {
            (persistence.holds, persistence.retry.total) = (holds, total);
            let began = Instant::now();
            let outcome = persistence.persist(HOUR, |_| unreachable!("it asked to be left alone"));
            assert!(matches!(outcome, Outcome::GivenUp(_)));
            began.elapsed()
        };
        assert!(later(true, total) >= total, "what is behind it in the queue waits");
        assert!(later(false, HOUR / 2) < HOUR / 2, "metrics hold nothing up");
    }

    #[test]
    fn a_time_the_collector_names_is_waited_for() {
        let mut attempts = 0;
        let wait = Duration::from_millis(30);
        let began = Instant::now();
        let outcome = persistence(HOUR).persist(HOUR, |_| {
            attempts += 1;
            if attempts == 1 { again(Some(wait)) } else { Answer::Accepted(Partial::default()) }
        });
        assert_eq!((outcome, attempts), (Outcome::Accepted(Partial::default()), 2));
        assert!(began.elapsed() >= wait);
    }

    #[test]
    fn a_collector_that_says_at_once_is_still_not_asked_without_a_pause() {
        let (first, total) = (Duration::from_millis(20), Duration::from_millis(200));
        let retry = Retry { first, longest: first, total };
        let mut attempts = 0;
        Persistence::new(retry, ShutdownSignal::new()).persist(HOUR, |_| {
            attempts += 1;
            again(Some(Duration::ZERO))
        });
        // The shortest pause is half of the first.
        assert!((2..=21).contains(&attempts), "{attempts}");
    }

    #[test]
    fn a_time_beyond_all_reason_is_kept_for_an_hour() {
        let mut persistence = persistence(Duration::from_secs(1));
        persistence.persist(HOUR, |_| again(Some(Duration::MAX)));
        let quiet = persistence.quiet().unwrap();
        assert!(quiet <= LONGEST_QUIET && quiet > LONGEST_QUIET / 2, "{quiet:?}");
    }

    fn slow() -> Persistence {
        let mut persistence = persistence(HOUR);
        (persistence.retry.first, persistence.retry.longest) = (HOUR, HOUR);
        persistence
    }

    #[test]
    fn the_shutdown_allows_one_last_attempt_where_nobody_answers() {
        let mut persistence = slow();
        let shutdown = persistence.shutdown.clone();
        let mut timeouts = Vec::new();
        let outcome = persistence.persist(HOUR, |timeout| {
            timeouts.push(timeout);
            shutdown.begin(Instant::now().checked_add(Duration::from_secs(60)));
            Answer::Unanswered("nobody".to_owned())
        });
        assert_eq!(outcome, Outcome::GivenUp("2 attempts failed; nobody".to_owned()));
        assert_eq!((timeouts.len(), timeouts[0]), (2, HOUR));
        assert!(timeouts[1] <= Duration::from_secs(60));
        let mut later = 0;
        persistence.persist(HOUR, |_| {
            later += 1;
            Answer::Unanswered("nobody".to_owned())
        });
        assert_eq!(later, 1, "while it shuts down each request has one attempt");
    }

    #[test]
    fn while_it_shuts_down_a_busy_collector_is_asked_again_within_the_deadline() {
        let mut quick = persistence(HOUR);
        quick.shutdown.begin(Instant::now().checked_add(Duration::from_secs(60)));
        let mut attempts = 0;
        let outcome = quick.persist(HOUR, |_| {
            attempts += 1;
            if attempts < 3 { again(None) } else { Answer::Accepted(Partial::default()) }
        });
        assert_eq!((outcome, attempts), (Outcome::Accepted(Partial::default()), 3));

        let mut slow = slow();
        slow.shutdown.begin(Instant::now().checked_add(Duration::from_secs(60)));
        assert_eq!(
            slow.persist(HOUR, |_| again(None)),
            Outcome::GivenUp("1 attempt failed; busy".to_owned())
        );
    }
}
