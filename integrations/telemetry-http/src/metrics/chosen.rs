//! Instruments under names and labels of the service's own choice.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use telemetry_core::__private::metric::{DEFAULT_BUCKETS, Declared, counter, gauge, histogram};
use telemetry_core::{Counter, Gauge, Histogram};

use super::labels::{
    Method, MethodClass, MethodRoute, MethodRouteClass, MethodStatus, StableActive, StableDuration,
};
use super::{Ended, Recorder, standard};
use crate::conventions::Conventions;
use crate::method::KnownMethod;

/// How requests are counted and measured; by default `http_requests_total{method,status}`,
/// `http_request_duration_seconds{method}` and `http_requests_in_flight`.
///
/// Names other than the default ones appear in an exposition once a request has been recorded under them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MetricOptions {
    prefix: Cow<'static, str>,
    route: bool,
    status_class: bool,
    conventions: Conventions,
}

/// Why the metrics cannot have a prefix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot begin the name of a metric, expected letters, digits, `_` and `:`, the first no digit")]
pub struct PrefixError(String);

impl Default for MetricOptions {
    fn default() -> Self {
        Self {
            prefix: Cow::Borrowed("http"),
            route: false,
            status_class: false,
            conventions: Conventions::Old,
        }
    }
}

impl MetricOptions {
    /// The default metrics.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins their names with something other than `http`: `shop` makes `shop_requests_total`. The stable names of
    /// OpenTelemetry have no prefix.
    ///
    /// # Errors
    /// No metric's name can begin so.
    pub fn prefix(mut self, prefix: &str) -> Result<Self, PrefixError> {
        let first = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':');
        let valid =
            prefix.bytes().enumerate().all(|(at, byte)| first(byte) || (at > 0 && byte.is_ascii_digit()));
        if !valid || prefix.is_empty() || prefix.starts_with("__") {
            return Err(PrefixError(prefix.to_owned()));
        }
        self.prefix = Cow::Owned(prefix.to_owned());
        Ok(self)
    }

    /// Also tells durations apart by the route; a request without one counts under an empty text. A router's routes
    /// are few, and past a thousand series further ones share one.
    #[must_use]
    pub fn route(self, route: bool) -> Self {
        Self { route, ..self }
    }

    /// Also tells durations apart by the class of the status: `2xx`, `4xx`, …
    #[must_use]
    pub fn status_class(self, status_class: bool) -> Self {
        Self { status_class, ..self }
    }

    /// By which of OpenTelemetry's names: the stable ones are `http_server_request_duration_seconds` by method, route
    /// and status, and `http_server_active_requests` by method. Both means that each request updates both.
    #[must_use]
    pub fn conventions(self, conventions: Conventions) -> Self {
        Self { conventions, ..self }
    }
}

/// The recorder for these options: the same for the same ones, kept for the life of the process.
pub(crate) fn recorder(options: &MetricOptions) -> &'static dyn Recorder {
    static MADE: Mutex<BTreeMap<MetricOptions, &'static Chosen>> = Mutex::new(BTreeMap::new());
    if *options == MetricOptions::default() {
        return standard();
    }
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(recorder) = made.get(options) {
        return *recorder;
    }
    let recorder = leak(Chosen::new(options));
    made.insert(options.clone(), recorder);
    recorder
}

/// Instruments live as long as the process.
fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// The instruments for some options.
struct Chosen {
    old: Option<Old>,
    stable: Option<Stable>,
}

struct Old {
    requests: &'static Counter<MethodStatus>,
    duration: Duration,
    in_flight: &'static Gauge,
}

struct Stable {
    duration: &'static Histogram<StableDuration>,
    active: &'static Gauge<StableActive>,
}

enum Duration {
    Method(&'static Histogram<Method>),
    Route(&'static Histogram<MethodRoute>),
    Class(&'static Histogram<MethodClass>),
    RouteAndClass(&'static Histogram<MethodRouteClass>),
}

impl Chosen {
    fn new(options: &MetricOptions) -> Self {
        let (old, stable) =
            (options.conventions != Conventions::Stable, options.conventions != Conventions::Old);
        Self { old: old.then(|| Old::new(options)), stable: stable.then(Stable::new) }
    }
}

impl Old {
    fn new(options: &MetricOptions) -> Self {
        let declared =
            |name: &str, help, unit| declared(leak(format!("{}_{name}", options.prefix)), help, unit);
        let time = declared("request_duration_seconds", DURATION_HELP, Some("seconds"));
        Self {
            requests: leak(counter(declared(
                "requests_total",
                "Requests answered, by method and status.",
                None,
            ))),
            duration: match (options.route, options.status_class) {
                (false, false) => Duration::Method(leak(histogram(time, DEFAULT_BUCKETS))),
                (true, false) => Duration::Route(leak(histogram(time, DEFAULT_BUCKETS))),
                (false, true) => Duration::Class(leak(histogram(time, DEFAULT_BUCKETS))),
                (true, true) => Duration::RouteAndClass(leak(histogram(time, DEFAULT_BUCKETS))),
            },
            in_flight: leak(gauge(declared("requests_in_flight", "Requests begun and not yet ended.", None))),
        }
    }
}

impl Stable {
    fn new() -> Self {
        Self {
            duration: leak(histogram(
                declared("http_server_request_duration_seconds", DURATION_HELP, Some("seconds")),
                DEFAULT_BUCKETS,
            )),
            active: leak(gauge(declared(
                "http_server_active_requests",
                "Requests begun and not yet ended, by method.",
                None,
            ))),
        }
    }
}

const DURATION_HELP: &str = "Time from a request to the end of its response's body.";

const fn declared(name: &'static str, help: &'static str, unit: Option<&'static str>) -> Declared {
    let (crate_name, crate_version) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    Declared { name, help, unit, crate_name, crate_version }
}

impl Recorder for Chosen {
    fn begin(&self, method: KnownMethod) {
        if let Some(old) = &self.old {
            old.in_flight.inc();
        }
        if let Some(stable) = &self.stable {
            stable.active.with([method.as_str()]).inc();
        }
    }

    fn end(&self, ended: &Ended<'_>) {
        let Ended { method, route, status, seconds } = *ended;
        let (method, route) = (method.as_str(), route.unwrap_or_default());
        if let Some(old) = &self.old {
            let class = class_of(status);
            match old.duration {
                Duration::Method(duration) => duration.with([method]).observe(seconds),
                Duration::Route(duration) => duration.with([method, route]).observe(seconds),
                Duration::Class(duration) => duration.with([method, class]).observe(seconds),
                Duration::RouteAndClass(duration) => duration.with([method, route, class]).observe(seconds),
            }
            old.requests.with([method, status]).inc();
            old.in_flight.dec();
        }
        if let Some(stable) = &self.stable {
            stable.duration.with([method, route, status]).observe(seconds);
            stable.active.with([method]).dec();
        }
    }
}

/// The class of a status, as it stands in a label.
fn class_of(status: &str) -> &'static str {
    match status.as_bytes().first() {
        Some(b'1') => "1xx",
        Some(b'2') => "2xx",
        Some(b'3') => "3xx",
        Some(b'4') => "4xx",
        Some(b'5') => "5xx",
        _ => "_OTHER",
    }
}
