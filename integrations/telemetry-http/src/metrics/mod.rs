//! How requests are counted and measured.

mod chosen;
mod labels;
mod standard;
mod views;

use http::StatusCode;
use telemetry_core::metric::GaugeHold;

use crate::method::KnownMethod;
pub(crate) use chosen::recorder;
pub use chosen::{MetricOptions, PrefixError};
pub(crate) use standard::standard;

/// The status a request counts under that its client gave up before the head of the response, after nginx.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// The instruments that a layer updates.
pub(crate) trait Recorder: Send + Sync {
    /// A request has begun: it is under way until what comes back is dropped.
    fn begin(&self, method: KnownMethod) -> GaugeHold;
    /// A request has ended.
    fn end(&self, ended: &Ended);
    /// Whether the end is to be told inside the request's span, as an example of what is measured.
    fn wants_span(&self) -> bool;
}

/// What the metrics know of a request that has ended.
pub(crate) struct Ended {
    pub(crate) method: KnownMethod,
    pub(crate) route: Option<&'static str>,
    pub(crate) status: StatusCode,
    pub(crate) seconds: f64,
}

/// A request being measured.
pub(crate) struct Measured {
    recorder: &'static dyn Recorder,
    method: KnownMethod,
    route: Option<&'static str>,
    failed: bool,
    /// Taken away even where telemetry is disabled before the end.
    _under_way: GaugeHold,
}

impl Measured {
    pub(crate) fn begin(
        recorder: &'static dyn Recorder,
        method: KnownMethod,
        route: Option<&'static str>,
    ) -> Self {
        let under_way = recorder.begin(method);
        Self { recorder, method, route, failed: false, _under_way: under_way }
    }

    /// Whether it is to end inside the request's span.
    pub(crate) fn wants_span(&self) -> bool {
        self.recorder.wants_span()
    }

    /// Takes note that the service failed.
    pub(crate) fn fail(&mut self) {
        self.failed = true;
    }

    /// It has ended after so long, with the status the client was sent: without one, it was cancelled, or lost in a panic.
    pub(crate) fn end(&self, status: Option<StatusCode>, seconds: f64) {
        let status = match status {
            Some(status) => status,
            None if self.failed || std::thread::panicking() => StatusCode::INTERNAL_SERVER_ERROR,
            None => StatusCode::from_u16(CLIENT_CLOSED_REQUEST).unwrap_or_default(),
        };
        self.recorder.end(&Ended { method: self.method, route: self.route, status, seconds });
    }
}
