//! A token bucket: short bursts pass, a steady excess does not.

use std::time::{Duration, Instant};

/// A bucket that holds up to `burst` tokens and gains some each second; a request takes one.
#[derive(Clone, Copy, Debug)]
pub struct TokenBucket {
    tokens: f64,
    filled_at: Instant,
}

impl TokenBucket {
    /// A full bucket.
    pub fn full(burst: u32, now: Instant) -> Self {
        Self { tokens: f64::from(burst), filled_at: now }
    }

    /// Takes a token, or says how long to wait for one. A clock that stands still gives no tokens.
    ///
    /// # Errors
    /// The bucket is empty; the time until the next token.
    pub fn take(&mut self, burst: u32, per_second: f64, now: Instant) -> Result<(), Duration> {
        let elapsed = now.saturating_duration_since(self.filled_at).as_secs_f64();
        self.tokens = (self.tokens + elapsed * per_second).min(f64::from(burst));
        self.filled_at = self.filled_at.max(now);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        Err(Duration::try_from_secs_f64((1.0 - self.tokens) / per_second).unwrap_or(Duration::MAX))
    }

    /// True when the bucket would be full by now: forgetting it changes nothing.
    pub fn is_full(&self, burst: u32, per_second: f64, now: Instant) -> bool {
        let elapsed = now.saturating_duration_since(self.filled_at).as_secs_f64();
        self.tokens + elapsed * per_second >= f64::from(burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_the_next_waits_for_its_token() {
        let start = Instant::now();
        let mut bucket = TokenBucket::full(3, start);
        for _ in 0..3 {
            assert_eq!(bucket.take(3, 2.0, start), Ok(()));
        }
        assert_eq!(bucket.take(3, 2.0, start), Err(Duration::from_millis(500)));
        assert_eq!(bucket.take(3, 2.0, start + Duration::from_millis(500)), Ok(()));
    }

    #[test]
    fn a_long_pause_gives_no_more_than_one_burst() {
        let start = Instant::now();
        let mut bucket = TokenBucket::full(2, start);
        let later = start + Duration::from_secs(3600);
        assert_eq!(bucket.take(2, 1.0, later), Ok(()));
        assert!(!bucket.is_full(2, 1.0, later));
        assert_eq!(bucket.take(2, 1.0, later), Ok(()));
        assert!(bucket.take(2, 1.0, later).is_err());
        assert!(bucket.is_full(2, 1.0, later + Duration::from_secs(2)));
    }

    #[test]
    fn a_bucket_never_refilled_waits_for_ever() {
        let start = Instant::now();
        let mut bucket = TokenBucket::full(1, start);
        assert_eq!(bucket.take(1, 0.0, start), Ok(()));
        assert_eq!(bucket.take(1, 0.0, start), Err(Duration::MAX));
    }
}
