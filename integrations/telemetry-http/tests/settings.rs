//! What settings make of the layers, and of requests that are sent without any.
#![allow(missing_docs)]

use std::convert::Infallible;
use std::future::ready;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use telemetry_core::record::SpanRecord;
use telemetry_core::settings::{Environment, Resolver, Tier};
use telemetry_core::{Bootstrap, SpanKind};
use telemetry_http::{HttpBootstrap, call};
use tower_layer::Layer;
use tower_service::Service;

mod support;
use support::Answer;

const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// Starts a pipeline by these settings, with a memory of its own.
fn start(settings: &[(&'static str, &'static str)]) -> Bootstrap {
    let all = [
        ("TELEMETRY_ENABLED", "1"),
        ("TELEMETRY_SINKS", "memory,prometheus"),
        ("TELEMETRY_SAMPLE_RATIO", "1"),
    ];
    let environment: Environment = all.iter().chain(settings).copied().collect();
    telemetry_core::configure(Resolver::new().environment(environment), None).unwrap().unwrap()
}

/// The spans of a request to a server, to a client of a layer, and to one without, and the metrics.
async fn exchanged(bootstrap: &Bootstrap) -> (Vec<SpanRecord>, String) {
    let answer = Answer(|_| ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))));
    let request = || {
        let request = Request::get("http://a.example/").header("traceparent", CALLER);
        request.body(Empty::<Bytes>::new()).unwrap()
    };
    bootstrap.http_layer().layer(answer.clone()).call(request()).await.unwrap();
    bootstrap.http_client_layer().layer(answer).call(request()).await.unwrap();
    call(request(), |_| ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())))).await.unwrap();

    bootstrap.telemetry.flush(Duration::from_secs(10)).unwrap();
    let spans = bootstrap.memory.as_ref().unwrap().spans();
    assert_eq!(spans.len(), 3);
    (spans, bootstrap.prometheus.as_ref().unwrap().text())
}

/// The value of a series, which begins so; zero where there is none. Metrics outlive a pipeline.
fn value(text: &str, series: &str) -> u64 {
    let line = text.lines().find(|line| line.starts_with(series));
    line.and_then(|line| line.rsplit(' ').next()).map_or(0, |value| value.parse().unwrap())
}

/// One test: a process has one pipeline.
#[tokio::test]
async fn the_settings_choose_names_on_both_sides_of_a_request_and_whom_to_trust() {
    const OPT_IN: &str = "OTEL_SEMCONV_STABILITY_OPT_IN";
    for (settings, old, stable) in [
        (&[][..], true, false),
        (&[(OPT_IN, "database")], true, false),
        (&[(OPT_IN, "database,http,")], false, true),
        (&[(OPT_IN, "http/dup")], true, true),
        (&[(OPT_IN, "http,http/dup")], true, true),
        (&[(OPT_IN, "http"), ("TELEMETRY_SEMCONV_STABILITY_OPT_IN", "none")], true, false),
    ] {
        let bootstrap = start(settings);
        let before = bootstrap.telemetry.metrics().text().to_owned();
        let (spans, after) = exchanged(&bootstrap).await;
        for span in &spans {
            for (key, is_there) in [
                ("http.method", old),
                ("http.status_code", old),
                ("http.url", old),
                ("http.request.method", stable),
                ("http.response.status_code", stable),
                (if span.kind == SpanKind::Server { "url.path" } else { "url.full" }, stable),
            ] {
                assert_eq!(span.attribute(key).is_some(), is_there, "{settings:?} {key} {:?}", span.kind);
            }
        }
        for (series, is_counted) in [
            ("http_requests_total{method=\"GET\",status=\"200\"}", old),
            ("http_request_duration_seconds_count{method=\"GET\"}", old),
            ("http_server_request_duration_seconds_count{http_request_method=\"GET\"", stable),
        ] {
            let counted = value(&after, series) - value(&before, series);
            assert_eq!(counted, u64::from(is_counted), "{settings:?} {series} {after}");
        }
        assert_eq!(spans[0].trace_id.to_string(), CALLER[3..35], "callers are trusted by default");
        bootstrap.telemetry.shutdown(Duration::from_secs(10)).unwrap();
    }
    let bootstrap = start(&[(OPT_IN, "http")]);
    assert_eq!(bootstrap.resolved().get("SEMCONV_STABILITY_OPT_IN").unwrap().tier(), Tier::OpenTelemetry);
    drop(bootstrap);

    let bootstrap = start(&[("TELEMETRY_EXTRACT_TRACEPARENT", "no")]);
    let (spans, _) = exchanged(&bootstrap).await;
    assert_eq!((spans[0].kind, spans[0].parent_span_id, spans[0].links.len()), (SpanKind::Server, None, 0));
    assert_ne!(spans[0].trace_id.to_string(), CALLER[3..35]);
}
