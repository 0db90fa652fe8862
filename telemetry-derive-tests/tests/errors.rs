//! Errors that are returned: which message is recorded, and what is left alone.
#![allow(missing_docs)]

use std::error::Error;
use std::fmt::{self, Display};

use telemetry_core::testing::Scope;
use telemetry_core::{Status, span};

#[derive(Debug)]
struct StoreError(fmt::Error);

impl Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot read the store")
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

const CHAIN: &str = "cannot read the store: an error occurred when formatting an argument";

/// The message recorded by a call, or none.
fn message<T>(call: impl FnOnce() -> T) -> Option<String> {
    let scope = Scope::new();
    drop(call());
    let spans = scope.spans();
    let expected = if spans[0].attribute("error.type").is_some() { Status::Error } else { Status::Unset };
    assert_eq!(spans[0].status, expected);
    spans[0].attribute("error.message").map(|message| match message {
        telemetry_core::record::Value::Str(text) => text.to_string(),
        other => panic!("not a text: {other:?}"),
    })
}

#[test]
fn the_message_is_the_most_the_type_can_say() {
    #[span]
    fn chain() -> Result<(), StoreError> {
        Err(StoreError(fmt::Error))
    }

    #[span]
    fn boxed() -> Result<(), Box<dyn Error + Send + Sync>> {
        Err(StoreError(fmt::Error))?
    }

    #[span]
    fn text() -> Result<(), String> {
        Err("text")?
    }

    #[span]
    fn debug() -> Result<(), Vec<u8>> {
        Err(vec![1])
    }

    assert_eq!(message(chain).as_deref(), Some(CHAIN));
    assert_eq!(message(boxed).as_deref(), Some(CHAIN));
    assert_eq!(message(text).as_deref(), Some("text"));
    assert_eq!(message(debug).as_deref(), Some("[1]"));
}

#[test]
fn errors_of_other_libraries_show_their_chain() {
    #[span]
    fn anyhowed() -> anyhow::Result<()> {
        Err(anyhow::Error::new(StoreError(fmt::Error)).context("cannot load"))
    }

    #[span]
    fn eyred() -> eyre::Result<()> {
        Err(eyre::Report::new(StoreError(fmt::Error)).wrap_err("cannot load"))
    }

    let expected = format!("cannot load: {CHAIN}");
    assert_eq!(message(anyhowed).as_deref(), Some(expected.as_str()));
    assert_eq!(message(eyred).as_deref(), Some(expected.as_str()));
}

#[test]
fn an_error_without_words_is_recorded_by_its_type() {
    struct Mute;

    #[span]
    fn mute() -> Result<(), Mute> {
        Err(Mute)
    }

    let scope = Scope::new();
    assert!(mute().is_err());
    let spans = scope.spans();
    assert_eq!(spans[0].status, Status::Error);
    assert!(spans[0].attribute("error.type").is_some());
    assert!(spans[0].attribute("error.message").is_none());
}

#[test]
fn an_alias_of_result_is_seen_through() {
    type Answer<T> = Result<T, StoreError>;

    #[span]
    fn aliased() -> Answer<u8> {
        Err(StoreError(fmt::Error))
    }

    assert_eq!(message(aliased).as_deref(), Some(CHAIN));
}

#[test]
fn a_generic_error_shows_what_its_bounds_say() {
    #[span]
    fn displayed<E: Display>(error: E) -> Result<(), E> {
        Err(error)
    }

    #[span]
    fn unbounded<E>(error: E) -> Result<(), E> {
        Err(error)
    }

    assert_eq!(message(|| displayed(StoreError(fmt::Error))).as_deref(), Some("cannot read the store"));
    assert_eq!(message(|| unbounded("nothing is known")), None);
}

#[test]
fn success_and_other_types_leave_the_status_unset() {
    #[span]
    fn success() -> Result<u8, StoreError> {
        Ok(1)
    }

    #[span]
    fn option() -> Option<StoreError> {
        Some(StoreError(fmt::Error))
    }

    assert_eq!(message(success), None);
    assert_eq!(message(option), None);
}

