//! Functions that are compiled without our macros, with them built out, and with them.
#![forbid(unsafe_code)]

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

#[cfg(feature = "traced")]
use telemetry_core::{RateLimitSample, Span, span, step, trace};

#[cfg(feature = "traced")]
const NAME: &str = "fixture.attributes";
#[cfg(feature = "traced")]
static LIMIT: RateLimitSample = RateLimitSample::per_second(5);

#[inline(never)]
#[cfg_attr(feature = "traced", trace(level = debug, root))]
pub fn plain(x: u64) -> u64 {
    x.wrapping_mul(31).rotate_left(7)
}

pub struct Shelf(pub Vec<u64>);

#[cfg_attr(feature = "traced", span)]
impl Shelf {
    #[inline(never)]
    #[cfg_attr(feature = "traced", span(name = NAME, attrs(id, title = %title.trim(), len = self.0.len()), err = shown, sample = LIMIT))]
    pub fn find(&self, id: u64, title: &str) -> Result<u64, std::num::ParseIntError> {
        let year: u64 = title.parse()?;
        Ok(self.0.iter().filter(|&&book| book == id).count() as u64 + year)
    }

    #[inline(never)]
    pub fn take(self, at: usize) -> Option<u64> {
        self.0.get(at).copied()
    }
}

#[cfg(feature = "traced")]
fn shown(error: &std::num::ParseIntError) -> String {
    error.to_string()
}

#[inline(never)]
#[cfg_attr(feature = "traced", span(attrs(rows: i64, shelf: str), bind = span))]
pub fn with_a_handle(x: u64) -> u64 {
    #[cfg(feature = "traced")]
    {
        span.rows(3);
        span.shelf("north");
        span.i64("more", 1).event("counted");
    }
    x ^ 0xff
}

#[inline(never)]
#[cfg_attr(feature = "traced", span)]
pub fn with_a_step(x: u64) -> u64 {
    #[cfg(feature = "traced")]
    let _step = step!(level = debug, "render", x, shown = ?x);
    x.leading_zeros().into()
}

#[inline(never)]
#[cfg_attr(feature = "traced", span(
    metrics, ret = shown_count, parent = Span::current(), links = [Span::current()], attrs(count: Option<u64>), bind = span
))]
pub fn with_relations(x: u64) -> Option<u64> {
    #[cfg(feature = "traced")]
    span.count(Some(x));
    x.checked_add(1)
}

#[cfg(feature = "traced")]
fn shown_count(count: &Option<u64>) -> u64 {
    count.unwrap_or(0)
}

#[inline(never)]
pub fn with_a_closure(numbers: &[u64]) -> Option<u64> {
    #[cfg(not(feature = "traced"))]
    let add = |sum: u64, number: &u64| -> Option<u64> { sum.checked_add(*number) };
    #[cfg(feature = "traced")]
    let add = step!("add", number => |sum: u64, number: &u64| -> Option<u64> { sum.checked_add(*number) });
    numbers.iter().try_fold(0, add)
}

#[inline(never)]
#[cfg_attr(feature = "traced", span(metrics))]
#[track_caller]
pub fn tracked(x: u64) -> Option<u64> {
    x.checked_mul(3)?.checked_add(1)
}

#[cfg_attr(feature = "traced", span(timing, metrics, attrs(x)))]
async fn later(x: u64) -> Result<u64, String> {
    Yield(false).await;
    let future = async move { x.checked_mul(3).ok_or_else(|| String::from("too much")) };
    #[cfg(feature = "traced")]
    let future = step!(timing, "multiply", x => future);
    future.await
}

#[cfg_attr(feature = "traced", span(attrs(x)))]
fn boxed(x: u64) -> Pin<Box<dyn Future<Output = u64>>> {
    Box::pin(async move {
        Yield(false).await;
        x + 1
    })
}

struct Yield(bool);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

#[inline(never)]
pub fn wait(x: u64) -> u64 {
    fn block_on<T>(future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return value;
            }
        }
    }
    block_on(later(x)).unwrap_or(0) + block_on(boxed(x))
}

/// Every one a mistake.
#[cfg(feature = "wrong")]
pub mod wrong {
    use telemetry_core::{span, step};

    pub struct NoValue;

    #[span(attrs(value))]
    pub fn not_a_value(value: NoValue) {
        drop(value);
    }

    #[span(attrs(rows: i64), bind = span)]
    pub async fn not_a_setter() {
        span.undeclared(1);
        span.rows("three");
        let _step = step!("render", value = NoValue);
    }

    #[span(attrs(shown = %value))]
    pub fn not_displayed(value: NoValue) {
        drop(value);
    }

    #[span(metrics, parent = 3, links = 4)]
    pub fn not_spans() {}

    #[span(ret)]
    pub fn not_shown() -> NoValue {
        NoValue
    }

    pub fn not_in_a_step() {
        let closure = step!("call", value = NoValue => |x: u8| x);
        closure(1);
    }

    static LIMIT: u32 = 3;

    #[span(sample = LIMIT)]
    pub fn not_a_sampler() {}

    #[span(attrs(
        raw = b"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
    ))]
    pub fn does_not_fit() {}
}
