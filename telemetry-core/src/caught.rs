//! What a panic said, whoever caught it.

use std::any::Any;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The text of a panic's payload.
pub(crate) fn text_of(payload: &(dyn Any + Send)) -> &str {
    match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (None, Some(text)) => text.as_str(),
        (None, None) => "(a payload that is not text)",
    }
}

/// The text of a panic that was caught, whose payload is dropped. What a payload does then is beyond our control: a second
/// panic must not end the thread that caught the first.
pub(crate) fn said(payload: Box<dyn Any + Send>) -> String {
    let text = text_of(&*payload).to_owned();
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        mem::forget(second);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Unruly;

    impl Drop for Unruly {
        fn drop(&mut self) {
            panic!("again");
        }
    }

    #[test]
    fn texts_of_both_kinds_are_told_and_a_payload_that_panics_is_contained() {
        assert_eq!(said(Box::new("plain")), "plain");
        assert_eq!(said(Box::new("made".to_owned())), "made");
        assert_eq!(said(Box::new(Unruly)), "(a payload that is not text)");
    }
}
