//! tracing, by its macro, under one of two subscribers: a minimal layer that records, and OpenTelemetry's.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{LazyLock, Once};

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing::metadata::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, Subscriber, set_global_default};
use tracing::{Dispatch, Event, Metadata, info, info_span, instrument};
use tracing_core::span::Current;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::{Layered, SubscriberExt};

use super::minimal::{self, Minimal};
use super::{Mode, Received, System, Tally, exporter};
use crate::work::{YieldOnce, block_on, body};

static RECEIVED: Received = Received::new();
static PROVIDER: LazyLock<SdkTracerProvider> = LazyLock::new(|| exporter::provider(&RECEIVED));
/// Whose turn it is.
static TURN: AtomicU8 = AtomicU8::new(OFF);

const OFF: u8 = 0;
const MINIMAL: u8 = 1;
const OPENTELEMETRY: u8 = 2;

/// tracing with the minimal layer.
pub(crate) struct Tracing;
/// tracing with `tracing-opentelemetry`, told to record what the others do and no more.
pub(super) struct TracingOpenTelemetry;

/// A process has one subscriber for good, so this one is both, and passes every call on to the one whose turn it is,
/// for a load and a branch.
struct Either {
    minimal: Layered<Minimal, Registry>,
    opentelemetry: Layered<OpenTelemetryLayer<Registry, SdkTracer>, Registry>,
}

/// Calls a method of the subscriber whose turn it is.
macro_rules! pass {
    ($either:expr, $method:ident($($argument:expr),*)) => {
        if TURN.load(Ordering::Relaxed) == OPENTELEMETRY {
            $either.opentelemetry.$method($($argument),*)
        } else {
            $either.minimal.$method($($argument),*)
        }
    };
}

impl Subscriber for Either {
    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        self.minimal.on_register_dispatch(dispatch);
        self.opentelemetry.on_register_dispatch(dispatch);
    }

    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if TURN.load(Ordering::Relaxed) == OFF {
            return Interest::never();
        }
        pass!(self, register_callsite(metadata))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        if TURN.load(Ordering::Relaxed) == OFF { Some(LevelFilter::OFF) } else { None }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        pass!(self, enabled(metadata))
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        pass!(self, new_span(attributes))
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        pass!(self, record(id, values));
    }

    fn record_follows_from(&self, id: &Id, other: &Id) {
        pass!(self, record_follows_from(id, other));
    }

    fn event(&self, event: &Event<'_>) {
        pass!(self, event(event));
    }

    fn enter(&self, id: &Id) {
        pass!(self, enter(id));
    }

    fn exit(&self, id: &Id) {
        pass!(self, exit(id));
    }

    fn clone_span(&self, id: &Id) -> Id {
        pass!(self, clone_span(id))
    }

    fn try_close(&self, id: Id) -> bool {
        pass!(self, try_close(id))
    }

    fn current_span(&self) -> Current {
        pass!(self, current_span())
    }
}

fn select(turn: u8) {
    static START: Once = Once::new();
    START.call_once(|| {
        let opentelemetry = tracing_opentelemetry::layer()
            .with_tracer(PROVIDER.tracer("peers"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false);
        let either = Either {
            minimal: Registry::default().with(Minimal),
            opentelemetry: Registry::default().with(opentelemetry),
        };
        set_global_default(either).expect("nothing else sets a subscriber");
    });
    let before = TURN.swap(turn, Ordering::Relaxed);
    if (before == OFF) != (turn == OFF) {
        tracing::callsite::rebuild_interest_cache();
    }
}

#[instrument(name = "call", skip_all)]
#[inline(never)]
fn plain(x: u64) -> u64 {
    body(x)
}

#[instrument(
    name = "call",
    skip_all,
    fields(http.method = "GET", http.status = status, http.path = path)
)]
#[inline(never)]
fn attributes(x: u64, status: u64, path: &str) -> u64 {
    body(x)
}

#[instrument(name = "call", skip_all)]
#[inline(never)]
fn events(x: u64) -> u64 {
    info!("checked");
    info!("missed");
    body(x)
}

#[instrument(name = "tree", parent = None, skip_all)]
#[inline(never)]
fn tree(x: u64) -> u64 {
    (0..10).fold(x, |x, _| child(x))
}

#[instrument(name = "child", skip_all)]
#[inline(never)]
fn child(x: u64) -> u64 {
    (0..10).fold(x, |x, _| grandchild(x))
}

#[instrument(name = "grandchild", skip_all)]
#[inline(never)]
fn grandchild(x: u64) -> u64 {
    body(x)
}

#[instrument(name = "call", skip_all)]
#[inline(never)]
async fn asynchronous(x: u64) -> u64 {
    YieldOnce::default().await;
    body(x)
}

/// One of the two subscribers as a system.
macro_rules! system {
    ($system:ident, $name:literal, $turn:ident, $settle:expr, $received:expr) => {
        impl System for $system {
            const NAME: &'static str = $name;

            fn select(mode: Mode) {
                exporter::sample(mode);
                select(if mode == Mode::Disabled { OFF } else { $turn });
            }

            fn rooted(calls: impl FnOnce()) {
                let _root = info_span!(parent: None, "root").entered();
                calls();
            }

            #[inline(always)]
            fn plain(x: u64) -> u64 {
                plain(x)
            }

            #[inline(always)]
            fn attributes(x: u64, status: u64, path: &str) -> u64 {
                attributes(x, status, path)
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
                block_on(asynchronous(x))
            }

            fn settle() {
                $settle;
            }

            fn received() -> Tally {
                $received
            }
        }
    };
}

system!(Tracing, "tracing", MINIMAL, minimal::settle(), minimal::received());
system!(
    TracingOpenTelemetry,
    "tracing-opentelemetry",
    OPENTELEMETRY,
    PROVIDER.force_flush().expect("nothing hinders the processor"),
    RECEIVED.so_far()
);
