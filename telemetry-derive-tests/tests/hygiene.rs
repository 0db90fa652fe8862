//! Expansions name nothing of the user's by accident: no prelude, and items that take every name they might use.
#![no_implicit_prelude]
#![forbid(unsafe_code)]
#![allow(
    missing_docs,
    dead_code,
    unused_imports,
    unused_macros,
    non_camel_case_types,
    non_upper_case_globals
)]

extern crate std as standard;

// Everything below is in scope of the traced functions and would be taken by an expansion that is not careful.
mod core {}
mod std {}
mod alloc {}
mod telemetry_core {}
struct Ok;
struct Err;
struct Some;
struct None;
struct Result;
struct Option;
struct Box;
struct String;
struct Clone;
struct Copy;
struct Deref;
struct Future;
struct Span;
struct CallSite;
struct i64;
struct bool;
struct str;
struct u8;
const SITE: () = ();
fn open() {}
fn drop() {}

macro_rules! concat {
    ($($tokens:tt)*) => {
        ::standard::compile_error!("taken")
    };
}
macro_rules! env {
    ($($tokens:tt)*) => {
        ::standard::compile_error!("taken")
    };
}
macro_rules! module_path {
    ($($tokens:tt)*) => {
        ::standard::compile_error!("taken")
    };
}
macro_rules! line {
    ($($tokens:tt)*) => {
        ::standard::compile_error!("taken")
    };
}
macro_rules! record_outcome {
    ($($tokens:tt)*) => {
        ::standard::compile_error!("taken")
    };
}

/// Methods on everything, which compete with those of the expansion.
trait Everything {
    fn record(&self) {}
    fn fail(&self) {}
    fn run(&self) {}
    fn attribute(&self) {}
    fn is_recording(&self) -> ::standard::primitive::bool {
        false
    }
    fn handle(&self) {}
    fn links(&self) {}
    fn mapped(&self) {}
    fn returned(&self) {}
    fn record_returned(&self) {}
    fn level(&self) {}
    fn sampler(&self) {}
}

impl<T: ?::standard::marker::Sized> Everything for T {}

type Answer = ::standard::result::Result<::standard::primitive::u32, ::standard::string::String>;

#[::telemetry_core::trace(attrs(number, text = "literal", ratio = 1.5), kind = server)]
fn sync(number: ::standard::primitive::u32) -> Answer {
    let __telemetry_span = number;
    let __telemetry_result = __telemetry_span;
    Answer::Ok(__telemetry_result)
}

#[::telemetry_core::span(attrs(?number), root)]
async fn asynchronous(number: ::standard::primitive::u32) -> Answer {
    let __telemetry_span = number;
    let future = ::telemetry_core::step!("inside", number => async move { Answer::Ok(__telemetry_span) });
    future.await
}

#[::telemetry_core::span(bind = span, attrs(rows: i64, title: str, raw: bytes, found: bool))]
fn bound() {
    let _step = ::telemetry_core::step!("inside");
    span.rows(1);
    span.title("Emma");
    span.raw(b"a");
    span.found(true);
}

#[::telemetry_core::span(err = shown)]
fn mapped(__telemetry_result: ::standard::primitive::u32) -> Answer {
    Answer::Err(::standard::format!("{__telemetry_result}"))
}

fn shown(error: &::standard::string::String) -> &::standard::primitive::str {
    error
}

#[::telemetry_core::span(
    ret = debug,
    parent = ::telemetry_core::Span::current(),
    links = [::telemetry_core::Span::current()],
    sample = always,
    level = debug
)]
fn returned(number: ::standard::primitive::u32) -> Answer {
    Answer::Ok(number)
}

type Later = ::standard::pin::Pin<
    ::standard::boxed::Box<
        dyn ::standard::future::Future<Output = ::standard::primitive::u32> + ::standard::marker::Send,
    >,
>;

#[::telemetry_core::span(async = true, attrs(number))]
fn later(number: ::standard::primitive::u32) -> Later {
    let __telemetry_future = number;
    ::standard::boxed::Box::pin(::standard::future::ready(__telemetry_future))
}

struct Shelf;

#[::telemetry_core::trace(err = shown, ret)]
impl Shelf {
    fn search(self) -> ::standard::result::Result<::standard::primitive::u32, ::standard::string::String> {
        ::standard::result::Result::Err(::standard::string::String::new())
    }

    #[::telemetry_core::trace(skip)]
    const fn open() -> Self {
        Self
    }
}

fn closures() -> ::standard::primitive::u32 {
    let __telemetry_span = 1;
    let add = ::telemetry_core::step!("add", number => |number: ::standard::primitive::u32| number + __telemetry_span);
    let boxed = ::telemetry_core::step!("boxed" => async |number: ::standard::primitive::u32| number);
    let future = ::standard::pin::pin!(boxed(add(1)));
    let mut context = ::standard::task::Context::from_waker(::standard::task::Waker::noop());
    match ::standard::future::Future::poll(future, &mut context) {
        ::standard::task::Poll::Ready(number) => number,
        ::standard::task::Poll::Pending => 0,
    }
}

#[test]
fn every_name_may_be_taken_in_the_other_forms() {
    use ::standard::prelude::rust_2024::*;

    let scope = ::telemetry_core::testing::Scope::new();
    ::standard::assert!(returned(1).is_ok());
    let mut context = ::standard::task::Context::from_waker(::standard::task::Waker::noop());
    ::standard::assert!(::standard::future::Future::poll(later(2).as_mut(), &mut context).is_ready());
    ::standard::assert!(Shelf::open().search().is_err());
    ::standard::assert_eq!(closures(), 2);
    ::standard::assert_eq!(
        scope.tree(),
        "returned return=\"1\"\nlater number=2\n\
         Shelf::search [error] error.type=\"alloc::string::String\" error.message=\"\"\n\
         add number=1\nboxed\n",
    );
}

#[test]
fn every_name_may_be_taken() {
    use ::standard::prelude::rust_2024::*;

    let scope = ::telemetry_core::testing::Scope::new();
    ::standard::assert!(sync(1).is_ok());
    bound();
    ::standard::assert!(mapped(7).is_err());
    let mut future = ::standard::pin::pin!(asynchronous(2));
    let mut context = ::standard::task::Context::from_waker(::standard::task::Waker::noop());
    ::standard::assert!(::standard::future::Future::poll(future.as_mut(), &mut context).is_ready());
    ::standard::assert_eq!(
        scope.tree(),
        "hygiene::sync [server] text=\"literal\" ratio=1.5 number=1\n\
         bound rows=1 title=\"Emma\" raw=0x61 found=true\n  inside\n\
         mapped [error] error.type=\"alloc::string::String\" error.message=\"7\"\n\
         asynchronous number=\"2\"\n  inside number=2\n",
    );
}
