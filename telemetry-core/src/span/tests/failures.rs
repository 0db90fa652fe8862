//! Errors and panics.

use super::*;

#[test]
fn a_resumed_panic_is_recorded_without_the_words_of_an_older_one() {
    let scope = Scope::builder().real_clock().enter().unwrap();
    let _ = std::panic::catch_unwind(|| panic!("an older one"));
    let _ = std::panic::catch_unwind(|| {
        let _span = open(site!("resumed"));
        std::panic::resume_unwind(Box::new("payload"));
    });
    let spans = scope.spans();
    assert_eq!(spans[0].outcome, Outcome::Panicked);
    assert_eq!(spans[0].attribute("error.message"), None);
}

#[test]
fn spans_opened_by_destructors_during_a_panic_end_in_peace() {
    struct Cleanup;
    impl Drop for Cleanup {
        fn drop(&mut self) {
            drop(open(site!("cleanup")));
        }
    }
    let scope = Scope::new();
    let _ = std::panic::catch_unwind(|| {
        let _span = open(site!("failing"));
        let _cleanup = Cleanup;
        panic!("away");
    });
    let outcomes: Vec<_> = scope.spans().iter().map(|span| (span.name.to_string(), span.outcome)).collect();
    assert_eq!(
        outcomes,
        [("failing".to_owned(), Outcome::Panicked), ("cleanup".to_owned(), Outcome::Completed)]
    );
}

#[test]
fn the_last_failure_is_the_one_that_is_told() {
    let scope = Scope::new();
    {
        let mut span = open(site!("failing twice"));
        span.handle().str("a", &"x".repeat(100));
        span.fail("First", Some(&"one"));
        span.fail("Second", Some(&"two"));
    }
    let spans = scope.spans();
    assert_eq!(spans[0].attribute("error.type"), Some(&Value::Str("Second".into())));
    assert_eq!(spans[0].attribute("error.message"), Some(&Value::Str("two".into())));
}

#[test]
fn a_failed_span_with_a_name_of_its_own_takes_further_writes() {
    let scope = Scope::new();
    {
        let mut span = SpanBuilder::new(site!("x")).name(Name::dynamic("dynamic")).enter();
        span.handle().str("a", &"x".repeat(70));
        span.fail("Broken", Some(&"y".repeat(100)));
        span.handle().i64("late", 1).link(span.handle().context().unwrap());
    }
    let spans = scope.spans();
    assert_eq!((spans[0].dropped_attributes_count, spans[0].dropped_links_count), (1, 1));
}

#[test]
fn a_panic_is_recorded_with_its_message() {
    let scope = Scope::new();
    let caught = std::panic::catch_unwind(|| {
        let _outer = open(site!("outer"));
        let _inner = open(site!("inner"));
        panic!("no more {}", "shelves");
    });
    assert!(caught.is_err());
    for span in scope.spans() {
        assert_eq!(span.status, Status::Error);
        assert_eq!(span.outcome, Outcome::Panicked);
        assert_eq!(span.attribute("error.message"), Some(&Value::Str("no more shelves".into())));
        assert_eq!(span.attribute("error.type"), Some(&Value::Str("panic".into())));
    }
    assert!(Span::current().context().is_none(), "the context is as before");
}

#[test]
fn a_failure_finds_room_on_a_full_span() {
    let scope = Scope::new();
    {
        let mut span = open(site!("full"));
        span.handle().str("a", &"x".repeat(120));
        span.fail("tests::Broken", Some(&"it broke"));
    }
    let spans = scope.spans();
    assert_eq!(spans[0].attribute("error.type"), Some(&Value::Str("tests::Broken".into())));
    assert_eq!(spans[0].attribute("error.message"), Some(&Value::Str("it broke".into())));
    assert_eq!((spans[0].status, spans[0].outcome), (Status::Error, Outcome::Failed));
}

#[test]
fn a_failure_finds_room_on_a_full_span_with_another_static_name() {
    let scope = Scope::new();
    {
        let mut span = SpanBuilder::new(site!("full")).name(Name::interned("GET /books/{id}")).enter();
        span.handle().str("a", &"x".repeat(120));
        span.fail("tests::Broken", Some(&"it broke"));
    }
    assert_eq!(
        scope.tree().replace(&"x".repeat(120), "…"),
        "GET /books/{id} [error] a=\"…\" error.type=\"tests::Broken\" error.message=\"it broke\"\n"
    );
}
