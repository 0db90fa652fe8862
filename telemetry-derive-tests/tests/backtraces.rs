//! A backtrace of traced functions shows the lines a person wrote, and each function's attribute outside of its own.
#![allow(missing_docs)]
#![allow(clippy::unused_self, clippy::unnecessary_wraps, reason = "the shapes matter")]

use std::backtrace::Backtrace;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use telemetry_core::testing::Scope;
use telemetry_core::{span, step, trace};

/// A backtrace, and the lines of this file it should show, from the innermost out.
type Seen = (Backtrace, Vec<u32>);

/// What was seen further in, on its way out by this line.
fn by((backtrace, mut lines): Seen, line: u32) -> Seen {
    lines.push(line);
    (backtrace, lines)
}

/// The lines of this file in a backtrace, from the innermost out: those of functions, and those of attributes.
fn shown(backtrace: &Backtrace) -> (Vec<u32>, Vec<u32>) {
    let text = backtrace.to_string();
    let here = text.lines().filter_map(|line| line.split_once("tests/backtraces.rs:"));
    let lines = here.map(|(_, position)| position.split(':').next().unwrap().parse::<u32>().unwrap());
    let source: Vec<&str> = include_str!("backtraces.rs").lines().collect();
    lines.partition(|line| !source[*line as usize - 1].starts_with("#["))
}

#[span]
fn innermost() -> Seen {
    (Backtrace::force_capture(), vec![line!()])
}

#[trace(attrs(rows = 3, ?text), ret = debug)]
fn failing(text: &str) -> Result<u32, String> {
    Err(text.to_owned())
}

#[span(attrs(fits: bool), bind = span, metrics)]
fn early(fits: bool) -> Result<Seen, String> {
    span.fits(fits);
    if fits {
        return Ok(by(innermost(), line!()));
    }
    failing("no")?;
    Ok(innermost())
}

struct Shelf;

#[trace]
impl Shelf {
    fn method(&self) -> Seen {
        by(early(true).unwrap(), line!())
    }
}

#[span(timing)]
async fn awaited() -> Result<Seen, String> {
    std::future::ready(()).await;
    Ok(by(Shelf.method(), line!()))
}

#[span]
fn boxed() -> Pin<Box<dyn Future<Output = Seen> + Send>> {
    Box::pin(async move { by(awaited().await.unwrap(), line!()) })
}

#[trace]
async fn outermost() -> Seen {
    let _step = step!("outer");
    by(boxed().await, line!())
}

#[test]
fn a_backtrace_shows_what_was_written() {
    let _scope = Scope::new();
    let mut future = pin!(outermost());
    let mut poll = || by(ready(future.as_mut().poll(&mut Context::from_waker(Waker::noop()))), line!());
    let (backtrace, lines) = by(poll(), line!());
    let (written, attributes) = shown(&backtrace);
    // What calls the test is further out.
    assert_eq!(written[..lines.len()], lines, "{backtrace}");
    assert_eq!(attributes.len(), 6, "one for each function: {backtrace}");
    for name in ["innermost", "early", "method", "awaited", "boxed", "outermost"] {
        assert!(backtrace.to_string().contains(name), "{name}: {backtrace}");
    }
}

fn ready(poll: Poll<Seen>) -> Seen {
    match poll {
        Poll::Ready(seen) => seen,
        Poll::Pending => panic!("nothing is waited for"),
    }
}
