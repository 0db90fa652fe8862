//! The metrics of requests.

use http::StatusCode;
use telemetry_core::metric;
use telemetry_core::metric::HistogramTimer;

use crate::method::KnownMethod;

metric! {
    /// Requests answered, by method and status. One that was cancelled before its head counts as 499, one that
    /// panicked or failed before it as 500.
    pub static HTTP_REQUESTS: Counter = "http_requests_total" { method: str, status: str };

    /// Time from a request to the end of its response's body, by method.
    pub static HTTP_REQUEST_DURATION: Histogram = "http_request_duration_seconds" { method: str };

    /// Requests begun and not yet ended.
    pub static HTTP_REQUESTS_IN_FLIGHT: Gauge = "http_requests_in_flight";
}

/// The status a request counts under that its client gave up before the head of the response, after nginx.
const CLIENT_CLOSED_REQUEST: &str = "499";

/// A request being measured. Dropped before its end, it was cancelled, or lost in a panic.
#[derive(Debug)]
pub(crate) struct Measured {
    method: KnownMethod,
    /// Measures until it is dropped, whatever the end.
    _timer: HistogramTimer,
    status: Option<StatusCode>,
    failed: bool,
}

impl Measured {
    pub(crate) fn begin(method: KnownMethod) -> Self {
        HTTP_REQUESTS_IN_FLIGHT.inc();
        Self {
            method,
            _timer: HTTP_REQUEST_DURATION.with(method.as_str()).start_timer(),
            status: None,
            failed: false,
        }
    }

    /// Takes note of the status the client was sent.
    pub(crate) fn respond(&mut self, status: StatusCode) {
        self.status = Some(status);
    }

    /// Takes note that the service failed.
    pub(crate) fn fail(&mut self) {
        self.failed = true;
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        let status = match &self.status {
            Some(status) => status.as_str(),
            None if self.failed || std::thread::panicking() => StatusCode::INTERNAL_SERVER_ERROR.as_str(),
            None => CLIENT_CLOSED_REQUEST,
        };
        HTTP_REQUESTS.with((self.method.as_str(), status)).inc();
        HTTP_REQUESTS_IN_FLIGHT.dec();
    }
}
