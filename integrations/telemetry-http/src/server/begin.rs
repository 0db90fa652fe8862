//! How a request begins to be recorded: whose trace, by what name, and whether at all.

use std::time::Instant;

use http::{Extensions, HeaderMap, Method, Request, Uri, Version};
use http_body::Body;
use telemetry_core::propagate::{Held, Remote};
use telemetry_core::{
    Context, Decision, Name, Sampler, SamplingParameters, SpanBuilder, SpanContext, TaskSpan,
};

use super::asked::Asked;
use super::exchange::{Exchange, Stage};
use super::hooks::RequestHead;
use super::names::{self, RouteNames};
use super::options::Options;
use super::request_id::RequestId;
use super::request_span::RequestSpan;
use super::route;
use super::running::Running;
use super::trust::Inbound;
use crate::attributes;
use crate::headers::Seen;
use crate::method::KnownMethod;
use crate::metrics::Measured;

impl Running {
    /// Begins to record a request; nothing while telemetry is disabled.
    pub(crate) fn begin<B: Body>(options: &Options, request: &mut Request<B>) -> Option<Self> {
        let _pipeline = options.pipeline.map(|pipeline| pipeline.attach());
        if options.extension {
            // A handler that asks for it finds it also where there is no span: then it takes no writes.
            request.extensions_mut().insert(RequestSpan(RequestSpan::here()));
        }
        if !Context::is_enabled() && options.request_id.is_none() {
            return None;
        }
        let identifier = options.request_id.as_ref().map(|name| {
            let identifier = RequestId::take_or_make(request.headers_mut(), name);
            (name.clone(), Some(identifier))
        });
        let method = KnownMethod::of(request.method());
        let began = Instant::now();
        let excluded = options.excluded.contains(request.uri());
        let mut running = Self::new(Exchange {
            stage: Stage::Bare,
            measured: None,
            began,
            method,
            asked: None,
            status: None,
            announced: None,
            sent: 0,
            // gRPC is always HTTP/2.
            grpc: request.version() == Version::HTTP_2,
            complete: false,
            identifier,
            hooks: None,
            pipeline: options.pipeline,
            held: None,
        });
        let exchange = running.exchange()?;
        let names = route::route(request.extensions()).and_then(names::of);
        if options.measure && Context::is_enabled() && (!excluded || options.measure_excluded) {
            let route = names.map(|names| names.route);
            exchange.measured = Some(Measured::begin(options.recorder, method, route, began));
        }
        if excluded {
            let seen = Seen::among(request.headers());
            exchange.held = seen.parent().map(|parent| caller(options, &seen, parent));
            exchange.stage =
                exchange.held.as_ref().map_or(Stage::Bare, |held| Stage::Passing(Context::of(held)));
            return Some(running);
        }
        let seen = Seen::among(request.headers());
        let parent = seen.parent();
        let (mut span, held) = open(options, request, method, names, &seen, parent);
        let route = names.map(|names| names.route);
        exchange.asked = Asked::describe_request(&mut span, request, method, route, &seen);
        exchange.held = held;
        exchange.stage = Stage::Span { span, brought: parent.map(|parent| parent.span_id) };
        exchange.hooks.clone_from(&options.hooks);
        exchange.introduce(options, request, names);
        Some(running)
    }
}

impl Exchange {
    /// Shows the span to those who want to see it: the hooks, and the handler by the request's extensions.
    fn introduce<B>(&mut self, options: &Options, request: &mut Request<B>, names: Option<RouteNames>) {
        if let Some(hooks) = &options.hooks {
            let head = head(request, names);
            self.stage.within(|| hooks.request(&head, RequestSpan::here()));
        }
        if let (true, Stage::Span { span, .. }) = (options.extension, &self.stage) {
            let span = RequestSpan(span.handle());
            request.extensions_mut().insert(span);
        }
    }
}

fn head<B>(request: &Request<B>, names: Option<RouteNames>) -> RequestHead<'_> {
    let (method, uri, headers, extensions): (&Method, &Uri, &HeaderMap, &Extensions) =
        (request.method(), request.uri(), request.headers(), request.extensions());
    RequestHead { method, uri, headers, extensions, route: names.map(|names| names.route) }
}

/// The caller's span and the state of its trace, as far as callers are trusted with it.
fn caller(options: &Options, seen: &Seen<'_>, parent: SpanContext) -> Held {
    let span = options.cap.as_ref().map_or(parent, |cap| cap.hold_back(parent));
    Remote { span, state: seen.state(options.keys) }.hold()
}

/// Opens the span of a request, in the trace of its caller where that is trusted. A request that another layer has
/// taken in already stays where that has put it.
fn open<B>(
    options: &Options,
    request: &Request<B>,
    method: KnownMethod,
    names: Option<RouteNames>,
    seen: &Seen<'_>,
    parent: Option<SpanContext>,
) -> (TaskSpan, Option<Held>) {
    let mut builder = SpanBuilder::new(attributes::server(options.conventions));
    let (mut chosen, mut decided, mut inbound) = (None, None, options.inbound);
    if let Some(hooks) = &options.hooks {
        let head = head(request, names);
        chosen = hooks.name(&head);
        inbound = hooks.inbound(&head).unwrap_or(inbound);
        decided = hooks.sample(&head).map(Decided);
    }
    builder = builder.name(match &chosen {
        Some(name) => Name::interned(name),
        None => Name::of(names.map_or(method.as_name(), |names| names.name(method))),
    });
    if let Some(decided) = &decided {
        builder = builder.sampler(decided);
    }
    if options.pipeline.is_none() && RequestSpan::has_brought(parent.map(|parent| parent.span_id)) {
        return (builder.task(), None);
    }
    match (inbound, parent) {
        (Inbound::Ignore, _) | (Inbound::Link, None) => (builder.root().task(), None),
        (Inbound::Link, Some(span)) => {
            // Held for as long as the request lasts, and a while: the link tells the state of its trace too.
            let held = Remote { span, state: seen.state(options.keys) }.hold();
            (builder.root().links(&[held.span()]).task(), Some(held))
        }
        (Inbound::Continue, Some(parent)) => {
            let held = caller(options, seen, parent);
            (builder.remote(&held).task(), Some(held))
        }
        // Where the context of a pipeline was taken is not where its requests are.
        (Inbound::Continue, None) if options.pipeline.is_some() => (builder.root().task(), None),
        (Inbound::Continue, None) => (builder.task(), None),
    }
}

/// What a hook has decided, in the place of a sampler.
struct Decided(Decision);

impl Sampler for Decided {
    fn sample(&self, _: &SamplingParameters<'_>) -> Decision {
        self.0
    }
}
