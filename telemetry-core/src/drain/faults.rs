//! Faults on standard error, at a limited rate.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::lock;
use crate::standard_error;

/// The kinds of fault that are told apart; further ones share a limit.
const MAX_KINDS: usize = 256;
const PERIOD: Duration = Duration::from_secs(60);

/// Reports faults: the first of a kind at once, then at most one line a minute with the count of those left out.
pub(crate) struct Faults {
    period: Duration,
    write: Box<dyn Fn(&str) + Send + Sync>,
    kinds: Mutex<HashMap<String, Kind>>,
}

struct Kind {
    last: Instant,
    left_out: u64,
}

impl Faults {
    /// Reports to standard error; a standard error that is closed is no fault.
    pub(crate) fn to_standard_error() -> Self {
        Self::to(standard_error::write)
    }

    /// Reports through a function, which gets a line without its end.
    pub(crate) fn to(write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { period: PERIOD, write: Box::new(write), kinds: Mutex::new(HashMap::new()) }
    }

    /// Reports a fault of a kind, or counts it when that kind has been reported within the last minute.
    pub(crate) fn report(&self, kind: &str, message: &str) {
        self.report_at(Instant::now(), kind, message);
    }

    /// Says how many faults of each kind were left out since its last line.
    pub(crate) fn finish(&self) {
        let mut left_out: Vec<_> = lock(&self.kinds)
            .iter_mut()
            .filter(|(_, kind)| kind.left_out > 0)
            .map(|(name, kind)| (name.clone(), std::mem::take(&mut kind.left_out)))
            .collect();
        left_out.sort();
        for (kind, count) in left_out {
            (self.write)(&format!("telemetry: {kind}: {count} more not shown"));
        }
    }

    fn report_at(&self, now: Instant, kind: &str, message: &str) {
        let Some(left_out) = self.admit(now, kind) else { return };
        match left_out {
            0 => (self.write)(&format!("telemetry: {message}")),
            n => (self.write)(&format!("telemetry: {message} ({n} more like it since the last report)")),
        }
    }

    /// How many were left out before this one, when it is to be shown.
    fn admit(&self, now: Instant, kind: &str) -> Option<u64> {
        let mut kinds = lock(&self.kinds);
        let kind = if kinds.contains_key(kind) || kinds.len() < MAX_KINDS { kind } else { "other faults" };
        match kinds.get_mut(kind) {
            Some(known) if now.saturating_duration_since(known.last) < self.period => {
                known.left_out += 1;
                None
            }
            Some(known) => {
                known.last = now;
                Some(std::mem::take(&mut known.left_out))
            }
            None => {
                kinds.insert(kind.to_owned(), Kind { last: now, left_out: 0 });
                Some(0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    fn captured() -> (Faults, Arc<Mutex<Vec<String>>>) {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&lines);
        (Faults::to(move |line| sink.lock().unwrap().push(line.to_owned())), lines)
    }

    #[test]
    fn a_kind_is_reported_once_a_minute_with_the_count_of_those_left_out() {
        let (faults, lines) = captured();
        let start = Instant::now();
        for second in 0..=60 {
            faults.report_at(start + Duration::from_secs(second), "sink a: error", "sink a: it broke");
        }
        assert_eq!(
            *lines.lock().unwrap(),
            [
                "telemetry: sink a: it broke",
                "telemetry: sink a: it broke (59 more like it since the last report)"
            ]
        );
    }

    #[test]
    fn kinds_do_not_hide_each_other() {
        let (faults, lines) = captured();
        faults.report("a", "one");
        faults.report("b", "two");
        faults.report("a", "three");
        assert_eq!(*lines.lock().unwrap(), ["telemetry: one", "telemetry: two"]);
    }

    #[test]
    fn the_end_says_what_was_left_out() {
        let (faults, lines) = captured();
        faults.report("a", "one");
        faults.report("a", "one");
        faults.report("a", "one");
        faults.finish();
        faults.finish();
        assert_eq!(*lines.lock().unwrap(), ["telemetry: one", "telemetry: a: 2 more not shown"]);
    }

    #[test]
    fn endless_kinds_share_a_limit() {
        let (faults, lines) = captured();
        for i in 0..10_000 {
            faults.report(&format!("kind {i}"), "fault");
        }
        assert_eq!(lines.lock().unwrap().len(), MAX_KINDS + 1);
    }
}
