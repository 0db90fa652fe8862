//! Baggage and B3 through the layers for requests that come in and go out.
#![allow(missing_docs)]

use std::convert::Infallible;
use std::future::ready;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::Full;
use telemetry_core::propagate::{Baggage, Propagators};
use telemetry_core::testing::Scope;
use telemetry_core::{AlwaysSample, NeverSample, ParentBased};
use telemetry_http::{ClientLayer, Inbound, TelemetryLayer};
use tower_layer::Layer;
use tower_service::Service;

mod support;
use support::Answer;

const W3C: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const B3: &str = "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1";
const BOTH: Propagators = Propagators::TRACE_CONTEXT.and(Propagators::BAGGAGE);

/// What a service behind the layer sends on by a client, for a request with these headers.
async fn sent_on(
    layer: &TelemetryLayer,
    client: ClientLayer,
    inbound: &[(&'static str, &'static str)],
) -> HeaderMap {
    let mut request = Request::get("/").body(Full::<Bytes>::default()).unwrap();
    for (name, value) in inbound {
        request.headers_mut().append(*name, HeaderValue::from_static(value));
    }
    let sent = Arc::new(Mutex::new(HeaderMap::new()));
    let other = Arc::clone(&sent);
    let handler = move |_: Request<Full<Bytes>>| {
        let other = Arc::clone(&other);
        async move {
            // A yield, so that the request is polled more than once.
            tokio::task::yield_now().await;
            let inventory = |request: Request<Full<Bytes>>| {
                other.lock().unwrap().clone_from(request.headers());
                ready(Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())))
            };
            let request = Request::get("http://inventory.example/").body(Full::default()).unwrap();
            drop(client.layer(Answer(inventory)).call(request).await?);
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        }
    };
    drop(layer.layer(Answer(handler)).call(request).await.unwrap());
    sent.lock().unwrap().clone()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn baggage_goes_through_a_service_where_both_sides_are_asked_to() {
    let _scope = Scope::new();
    let (server, client) = (TelemetryLayer::new().propagators(BOTH), ClientLayer::new().propagators(BOTH));
    for trace in [&[("traceparent", W3C)][..], &[]] {
        let inbound = [trace, &[("baggage", "tenant=acme;p"), ("baggage", "bad member, n=%20")]].concat();
        let sent = sent_on(&server, client, &inbound).await;
        assert_eq!(text(&sent, "baggage"), Some("tenant=acme;p,n=%20"));
        let same_trace = text(&sent, "traceparent").unwrap()[..35] == W3C[..35];
        assert_eq!(same_trace, !trace.is_empty());
    }
    assert_eq!(Baggage::current(), Baggage::EMPTY);
}

#[tokio::test]
async fn a_client_tells_the_decision_on_a_trace_that_is_not_recorded() {
    let scope = Scope::builder().sampler(NeverSample).enter().unwrap();
    let inbound = [("traceparent", W3C), ("tracestate", "rojo=1")];
    for (headers, same_trace, state) in [(&inbound[..], true, Some("rojo=1")), (&[], false, None)] {
        let sent = sent_on(&TelemetryLayer::new(), ClientLayer::new(), headers).await;
        let named = text(&sent, "traceparent").unwrap();
        assert_eq!(named[..35] == W3C[..35], same_trace);
        assert_ne!(named[36..52], W3C[36..52], "never the header as it came");
        assert!(named.ends_with(if same_trace { "-00" } else { "-02" }), "{named}");
        assert_eq!(text(&sent, "tracestate"), state);
    }
    assert!(scope.spans().is_empty());
}

#[tokio::test]
async fn by_default_no_baggage_is_taken_over_and_none_is_sent() {
    let _scope = Scope::new();
    let inbound = [("traceparent", W3C), ("baggage", "tenant=acme"), ("b3", B3)];
    let sent = sent_on(&TelemetryLayer::new(), ClientLayer::new(), &inbound).await;
    assert_eq!((text(&sent, "baggage"), text(&sent, "b3")), (None, None));
    // A client of hosts that must not see it.
    let server = TelemetryLayer::new().propagators(BOTH);
    let sent = sent_on(&server, ClientLayer::new().propagators(Propagators::TRACE_CONTEXT), &inbound).await;
    assert_eq!(text(&sent, "baggage"), None);
    assert_eq!(text(&sent, "traceparent").unwrap()[..35], W3C[..35]);
}

#[tokio::test]
async fn baggage_of_callers_that_are_not_trusted_is_dropped() {
    let _scope = Scope::new();
    for inbound in [Inbound::Ignore, Inbound::Link] {
        let server = TelemetryLayer::new().propagators(BOTH).inbound(inbound);
        let headers = [("traceparent", W3C), ("baggage", "tenant=acme")];
        let sent = sent_on(&server, ClientLayer::new().propagators(BOTH), &headers).await;
        assert_eq!(text(&sent, "baggage"), None, "{inbound:?}");
    }
}

#[tokio::test]
async fn a_trace_of_b3_is_continued_linked_and_held_back() {
    let scope = Scope::builder().sampler(ParentBased(AlwaysSample)).enter().unwrap();
    let both = Propagators::B3.and(Propagators::B3_MULTI);
    let (server, client) = (TelemetryLayer::new().propagators(both), ClientLayer::new().propagators(both));
    let sent = sent_on(&server, client, &[("b3", B3)]).await;
    let single = text(&sent, "b3").unwrap();
    assert!(single.starts_with(&B3[..33]) && single.ends_with("-1") && single != B3, "{single}");
    assert_eq!(text(&sent, "x-b3-traceid"), Some(&B3[..32]));
    assert_eq!(text(&sent, "traceparent"), None);
    let spans = scope.take_spans();
    let request = spans.iter().find(|span| span.local_root).unwrap();
    assert_eq!(request.parent_span_id.unwrap().to_string(), B3[33..49]);

    sent_on(&server.clone().inbound(Inbound::Link), client, &[("b3", B3)]).await;
    let spans = scope.take_spans();
    let request = spans.iter().find(|span| span.local_root).unwrap();
    assert_eq!(request.links[0].trace_id.to_string(), B3[..32]);

    sent_on(&server.sampled_by_callers(0), client, &[("b3", B3)]).await;
    assert_eq!(scope.take_spans().len(), 0);
}

#[tokio::test]
async fn who_denies_by_b3_has_nothing_recorded() {
    let scope = Scope::new();
    let server = TelemetryLayer::new().propagators(Propagators::B3_MULTI);
    let sent =
        sent_on(&server, ClientLayer::new().propagators(Propagators::B3_MULTI), &[("x-b3-sampled", "0")])
            .await;
    assert_eq!(text(&sent, "x-b3-sampled"), Some("0"));
    assert_eq!(scope.spans().len(), 0);
}
