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
