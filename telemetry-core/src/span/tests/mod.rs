//! Tests of spans through their public interface, each in a scope of its own.

use std::future::Future;
use std::pin::pin;
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::Duration;

use super::*;
use crate::record::{Origin, Outcome, SpanKind, Status, Value};
use crate::testing::Scope;
use crate::{AlwaysSample, Context, NeverSample, RatioSample};

static ORIGIN: Origin = Origin { crate_name: "tests", crate_version: "0", module: "tests", file: "tests.rs" };

macro_rules! site {
    ($name:literal $(, keys: $keys:expr)? $(, constants: $constants:expr)?) => {{
        static SITE: CallSite = CallSite::new(Site {
            name: $name,
            kind: SpanKind::Internal,
            keys: site!(@ $($keys)?),
            constants: site!(@ $($constants)?),
            origin: &ORIGIN,
 line: 1,
        });
        &SITE
    }};
    (@) => { &[] };
    (@ $value:expr) => { $value };
}

mod decisions;
mod disorder;
mod failures;
mod filters;
mod handles;
mod order;
mod packing;
mod recording;
mod ring;
mod tasks;

fn open(site: &'static CallSite) -> SpanGuard {
    expansion::open(site)
}

/// Polls to the end with a waker that does nothing.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = TaskContext::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
}

#[derive(Default)]
struct YieldOnce(bool);

impl Future for YieldOnce {
    type Output = ();

    fn poll(mut self: std::pin::Pin<&mut Self>, _: &mut TaskContext<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}
