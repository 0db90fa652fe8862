//! What settings make of the layers, and of requests that are sent without any.
#![allow(missing_docs)]

use std::convert::Infallible;
use std::future::ready;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use telemetry_core::settings::{Environment, Resolver, Tier};
use telemetry_http::{HttpBootstrap, call};
use tower_layer::Layer;
use tower_service::Service;

mod support;
use support::Answer;

#[tokio::test]
async fn one_variable_chooses_the_names_on_both_sides_of_a_request() {
    let environment = Environment::from([
        ("TELEMETRY_ENABLED", "1"),
        ("TELEMETRY_SINKS", "memory,prometheus"),
        ("TELEMETRY_SAMPLE_RATIO", "1"),
        ("OTEL_SEMCONV_STABILITY_OPT_IN", "database,http,"),
    ]);
    let bootstrap =
        telemetry_core::configure(Resolver::new().environment(environment), None).unwrap().unwrap();
    assert_eq!(bootstrap.resolved().get("SEMCONV_STABILITY_OPT_IN").unwrap().tier(), Tier::OpenTelemetry);

    let answer = Answer(|_| ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))));
    let request = || Request::get("http://a.example/").body(Empty::<Bytes>::new()).unwrap();
    bootstrap.http_layer().layer(answer.clone()).call(request()).await.unwrap();
    bootstrap.http_client_layer().layer(answer).call(request()).await.unwrap();
    call(request(), |_| ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())))).await.unwrap();

    bootstrap.telemetry.flush(Duration::from_secs(10)).unwrap();
    let spans = bootstrap.memory.as_ref().unwrap().spans();
    assert_eq!(spans.len(), 3);
    for span in &spans {
        assert!(span.attribute("http.request.method").is_some() && span.attribute("http.method").is_none());
    }
    let text = bootstrap.prometheus.as_ref().unwrap().text();
    assert!(text.contains("http_server_request_duration_seconds_count{"), "{text}");
    assert!(!text.contains("http_requests_total{"), "{text}");
}
