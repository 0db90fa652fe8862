//! How a request begins to be recorded: whose trace, by what name, and whether at all.

use http::{Extensions, HeaderMap, Method, Request, Uri, Version};
use http_body::Body;
use telemetry_core::__private::Started;
use telemetry_core::{Context, Decision, Name, Sampler, SamplingParameters, SpanBuilder, TaskSpan};

use super::asked::Asked;
use super::caller::{Caller, trusted};
use super::exchange::Exchange;
use super::hooks::RequestHead;
use super::inside::Inside;
use super::names::{self, RouteNames};
use super::options::{Options, Shared};
use super::request_id::RequestId;
use super::request_span::{Here, RequestSpan};
use super::route;
use super::running::Running;
use super::trust::Inbound;
use crate::attributes;
use crate::headers::Seen;
use crate::method::KnownMethod;
use crate::metrics::Measured;

impl Running {
    /// Begins to record a request; nothing while telemetry is disabled.
    pub(crate) fn begin<B: Body>(options: &Shared, request: &mut Request<B>) -> Self {
        let _pipeline = options.pipeline.map(|pipeline| pipeline.attach());
        if options.extension {
            // A handler that asks for it finds it also where there is no span: then it takes no writes.
            request.extensions_mut().insert(RequestSpan(RequestSpan::here()));
        }
        if !Context::is_enabled() && options.request_id.is_none() {
            return Self::NOTHING;
        }
        let mut running = Self::new();
        if let Some(exchange) = running.exchange() {
            exchange.begin(options, request);
        }
        running
    }
}

impl Exchange {
    fn begin<B: Body>(&mut self, options: &Shared, request: &mut Request<B>) {
        if let Some(options) = options.of_request() {
            self.options = Some(options);
        }
        if let Some(name) = &options.request_id {
            self.identifier = Some(RequestId::take_or_make(request.headers_mut(), name));
        }
        let method = KnownMethod::of(request.method());
        self.method = method;
        // gRPC is always HTTP/2.
        self.grpc = request.version() == Version::HTTP_2;
        let excluded = options.excluded.contains(request.uri());
        let names = route::route(request.extensions()).and_then(names::of);
        let route = names.map(|names| names.route);
        if options.measure && Context::is_enabled() && (!excluded || options.measure_excluded) {
            self.measured = Some(Measured::begin(options.recorder, method, route));
        }
        let seen = Seen::among(request.headers());
        let caller = Caller::of(options, &seen);
        if excluded {
            self.began = Some(Started::now());
            return self.pass_on(options, request, names, caller);
        }
        let brought = caller.parent.map(|parent| parent.span_id);
        let mut span = self.open(options, request, names, caller);
        self.began = Some(span.began());
        if span.is_recording() {
            self.asked = Some(Asked::describe_request(&mut span, request, method, route, &seen));
        }
        self.here = Some(Here { span: RequestSpan(span.handle()), brought });
        self.span = span;
        self.introduce(options, request, names);
    }

    /// Opens the span of a request, in the trace of its caller where that is trusted. A request that another layer has
    /// taken in already stays where that has put it.
    fn open<B>(
        &mut self,
        options: &Options,
        request: &Request<B>,
        names: Option<RouteNames>,
        caller: Caller<'_>,
    ) -> TaskSpan {
        let mut builder = SpanBuilder::new(attributes::server(options.conventions));
        let (mut chosen, mut decided) = (None, None);
        if let Some(hooks) = &options.hooks {
            let head = head(request, names);
            chosen = hooks.name(&head);
            decided = hooks.sample(&head).map(Decided);
        }
        builder = builder.name(match &chosen {
            Some(name) => Name::interned(name),
            None => Name::of(names.map_or(self.method.as_name(), |names| names.name(self.method))),
        });
        if let Some(decided) = &decided {
            builder = builder.sampler(decided);
        }
        if is_taken_in(options, &caller) {
            return builder.task();
        }
        match (inbound(options, request, names), caller.parent) {
            (Inbound::Ignore, _) | (Inbound::Link, None) => builder.root().task(),
            // Held for as long as the request lasts, and a while: the link tells the state of its trace too.
            (Inbound::Link, Some(span)) => {
                self.held = caller.hold_state(options);
                builder.root().links(&[span]).task()
            }
            (Inbound::Continue, Some(parent)) if caller.is_plain() => {
                builder.parent(trusted(options, parent)).task()
            }
            (Inbound::Continue, _) => {
                self.held = caller.hold(options);
                match &self.held {
                    Some(held) => builder.remote(held).task(),
                    // Where the context of a pipeline was taken is not where its requests are.
                    None if options.pipeline.is_some() => builder.root().task(),
                    None => builder.task(),
                }
            }
        }
    }

    /// Has the context of the caller current where callers are trusted with that. A request that another layer has taken in
    /// already stays where that has put it.
    fn pass_on<B>(
        &mut self,
        options: &Options,
        request: &Request<B>,
        names: Option<RouteNames>,
        caller: Caller<'_>,
    ) {
        if !is_taken_in(options, &caller) && inbound(options, request, names) == Inbound::Continue {
            self.held = caller.hold(options);
        }
        match &self.held {
            Some(held) => self.span = TaskSpan::carrying(Context::of(held)),
            None if options.pipeline.is_some() => self.span = TaskSpan::carrying(Context::root()),
            None => {}
        }
    }

    /// Shows the span to those who want to see it: the hooks, and the handler by the request's extensions.
    fn introduce<B>(&mut self, options: &Options, request: &mut Request<B>, names: Option<RouteNames>) {
        if let Some(hooks) = &options.hooks {
            let head = head(request, names);
            Inside::run(self, || hooks.request(&head, RequestSpan::here()));
        }
        if let (true, Some(here)) = (options.extension, &self.here) {
            request.extensions_mut().insert(here.span);
        }
    }
}

fn head<B>(request: &Request<B>, names: Option<RouteNames>) -> RequestHead<'_> {
    let (method, uri, headers, extensions): (&Method, &Uri, &HeaderMap, &Extensions) =
        (request.method(), request.uri(), request.headers(), request.extensions());
    RequestHead { method, uri, headers, extensions, route: names.map(|names| names.route) }
}

/// What becomes of the trace that the caller names.
fn inbound<B>(options: &Options, request: &Request<B>, names: Option<RouteNames>) -> Inbound {
    let decided = options.hooks.as_ref().and_then(|hooks| hooks.inbound(&head(request, names)));
    decided.unwrap_or(options.inbound)
}

/// Whether a layer around this one has taken in the request.
fn is_taken_in(options: &Options, caller: &Caller<'_>) -> bool {
    options.pipeline.is_none() && RequestSpan::has_brought(caller.parent.map(|parent| parent.span_id))
}

/// What a hook has decided, in the place of a sampler.
struct Decided(Decision);

impl Sampler for Decided {
    fn sample(&self, _: &SamplingParameters<'_>) -> Decision {
        self.0
    }
}
