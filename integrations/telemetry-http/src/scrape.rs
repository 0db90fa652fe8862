//! The metrics for whoever scrapes them.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use telemetry_core::metric::exposition::Format;
use telemetry_core::sink::PrometheusSink;
use tower_service::Service;

/// A service that answers `GET` and `HEAD` with the metrics, and other methods with 405: in the Prometheus text format
/// 0.0.4, or as `OpenMetrics` 1.0 to clients whose `Accept` header prefers that.
///
/// The text is what the last tick of the drain saw; before the first tick it is made at the moment. Mount it beside
/// the recorded routes, not under [`TelemetryLayer`](crate::TelemetryLayer), unless scrapes are to be recorded too.
///
/// # Examples
/// ```
/// use telemetry_core::sink::PrometheusSink;
/// use telemetry_http::MetricsService;
/// use tower_service::Service;
///
/// let mut metrics = MetricsService::new(PrometheusSink::new());
/// let answer = metrics.call(http::Request::get("/metrics").body(()).unwrap()).into_inner()?;
/// assert_eq!(answer.headers()["content-type"], PrometheusSink::CONTENT_TYPE);
/// # Ok::<(), std::convert::Infallible>(())
/// ```
#[derive(Clone, Debug)]
pub struct MetricsService {
    sink: PrometheusSink,
}

impl MetricsService {
    /// A service over the sink that holds the metrics.
    pub fn new(sink: PrometheusSink) -> Self {
        Self { sink }
    }

    fn answer(&self, method: &Method, headers: &HeaderMap) -> Response<Full<Bytes>> {
        let format = Format::negotiate(accepted(headers).as_deref());
        let (status, text) = match *method {
            Method::GET => (StatusCode::OK, self.sink.text_in(format)),
            // The server would cut the body off; it is not made.
            Method::HEAD => (StatusCode::OK, String::new()),
            _ => (StatusCode::METHOD_NOT_ALLOWED, String::new()),
        };
        let mut response = Response::new(Full::from(text));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        if status == StatusCode::OK {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            headers.insert(VARY, HeaderValue::from_static("accept"));
        } else {
            headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        }
        response
    }
}

/// All `Accept` headers of a request as one; those that are no text are passed over.
fn accepted(headers: &HeaderMap) -> Option<String> {
    let values: Vec<&str> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    (!values.is_empty()).then(|| values.join(","))
}

impl<B> Service<Request<B>> for MetricsService {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ready(Ok(self.answer(request.method(), request.headers())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_reading_is_allowed() {
        let service = MetricsService::new(PrometheusSink::new());
        let answer = |method| service.answer(&method, &HeaderMap::new());
        assert_eq!(answer(Method::HEAD).status(), 200);
        let refused = answer(Method::POST);
        assert_eq!(
            (refused.status().as_u16(), refused.headers()["allow"].as_bytes()),
            (405, &b"GET, HEAD"[..])
        );
    }

    #[test]
    fn the_client_chooses_the_format() {
        let service = MetricsService::new(PrometheusSink::new());
        let answered = |accept: &[&'static str]| {
            let accept = accept.iter().map(|value| (ACCEPT, HeaderValue::from_static(value)));
            service.answer(&Method::GET, &accept.collect()).headers()[CONTENT_TYPE]
                .to_str()
                .unwrap()
                .to_owned()
        };
        assert_eq!(answered(&[]), PrometheusSink::CONTENT_TYPE);
        let open_metrics = Format::OpenMetrics.content_type();
        assert_eq!(
            answered(&["application/openmetrics-text;version=1.0.0;q=0.9,text/plain;q=0.5"]),
            open_metrics
        );
        assert_eq!(
            answered(&["text/plain;q=0.5", "application/openmetrics-text;q=0.4"]),
            PrometheusSink::CONTENT_TYPE
        );
    }
}
