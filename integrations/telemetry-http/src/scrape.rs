//! The metrics for whoever scrapes them.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use telemetry_core::sink::PrometheusSink;
use tower_service::Service;

/// A service that answers `GET` and `HEAD` with the metrics in the Prometheus text format, and other methods with 405.
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

    fn answer(&self, method: &Method) -> Response<Full<Bytes>> {
        let (status, text) = match *method {
            Method::GET => (StatusCode::OK, self.sink.text()),
            // The server would cut the body off; it is not made.
            Method::HEAD => (StatusCode::OK, String::new()),
            _ => (StatusCode::METHOD_NOT_ALLOWED, String::new()),
        };
        let mut response = Response::new(Full::from(text));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        if status == StatusCode::OK {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(PrometheusSink::CONTENT_TYPE));
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        } else {
            headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        }
        response
    }
}

impl<B> Service<Request<B>> for MetricsService {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ready(Ok(self.answer(request.method())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_reading_is_allowed() {
        let service = MetricsService::new(PrometheusSink::new());
        assert_eq!(service.answer(&Method::HEAD).status(), 200);
        let refused = service.answer(&Method::POST);
        assert_eq!(
            (refused.status().as_u16(), refused.headers()["allow"].as_bytes()),
            (405, &b"GET, HEAD"[..])
        );
    }
}
