//! The metrics of requests under the names they have unless others are chosen.

use std::iter::repeat_with;
use std::sync::OnceLock;

use http::StatusCode;
use telemetry_core::metric;
use telemetry_core::metric::{CounterSeries, GaugeHold, HistogramSeries};

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

/// The series of a method, each looked up once.
struct Series {
    duration: HistogramSeries,
    /// By status, from 100 on.
    requests: Box<[OnceLock<CounterSeries>]>,
}

/// The statuses whose series are kept: those that HTTP knows classes of.
const STATUSES: usize = 500;
const FIRST_STATUS: usize = 100;

impl Series {
    fn of(method: KnownMethod) -> &'static Self {
        static ALL: [OnceLock<Series>; KnownMethod::ALL.len()] =
            [const { OnceLock::new() }; KnownMethod::ALL.len()];
        ALL[method as usize].get_or_init(|| Self {
            duration: HTTP_REQUEST_DURATION.series(method.as_str()),
            requests: repeat_with(OnceLock::new).take(STATUSES).collect(),
        })
    }

    fn requests(&self, method: KnownMethod, status: StatusCode) -> CounterSeries {
        let look_up = || HTTP_REQUESTS.series((method.as_str(), status.as_str()));
        match self.requests.get(usize::from(status.as_u16()) - FIRST_STATUS) {
            Some(known) => *known.get_or_init(look_up),
            None => look_up(),
        }
    }
}

struct Standard;

/// The recorder of a layer for which nothing was chosen.
pub(crate) const fn standard() -> &'static dyn Recorder {
    &Standard
}

impl Recorder for Standard {
    fn begin(&self, _: KnownMethod) -> GaugeHold {
        HTTP_REQUESTS_IN_FLIGHT.hold()
    }

    fn end(&self, ended: &Ended) {
        let series = Series::of(ended.method);
        series.duration.observe(ended.seconds);
        series.requests(ended.method, ended.status).inc();
    }

    fn wants_span(&self) -> bool {
        HTTP_REQUEST_DURATION.core().is_armed() || HTTP_REQUESTS.core().is_armed()
    }
}
