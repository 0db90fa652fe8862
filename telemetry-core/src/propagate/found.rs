//! The states of traces, for the records of their spans.

use std::sync::Arc;

use super::{TraceState, kept};

/// Finds the states of the spans of one batch; spans of one trace mostly lie together, and cost one look.
#[derive(Default)]
pub(crate) struct Found {
    /// By number: the trace a state was last looked up for, and the state.
    last: [(u128, Option<Arc<str>>); kept::LAST as usize + 1],
}

impl Found {
    /// The state of a trace with this number, as the value of a header. One that was forgotten before its span was
    /// drained counts as dropped.
    pub(crate) fn text(&mut self, trace: u128, number: u32) -> Option<Arc<str>> {
        if number == 0 {
            return None;
        }
        // A threshold is the same for every trace. No trace's identifier is zero, which stands for none.
        let key = if kept::is_threshold(number) { u128::MAX } else { trace };
        let last = &mut self.last[number as usize];
        if last.0 != key {
            let state = kept::look_up(trace, number);
            if state.is_none() {
                kept::count_dropped();
            }
            // One that is kept for its baggage alone is empty.
            *last = (key, state.and_then(TraceState::into_text));
        }
        last.1.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Baggage, Keys, dropped_states};
    use super::*;

    fn state(text: &str) -> TraceState {
        TraceState::parse([text], Keys::Level2).unwrap()
    }

    #[test]
    fn states_and_thresholds_are_found_by_their_numbers() {
        let trace = 0xbbbb_0001;
        let number = kept::hold(trace, &state("rojo=1"), &Baggage::EMPTY);
        let threshold = kept::resampled(trace, 0, Some(1 << 54));
        let mut found = Found::default();
        for _ in 0..2 {
            assert_eq!(found.text(trace, 0), None);
            assert_eq!(found.text(trace, number).as_deref(), Some("rojo=1"));
            assert_eq!(found.text(trace + 1, threshold).as_deref(), Some("ot=th:4"));
        }
    }

    #[test]
    fn one_that_is_kept_for_its_baggage_is_empty_and_not_forgotten() {
        let trace = 0xbbbb_0003;
        let number = kept::hold(trace, &TraceState::EMPTY, &Baggage::parse(["a=1"]));
        assert!(number != 0 && kept::look_up(trace, number).is_some());
        assert_eq!(Found::default().text(trace, number), None);
    }

    #[test]
    fn one_that_is_forgotten_is_counted() {
        let before = dropped_states();
        assert_eq!(Found::default().text(0xbbbb_0002, 1), None);
        assert!(dropped_states() > before);
    }
}
