//! Functions of shapes that trip attribute macros: each does what it did without the attribute, and is a span.
#![allow(missing_docs)]
#![allow(
    unreachable_pub,
    clippy::arc_with_non_send_sync,
    clippy::elidable_lifetime_names,
    clippy::needless_arbitrary_self_type,
    clippy::needless_lifetimes,
    clippy::needless_pass_by_value,
    clippy::needless_return,
    clippy::non_minimal_cfg,
    clippy::redundant_closure,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    clippy::unused_unit,
    reason = "the shapes matter, not whether one should write them"
)]

mod asyncness;
mod attributes;
mod bodies;
mod generics;
mod macros;
mod panics;
mod patterns;
mod receivers;
mod returns;

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::{Debug, Display};
use std::future::Future;
use std::ops::{Add, ControlFlow};
use std::panic::Location;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use telemetry_core::testing::Scope;
use telemetry_core::{Span, span, trace};

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

fn assert_send<T: Send>(value: T) -> T {
    value
}

/// Runs a call that opens one span of this name.
fn one<T>(name: &str, call: impl FnOnce() -> T) -> T {
    let scope = Scope::new();
    let result = call();
    assert_eq!(scope.spans().len(), 1, "{}", scope.tree());
    assert_eq!(scope.spans()[0].name, name);
    result
}

struct Tuple(String, u8);

struct Fields<'a> {
    name: &'a str,
    rest: Vec<u8>,
}
