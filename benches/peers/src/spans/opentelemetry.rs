//! The OpenTelemetry SDK, by its tracer.

use std::sync::LazyLock;

use opentelemetry::global::{self, BoxedTracer};
use opentelemetry::trace::{FutureExt, SpanBuilder, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

use super::{Mode, Received, System, Tally, exporter};
use crate::work::{YieldOnce, block_on, body};

static RECEIVED: Received = Received::new();
static PROVIDER: LazyLock<SdkTracerProvider> = LazyLock::new(|| exporter::provider(&RECEIVED));
static TRACER: LazyLock<SdkTracer> = LazyLock::new(|| PROVIDER.tracer("peers"));
/// What a library gets as long as the process has installed no provider: this process never does.
static NO_TRACER: LazyLock<BoxedTracer> = LazyLock::new(|| global::tracer("peers"));

/// The SDK with a provider.
pub(crate) struct OpenTelemetry;
/// The API without a provider: how OpenTelemetry is off.
pub(super) struct OpenTelemetryOff;

/// The provider whose spans are counted, for whoever else records with the SDK.
pub(crate) fn provider() -> SdkTracerProvider {
    PROVIDER.clone()
}

#[inline(never)]
fn plain<T: Tracer>(tracer: &T, x: u64) -> u64
where
    T::Span: Send + Sync + 'static,
{
    tracer.in_span("call", |_| body(x))
}

#[inline(never)]
fn attributes<T: Tracer>(tracer: &T, x: u64, status: u64, path: &str) -> u64
where
    T::Span: Send + Sync + 'static,
{
    // All at once in the builder, which costs less than setting them one by one.
    let span = tracer.build(SpanBuilder::from_name("call").with_attributes([
        KeyValue::new("http.method", "GET"),
        KeyValue::new("http.status", status as i64),
        KeyValue::new("http.path", path.to_owned()),
    ]));
    let _guard = Context::current_with_span(span).attach();
    body(x)
}

#[inline(never)]
fn events<T: Tracer>(tracer: &T, x: u64) -> u64
where
    T::Span: Send + Sync + 'static,
{
    tracer.in_span("call", |context| {
        context.span().add_event("checked", Vec::new());
        context.span().add_event("missed", Vec::new());
        body(x)
    })
}

#[inline(never)]
fn tree<T: Tracer>(tracer: &T, x: u64) -> u64
where
    T::Span: Send + Sync + 'static,
{
    tracer.in_span("tree", |_| (0..10).fold(x, |x, _| child(tracer, x)))
}

#[inline(never)]
fn child<T: Tracer>(tracer: &T, x: u64) -> u64
where
    T::Span: Send + Sync + 'static,
{
    tracer.in_span("child", |_| (0..10).fold(x, |x, _| grandchild(tracer, x)))
}

#[inline(never)]
fn grandchild<T: Tracer>(tracer: &T, x: u64) -> u64
where
    T::Span: Send + Sync + 'static,
{
    tracer.in_span("grandchild", |_| body(x))
}

#[inline(never)]
async fn asynchronous<T: Tracer>(tracer: &T, x: u64) -> u64
where
    T::Span: Send + Sync + 'static,
{
    let context = Context::current_with_span(tracer.start("call"));
    async {
        YieldOnce::default().await;
        body(x)
    }
    .with_context(context)
    .await
}

/// One of the two tracers as a system.
macro_rules! system {
    ($system:ident, $tracer:ident) => {
        impl System for $system {
            const NAME: &'static str = "opentelemetry";

            fn select(mode: Mode) {
                exporter::sample(mode);
            }

            fn rooted(calls: impl FnOnce()) {
                $tracer.in_span("root", |_| calls());
            }

            #[inline(always)]
            fn plain(x: u64) -> u64 {
                plain(&*$tracer, x)
            }

            #[inline(always)]
            fn attributes(x: u64, status: u64, path: &str) -> u64 {
                attributes(&*$tracer, x, status, path)
            }

            #[inline(always)]
            fn events(x: u64) -> u64 {
                events(&*$tracer, x)
            }

            #[inline(always)]
            fn tree(x: u64) -> u64 {
                tree(&*$tracer, x)
            }

            #[inline(always)]
            fn asynchronous(x: u64) -> u64 {
                block_on(asynchronous(&*$tracer, x))
            }

            fn settle() {
                PROVIDER.force_flush().expect("nothing hinders the processor");
            }

            fn received() -> Tally {
                RECEIVED.so_far()
            }
        }
    };
}

system!(OpenTelemetry, TRACER);
system!(OpenTelemetryOff, NO_TRACER);
