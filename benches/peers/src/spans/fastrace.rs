//! fastrace, by its macro and in the forms that cost least.

use std::borrow::Cow;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fastrace::collector::{Config, Reporter, SpanContext, SpanRecord};
use fastrace::local::LocalSpan;
use fastrace::{Event, Span, trace};

use super::{Mode, Received, System, Tally};
use crate::work::{YieldOnce, block_on, body};

/// Longer than any run: the collector works between bursts alone, when it is asked to.
const INTERVAL: Duration = Duration::from_mins(5);

static RECEIVED: Received = Received::new();
/// Whether roots are recorded.
static SAMPLED: AtomicBool = AtomicBool::new(true);

/// By its macro, as its documentation shows it.
pub(crate) struct Fastrace;
/// Attributes by hand, without formatting what need not be formatted; futures traced at each poll, which makes two
/// local spans of one call instead of a span over both.
pub(super) struct FastraceByHand;

/// Counts what arrives.
struct Count;

impl Reporter for Count {
    fn report(&mut self, spans: Vec<SpanRecord>) {
        RECEIVED.count(spans.iter().map(|span| (span.properties.len(), span.events.len())));
    }
}

fn select(mode: Mode) {
    static START: Once = Once::new();
    START.call_once(|| fastrace::set_reporter(Count, Config::default().report_interval(INTERVAL)));
    SAMPLED.store(mode == Mode::Sampled, Ordering::Relaxed);
}

fn rooted<R>(calls: impl FnOnce() -> R) -> R {
    let root = Span::root("root", SpanContext::random().sampled(SAMPLED.load(Ordering::Relaxed)));
    let _guard = root.set_local_parent();
    calls()
}

#[trace(name = "call")]
#[inline(never)]
fn plain(x: u64) -> u64 {
    body(x)
}

#[trace(name = "call", properties = { "http.method": "GET", "http.status": "{status}", "http.path": "{path}" })]
#[inline(never)]
fn attributes(x: u64, status: u64, path: &str) -> u64 {
    body(x)
}

#[inline(never)]
fn attributes_by_hand(x: u64, status: u64, path: &str) -> u64 {
    let _span = LocalSpan::enter_with_local_parent("call").with_properties(|| {
        [
            ("http.method", Cow::Borrowed("GET")),
            ("http.status", Cow::Owned(status.to_string())),
            ("http.path", Cow::Owned(path.to_owned())),
        ]
    });
    body(x)
}

#[trace(name = "call")]
#[inline(never)]
fn events(x: u64) -> u64 {
    LocalSpan::add_event(Event::new("checked"));
    LocalSpan::add_event(Event::new("missed"));
    body(x)
}

#[inline(never)]
fn tree(x: u64) -> u64 {
    rooted(|| (0..10).fold(x, |x, _| child(x)))
}

#[trace(name = "child")]
#[inline(never)]
fn child(x: u64) -> u64 {
    (0..10).fold(x, |x, _| grandchild(x))
}

#[trace(name = "grandchild")]
#[inline(never)]
fn grandchild(x: u64) -> u64 {
    body(x)
}

#[trace(name = "call")]
#[inline(never)]
async fn asynchronous(x: u64) -> u64 {
    YieldOnce::default().await;
    body(x)
}

#[trace(name = "call", enter_on_poll = true)]
#[inline(never)]
async fn asynchronous_by_poll(x: u64) -> u64 {
    YieldOnce::default().await;
    body(x)
}

/// One of the two ways as a system; they share the reporter, so they take turns.
macro_rules! system {
    ($system:ident, $name:literal, $spans_per_future:literal, $attributes:ident, $asynchronous:ident) => {
        impl System for $system {
            const NAME: &'static str = $name;
            const SPANS_PER_FUTURE: u64 = $spans_per_future;

            fn select(mode: Mode) {
                select(mode);
            }

            fn rooted(calls: impl FnOnce()) {
                rooted(calls);
            }

            #[inline(always)]
            fn plain(x: u64) -> u64 {
                plain(x)
            }

            #[inline(always)]
            fn attributes(x: u64, status: u64, path: &str) -> u64 {
                $attributes(x, status, path)
            }

            #[inline(always)]
            fn events(x: u64) -> u64 {
                events(x)
            }

            #[inline(always)]
            fn tree(x: u64) -> u64 {
                tree(x)
            }

            #[inline(always)]
            fn asynchronous(x: u64) -> u64 {
                block_on($asynchronous(x))
            }

            fn settle() {
                fastrace::flush();
            }

            fn received() -> Tally {
                RECEIVED.so_far()
            }
        }
    };
}

system!(Fastrace, "fastrace", 1, attributes, asynchronous);
system!(FastraceByHand, "fastrace by hand", 2, attributes_by_hand, asynchronous_by_poll);
