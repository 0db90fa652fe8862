//! `/metrics` of a running pipeline beside recorded routes, as scrapers ask for it.
#![cfg(feature = "axum")]
#![allow(missing_docs)]

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::routing::get;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, Method, Request, StatusCode};
use telemetry_core::settings::{Environment, Resolver};
use telemetry_http::HttpBootstrap;
use tower::ServiceExt;

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

async fn asked(
    app: &Router,
    method: Method,
    path: &str,
    accepts: &[&'static str],
) -> (StatusCode, HeaderMap, String) {
    let mut request = Request::builder().method(method).uri(path);
    for accept in accepts {
        request = request.header(ACCEPT, *accept);
    }
    let (head, body) = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap().into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    (head.status, head.headers, String::from_utf8(body.into()).unwrap())
}

/// One test: a process has one pipeline.
#[tokio::test]
async fn scrapers_get_the_format_they_want_and_exemplars_where_it_has_them() {
    let environment = Environment::from([
        ("TELEMETRY_ENABLED", "1"),
        ("TELEMETRY_SINKS", "prometheus,memory"),
        ("TELEMETRY_SAMPLE_RATIO", "1"),
    ]);
    let bootstrap =
        telemetry_core::configure(Resolver::new().environment(environment), None).unwrap().unwrap();
    let app = Router::new()
        .route("/books", get(|| async { "books" }))
        .layer(bootstrap.http_layer())
        .route_service("/metrics", bootstrap.metrics_service().unwrap());

    // Before the first tick it is made at the moment.
    let counted = "http_requests_total{method=\"GET\",status=\"200\"} ";
    asked(&app, Method::GET, "/books", &[]).await;
    let (_, _, live) = asked(&app, Method::GET, "/metrics", &[]).await;
    assert!(live.contains(&format!("{counted}1\n")), "{live}");
    asked(&app, Method::GET, "/books", &[]).await;
    bootstrap.telemetry.flush(Duration::from_secs(10)).unwrap();

    for (accepts, content_type) in [
        (&[][..], TEXT),
        (&["*/*"], TEXT),
        (&["application/openmetrics-text"], OPEN_METRICS),
        (&["application/openmetrics-text; version=1.0.0; charset=utf-8"], OPEN_METRICS),
        (&["application/openmetrics-text; version=2.0.0, */*;q=0.1"], TEXT),
        (&["application/openmetrics-text;q=0, */*"], TEXT),
        (&["text/plain;q=0, */*;q=0.1"], OPEN_METRICS),
        (&["application/*;q=0.3, text/plain;q=0.2"], OPEN_METRICS),
        (&["text/plain;version=0.0.4;q=0.9", "application/openmetrics-text;q=0.8"], TEXT),
        (&["text/plain;version=0.0.4;q=0.7", "application/openmetrics-text;q=0.8"], OPEN_METRICS),
    ] {
        let (status, headers, text) = asked(&app, Method::GET, "/metrics", accepts).await;
        assert_eq!(
            (status, headers[CONTENT_TYPE].to_str().unwrap()),
            (StatusCode::OK, content_type),
            "{accepts:?}"
        );
        let series = text.lines().find(|line| line.starts_with(counted)).unwrap();
        let is_open = content_type == OPEN_METRICS;
        assert!(series[counted.len()..].starts_with('2'), "{series}");
        assert_eq!(text.ends_with("# EOF\n"), is_open, "{accepts:?}");
        assert_eq!(series.contains(" # {trace_id=\""), is_open, "{series}");
        assert_eq!(text.contains("# {"), is_open, "exemplars are OpenMetrics' alone");
        assert!(text.contains("le=\"+Inf\"} 2"), "{text}");

        let head = asked(&app, Method::HEAD, "/metrics", accepts).await;
        assert_eq!((head.0, &head.1[CONTENT_TYPE], &*head.2), (StatusCode::OK, &headers[CONTENT_TYPE], ""));
    }
    // An exemplar leads to a trace that was exported.
    let (_, _, text) = asked(&app, Method::GET, "/metrics", &["application/openmetrics-text"]).await;
    let traces: Vec<String> =
        bootstrap.memory.as_ref().unwrap().spans().iter().map(|span| span.trace_id.to_string()).collect();
    let exemplars: Vec<&str> = text.split(" # {trace_id=\"").skip(1).map(|rest| &rest[..32]).collect();
    assert!(!exemplars.is_empty() && exemplars.iter().all(|trace| traces.iter().any(|known| known == trace)));

    let (status, headers, _) = asked(&app, Method::POST, "/metrics", &[]).await;
    assert_eq!((status, headers["allow"].as_bytes()), (StatusCode::METHOD_NOT_ALLOWED, &b"GET, HEAD"[..]));
    // Scrapes are no requests.
    bootstrap.telemetry.flush(Duration::from_secs(10)).unwrap();
    assert_eq!(bootstrap.memory.as_ref().unwrap().spans().len(), 2);
}