#[test]
fn errors_are_not_looked_at_when_that_is_off() {
    #[span(err = off)]
    fn quiet() -> Result<(), StoreError> {
        Err(StoreError(fmt::Error))
    }

    assert_eq!(message(quiet), None);
}

fn code(error: &(u16, String)) -> &str {
    &error.1
}

#[span(err = code)]
fn mapped() -> Result<(), (u16, String)> {
    Err((404, String::from("not found")))
}

#[span(err = code)]
async fn mapped_async() -> Result<(), (u16, String)> {
    mapped()
}

#[tokio::test]
async fn a_mapping_function_makes_the_message() {
    assert_eq!(message(mapped).as_deref(), Some("not found"));
    let scope = Scope::new();
    assert!(mapped_async().await.is_err());
    assert!(scope.tree().starts_with("mapped_async [error]"), "{}", scope.tree());
}

#[test]
fn an_early_return_is_seen() {
    #[span]
    fn early(number: i32) -> Result<i32, String> {
        if number < 0 {
            return Err(String::from("negative"));
        }
        for text in ["1", "x"] {
            text.parse::<i32>().map_err(|error| error.to_string())?;
        }
        Ok(number)
    }

    assert_eq!(message(|| early(-1)).as_deref(), Some("negative"));
    assert_eq!(message(|| early(1)).as_deref(), Some("invalid digit found in string"));
}

#[test]
fn a_display_that_panics_does_not_change_what_is_returned() {
    struct Rude;

    impl Display for Rude {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("no")
        }
    }

    #[span]
    fn rude() -> Result<(), Rude> {
        Err(Rude)
    }

    let scope = Scope::new();
    assert!(rude().is_err());
    assert_eq!(scope.spans()[0].status, Status::Error);
}

#[tokio::test]
async fn an_anyhow_error_shows_its_context_and_its_sources() {
    #[span]
    async fn contextual() -> anyhow::Result<()> {
        use anyhow::Context as _;
        Err(StoreError(fmt::Error)).context("cannot list the shelf")
    }

    let scope = Scope::new();
    let returned = contextual().await;
    let message = format!("cannot list the shelf: {CHAIN}");
    assert_eq!(returned.map_err(|error| format!("{error:#}")), Err(message.clone()));
    let spans = scope.spans();
    assert_eq!(
        spans[0].attribute("error.message"),
        Some(&telemetry_core::record::Value::Str(message.into()))
    );
    assert_eq!(
        spans[0].attribute("error.type"),
        Some(&telemetry_core::record::Value::Str("anyhow::Error".into()))
    );
}

#[tokio::test]
async fn whatever_of_an_error_panics_the_function_returns_it() {
    #[derive(Debug)]
    struct Rude;

    impl Display for Rude {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("rude")
        }
    }

    impl Error for Rude {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            panic!("no source")
        }
    }

    struct RudeDebug;

    impl fmt::Debug for RudeDebug {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("no debug")
        }
    }

    #[span]
    async fn of_source() -> Result<(), Rude> {
        Err(Rude)
    }

    #[span]
    async fn of_debug() -> Result<(), RudeDebug> {
        Err(RudeDebug)
    }

    fn no_message(_: &RudeDebug) -> String {
        panic!("no message")
    }

    #[span(err = no_message)]
    fn of_mapping() -> Result<(), RudeDebug> {
        Err(RudeDebug)
    }

    let scope = Scope::new();
    assert!(of_source().await.is_err());
    assert!(of_debug().await.is_err());
    assert!(of_mapping().is_err());
    let spans = scope.spans();
    assert_eq!(spans.len(), 3);
    for span in spans {
        assert_eq!(span.status, Status::Error, "{}", span.name);
        assert_eq!(span.outcome, telemetry_core::Outcome::Failed, "{}", span.name);
        assert!(span.attribute("error.type").is_some(), "{}", span.name);
    }
}
