//! Instruments under names and labels of the service's own choice.
//!
//! A request updates one histogram, by all labels there are, and one gauge; what they are called, and by which labels
//! they are told apart, is decided when they are read.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use telemetry_core::__private::metric::{DEFAULT_BUCKETS, Declared, View, gauge, histogram};
use telemetry_core::metric::GaugeHold;
use telemetry_core::{Gauge, Histogram};

use super::labels::{Method, MethodRouteStatus};
use super::{Ended, Recorder, standard, views};
use crate::conventions::Conventions;
use crate::method::KnownMethod;

/// How requests are counted and measured; by default `http_requests_total{method,status}`,
/// `http_request_duration_seconds{method}` and `http_requests_in_flight`.
///
/// Names other than the default ones appear in an exposition once a request has been recorded under them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MetricOptions {
    prefix: Cow<'static, str>,
    pub(super) route: bool,
    pub(super) status_class: bool,
    pub(super) conventions: Conventions,
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
    /// are few, and past four thousand combinations of method, route and status further ones share one.
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
    /// and status, with that of an error as `error_type` too, and `http_server_active_requests` by method. A request is
    /// measured once, also for both.
    #[must_use]
    pub fn conventions(self, conventions: Conventions) -> Self {
        Self { conventions, ..self }
    }

    /// A name that begins with the prefix.
    pub(super) fn named(&self, name: &str) -> Cow<'static, str> {
        Cow::Owned(format!("{}_{name}", self.prefix))
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
    duration: &'static Histogram<MethodRouteStatus>,
    under_way: &'static Gauge<Method>,
}

impl Chosen {
    fn new(options: &MetricOptions) -> Self {
        let options: &'static MetricOptions = leak(options.clone());
        // These names are for messages: what is exposed is the views'.
        let declared = |name: &str, help, unit| declared(leak(options.named(name).into_owned()), help, unit);
        let duration = declared("request_duration_seconds", DURATION_HELP, Some("seconds"));
        let under_way = declared("requests_in_flight", "Requests begun and not yet ended.", None);
        let (durations, requests) = (
            leak(move |family| views::durations(options, family)),
            leak(move |family| views::under_way(options, family)),
        );
        Self {
            duration: leak(histogram(duration, DEFAULT_BUCKETS).viewed(View(durations))),
            under_way: leak(gauge(under_way).viewed(View(requests))),
        }
    }
}

const DURATION_HELP: &str = "Time from a request to the end of its response's body.";

const fn declared(name: &'static str, help: &'static str, unit: Option<&'static str>) -> Declared {
    let (crate_name, crate_version) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    Declared { name, help, unit, crate_name, crate_version }
}

impl Recorder for Chosen {
    fn begin(&self, method: KnownMethod) -> GaugeHold {
        self.under_way.with([method.as_str()]).hold()
    }

    fn end(&self, ended: &Ended) {
        let (method, route) = (ended.method.as_str(), ended.route.unwrap_or_default());
        self.duration.with([method, route, ended.status.as_str()]).observe(ended.seconds);
    }

    fn wants_span(&self) -> bool {
        self.duration.core().is_armed()
    }
}
