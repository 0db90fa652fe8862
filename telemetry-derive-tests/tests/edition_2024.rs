//! Functions of a crate of the edition 2024.
#![allow(missing_docs)]
#![allow(
    clippy::needless_return,
    clippy::ptr_arg,
    clippy::ref_option,
    clippy::try_err,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    clippy::unused_self,
    clippy::unused_unit,
    clippy::trivially_copy_pass_by_ref,
    reason = "the shapes matter, not whether one should write them"
)]

#[path = "editions/shapes.rs"]
#[allow(
    clippy::all,
    clippy::pedantic,
    unreachable_pub,
    reason = "the shapes matter, not whether one should write them, and not how another edition would have them"
)]
mod shapes;

use std::fmt::Display;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use telemetry_core::testing::Scope;
use telemetry_core::{span, trace};

/// What is opaque holds every lifetime that is in scope.
#[span]
fn holds_both(one: &str, other: &u8) -> impl Display {
    format!("{one}{other}")
}

#[span]
fn holds_one<'a>(one: &'a str, _other: &u8) -> impl Iterator<Item = char> + use<'a> {
    one.chars()
}

#[span]
extern "C" fn foreign(number: i32) -> i32 {
    number
}

#[span]
async fn asks(question: impl AsyncFn(&str) -> Result<usize, String>) -> Result<usize, String> {
    let own = String::from("own");
    let ask = async |text: &str| -> Result<usize, String> {
        if text == own {
            return Err(own.clone());
        }
        question(text).await
    };
    Ok(ask("a").await? + ask(&own).await?)
}

#[span]
fn chained(one: Option<u8>, other: Option<u8>) -> Option<u8> {
    if let Some(one) = one
        && let Some(other) = other
        && one > other
    {
        return Some(one);
    }
    other
}

trait Asynchronous {
    async fn ask(&self) -> Result<u8, String>;

    fn all(&self) -> impl Iterator<Item = u8>;
}

#[trace]
impl Asynchronous for u8 {
    async fn ask(&self) -> Result<u8, String> {
        self.checked_sub(1).ok_or_else(|| String::from("nothing below"))
    }

    fn all(&self) -> impl Iterator<Item = u8> {
        0..*self
    }
}

#[test]
fn what_came_with_the_edition_is_no_hindrance() {
    let scope = Scope::new();
    let mut context = Context::from_waker(Waker::noop());
    assert_eq!(holds_both("a", &1).to_string(), "a1");
    assert_eq!(holds_one("ab", &1).count(), 2);
    assert_eq!(foreign(3), 3);
    let asked = pin!(asks(async |text| Ok(text.len()))).poll(&mut context);
    assert_eq!(asked, Poll::Ready(Err(String::from("own"))));
    assert_eq!(chained(Some(2), Some(1)), Some(2));
    assert_eq!(pin!(0_u8.ask()).poll(&mut context), Poll::Ready(Err(String::from("nothing below"))));
    assert_eq!(2_u8.all().count(), 2);
    assert_eq!(
        scope.tree(),
        "holds_both\nholds_one\nforeign\n\
         asks [error] error.type=\"alloc::string::String\" error.message=\"own\"\nchained\n\
         u8::ask [error] error.type=\"alloc::string::String\" error.message=\"nothing below\"\nu8::all\n",
    );
}
