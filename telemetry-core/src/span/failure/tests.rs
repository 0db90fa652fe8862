//! Tests of the probe.
#![allow(clippy::option_option, clippy::unnecessary_wraps, reason = "failure and message are told apart")]

use super::super::task::TaskSpan;
use super::probe::Probe;
use super::*;

#[derive(Default)]
struct Recorded {
    failures: Vec<(&'static str, Option<String>)>,
}

impl RecordOutcome for Recorded {
    fn record_failure(&mut self, error_type: &'static str, message: &dyn Display) {
        self.failures.push((error_type, Some(message.to_string())));
    }

    fn record_failure_without_message(&mut self, error_type: &'static str) {
        self.failures.push((error_type, None));
    }

    fn record_returned(&mut self, _: Shown<'_>) {
        panic!("nothing else is recorded");
    }
}

macro_rules! message_of {
    ($result:expr) => {{
        let result = $result;
        let mut span = Recorded::default();
        Probe::of(&result).__telemetry_probe().record(&result, &mut span);
        span.failures.pop().map(|(_, message)| message)
    }};
}

#[derive(Debug)]
struct Outer(Inner);

#[derive(Debug)]
struct Inner;

impl Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot load the book")
    }
}

impl Display for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the disk is gone")
    }
}

impl Error for Inner {}

impl Error for Outer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

fn said(text: &str) -> Option<Option<String>> {
    Some(Some(text.to_owned()))
}

#[test]
fn an_error_is_recorded_with_its_sources() {
    assert_eq!(message_of!(Err::<(), _>(Outer(Inner))), said("cannot load the book: the disk is gone"));
}

#[test]
fn a_boxed_error_is_recorded_with_its_sources() {
    let chain = said("cannot load the book: the disk is gone");
    assert_eq!(message_of!(Err::<(), Box<dyn Error>>(Box::new(Outer(Inner)))), chain);
    assert_eq!(message_of!(Err::<(), Box<dyn Error + Send>>(Box::new(Outer(Inner)))), chain);
    assert_eq!(message_of!(Err::<(), Box<dyn Error + Send + Sync>>(Box::new(Outer(Inner)))), chain);
    assert_eq!(message_of!(Err::<(), std::sync::Arc<dyn Error>>(std::sync::Arc::new(Outer(Inner)))), chain);
    assert_eq!(message_of!(Err::<(), Box<Outer>>(Box::new(Outer(Inner)))), chain);
    assert_eq!(message_of!(Err::<(), &dyn Error>(&Outer(Inner))), chain);
}

#[test]
fn a_report_type_that_is_no_error_itself_is_recorded_through_what_it_points_to() {
    struct Report(Outer);

    impl Deref for Report {
        type Target = dyn Error + Send + Sync;

        fn deref(&self) -> &Self::Target {
            &self.0
        }
    }

    assert_eq!(
        message_of!(Err::<(), _>(Report(Outer(Inner)))),
        said("cannot load the book: the disk is gone")
    );
}

#[test]
fn text_is_recorded_as_it_stands() {
    assert_eq!(message_of!(Err::<(), _>("no such book")), said("no such book"));
    assert_eq!(message_of!(Err::<(), _>(String::from("no such book"))), said("no such book"));
}

#[test]
fn an_error_that_is_only_debug_is_recorded_in_its_debug_form() {
    #[derive(Debug)]
    #[expect(dead_code, reason = "read by Debug alone")]
    struct Code(u8);

    assert_eq!(message_of!(Err::<(), _>(Code(7))), said("Code(7)"));
}

#[test]
fn an_error_that_shows_nothing_is_recorded_by_its_type() {
    struct Mute;

    assert_eq!(message_of!(Err::<(), _>(Mute)), Some(None));
}

#[test]
fn success_and_values_that_are_no_result_record_nothing() {
    assert_eq!(message_of!(Ok::<_, Outer>(1)), None);
    assert_eq!(message_of!(1), None);
    assert_eq!(message_of!(Some("no such book")), None);
}

#[test]
fn a_generic_error_shows_what_its_bounds_allow() {
    fn displayed<E: Display>(error: E) -> Option<Option<String>> {
        message_of!(Err::<(), E>(error))
    }

    fn unbounded<E>(error: E) -> Option<Option<String>> {
        message_of!(Err::<(), E>(error))
    }

    assert_eq!(displayed(Outer(Inner)), said("cannot load the book"));
    assert_eq!(unbounded(Outer(Inner)), Some(None));
}

#[test]
fn a_span_that_does_not_record_is_not_told() {
    struct Untold;

    impl<R> Outcome<R> for Untold {
        fn record(&self, _: &R, _: &mut dyn RecordOutcome) {
            panic!("there is nobody to tell");
        }
    }

    record(&mut TaskSpan::nothing(), &Untold, &Err::<(), _>(Outer(Inner)));
}

#[test]
fn the_type_of_the_error_is_named() {
    let result = Err::<(), _>(Outer(Inner));
    let mut span = Recorded::default();
    Probe::of(&result).__telemetry_probe().record(&result, &mut span);
    assert_eq!(span.failures[0].0, type_name::<Outer>());
}

#[test]
fn a_mapping_function_makes_the_message_and_may_borrow_from_the_error() {
    fn code(error: &(u16, String)) -> &str {
        &error.1
    }

    let mut span = Recorded::default();
    let result = Err::<(), _>((404, String::from("no such book")));
    Probe::of(&result).mapped(|error, tell| tell(&code(error))).record(&result, &mut span);
    assert_eq!(span.failures, [("(u16, alloc::string::String)", Some(String::from("no such book")))]);
}

#[test]
fn a_chain_that_never_ends_is_cut() {
    #[derive(Debug)]
    struct Loop;

    impl Display for Loop {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("again")
        }
    }

    impl Error for Loop {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(self)
        }
    }

    let text = message_of!(Err::<(), _>(Loop)).flatten().unwrap_or_default();
    assert_eq!(text.matches("again").count(), MAX_SOURCES + 1);
}
