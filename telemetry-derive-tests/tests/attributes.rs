//! Attributes: what is recorded, when, and under which key.
#![allow(missing_docs)]

use std::cell::Cell;

use telemetry_core::record::Value;
use telemetry_core::testing::Scope;
use telemetry_core::{span, step};

#[span(attrs(
    text = "static", signed = 3, negative = -3, unsigned = 7_u64, huge = 18_446_744_073_709_551_615,
    ratio = 0.5, below = -0.5_f32, yes = true, letter = 'x',
))]
fn constants() {}

#[test]
fn literals_keep_their_type() {
    let scope = Scope::new();
    constants();
    let spans = scope.spans();
    let expected = [
        ("text", Value::Str("static".into())),
        ("signed", Value::I64(3)),
        ("negative", Value::I64(-3)),
        ("unsigned", Value::U64(7)),
        ("huge", Value::U64(u64::MAX)),
        ("ratio", Value::F64(0.5)),
        ("below", Value::F64(-0.5)),
        ("yes", Value::Bool(true)),
        ("letter", Value::Str("x".into())),
    ];
    for (key, value) in expected {
        assert_eq!(spans[0].attribute(key), Some(&value), "{key}");
    }
}

#[derive(Debug)]
struct User {
    id: u32,
    name: &'static str,
}

impl User {
    #[span(attrs(id = self.id, name = self.name, letters = self.name.len(), upper = %self.name.to_uppercase()))]
    fn greet(&self) {}
}

#[span(attrs(
    id, %title, ?tags, user.id, sum = id + 1, book.id = id, "any key" = id, r#type = id,
    none = None::<i64>, some = Some(1.5), raw = b"ab", by_display = %title, by_debug = ?title, owned = String::from(title),
))]
fn every_form(id: i64, title: &str, tags: &[u8], user: &User) {}

#[test]
fn every_way_to_write_an_attribute_records_it() {
    let scope = Scope::new();
    let user = User { id: 9, name: "Ann" };
    every_form(1, "Emma", &[2], &user);
    user.greet();
    assert_eq!(
        scope.tree(),
        "every_form id=1 title=\"Emma\" tags=\"[2]\" user.id=9 sum=2 book.id=1 any key=1 type=1 some=1.5 raw=0x6162 \
         by_display=\"Emma\" by_debug=\"\\\"Emma\\\"\" owned=\"Emma\"\n\
         greet id=9 name=\"Ann\" letters=3 upper=\"ANN\"\n",
    );
}

#[span(bind = span, attrs(rows: i64, book.title: str, share: f64, bytes: bytes, found: bool, size: u64))]
fn declared(count: i64) -> Result<i64, &'static str> {
    let copy = span;
    if count < 0 {
        return Err("negative");
    }
    span.rows(count);
    copy.book_title("Emma");
    let share = || span.share(0.5);
    share();
    span.bytes(b"a");
    span.found(true);
    span.size(7);
    span.str("free", "text").event("done");
    Ok(count)
}

#[span(bind = span, attrs(rows: i64))]
async fn declared_async() {
    span.rows(1);
    tokio::task::yield_now().await;
    span.rows(2);
}

#[span(bind = span, attrs(rows: Option<i64>, title: std::option::Option<str>, raw: Option<bytes>, found: Option<bool>))]
fn declared_optional(title: Option<&str>) {
    span.rows(None);
    span.title(title);
    span.raw(title.map(str::as_bytes));
    span.found(Some(true));
}

#[test]
fn a_declared_attribute_without_a_value_records_nothing() {
    let scope = Scope::new();
    declared_optional(Some("a"));
    declared_optional(None);
    assert_eq!(
        scope.tree(),
        "declared_optional title=\"a\" raw=0x61 found=true\ndeclared_optional found=true\n"
    );
}

#[tokio::test]
async fn declared_attributes_are_set_by_name_in_the_body() {
    let scope = Scope::new();
    assert_eq!(declared(3), Ok(3));
    declared_async().await;
    assert_eq!(
        scope.tree(),
        "declared rows=3 book.title=\"Emma\" share=0.5 bytes=0x61 found=true size=7 free=\"text\"\n  - done\n\
         declared_async rows=2\n",
    );
}

fn counted(counter: &Cell<u32>) -> u32 {
    counter.set(counter.get() + 1);
    counter.get()
}

#[span(attrs(count = counted(counter), text = %counted(counter), debug = ?counted(counter)))]
fn sync_attributes(counter: &Cell<u32>) -> Result<(), String> {
    let _step = step!("step", count = counted(counter));
    Ok(())
}

#[span(attrs(count = counted(counter)))]
async fn async_attributes(counter: &Cell<u32>) {
    step!("step", count = counted(counter) => std::future::ready(())).await;
}

#[tokio::test]
async fn attributes_of_a_disabled_span_are_not_evaluated() {
    let scope = Scope::new();
    let counter = Cell::new(0);
    scope.disable();
    sync_attributes(&counter).unwrap();
    async_attributes(&counter).await;
    assert_eq!((counter.get(), scope.tree().as_str()), (0, ""));
    scope.enable();
    sync_attributes(&counter).unwrap();
    async_attributes(&counter).await;
    assert_eq!(counter.get(), 6);
}

#[test]
fn attributes_of_an_unsampled_span_are_not_evaluated() {
    let scope = Scope::builder().sampler(telemetry_core::NeverSample).enter().unwrap();
    let counter = Cell::new(0);
    sync_attributes(&counter).unwrap();
    assert_eq!((counter.get(), scope.tree().as_str()), (0, ""));
}

#[test]
fn declared_attributes_fit_whatever_their_values() {
    #[span(
        attrs(a: i64, b: i64, c: i64, d: i64, e: u64, f: u64, g: u64, h: u64, i: f64, j: f64, k: f64, l: f64,
            m: bool, n: bool, o: bool, p: bool),
        bind = span
    )]
    fn full() {
        span.a(i64::MIN);
        span.b(i64::MIN);
        span.c(i64::MAX);
        span.d(i64::MIN);
        span.e(u64::MAX);
        span.f(u64::MAX);
        span.g(u64::MAX);
        span.h(u64::MAX);
        span.i(0.1);
        span.j(0.1);
        span.k(0.1);
        span.l(0.1);
        span.m(true);
        span.n(true);
        span.o(true);
        span.p(true);
    }

    let scope = Scope::new();
    full();
    let spans = scope.spans();
    assert_eq!(spans[0].attributes.len(), 16);
    assert_eq!(spans[0].dropped_attributes_count, 0);
    assert_eq!(spans[0].attribute("h"), Some(&Value::U64(u64::MAX)));
}
