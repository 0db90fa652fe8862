//! The metrics of requests under the names they have unless others are chosen.

use telemetry_core::metric;

use super::{Ended, Recorder};
use crate::method::KnownMethod;

metric! {
    /// Requests answered, by method and status. One that was cancelled before its head counts as 499, one that
    /// panicked or failed before it as 500.
    pub(crate) static HTTP_REQUESTS: Counter = "http_requests_total" { method: str, status: str };

    /// Time from a request to the end of its response's body, by method.
    pub(crate) static HTTP_REQUEST_DURATION: Histogram = "http_request_duration_seconds" { method: str };

    /// Requests begun and not yet ended.
    pub(crate) static HTTP_REQUESTS_IN_FLIGHT: Gauge = "http_requests_in_flight";
}

struct Standard;

/// The recorder of a layer for which nothing was chosen.
pub(crate) const fn standard() -> &'static dyn Recorder {
    &Standard
}

impl Recorder for Standard {
    fn begin(&self, _: KnownMethod) {
        HTTP_REQUESTS_IN_FLIGHT.inc();
    }

    fn end(&self, ended: &Ended<'_>) {
        let method = ended.method.as_str();
        HTTP_REQUEST_DURATION.with(method).observe(ended.seconds);
        HTTP_REQUESTS.with((method, ended.status)).inc();
        HTTP_REQUESTS_IN_FLIGHT.dec();
    }
}
