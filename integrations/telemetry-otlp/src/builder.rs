//! A sink described in code.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use telemetry_core::settings::{Resolver, SettingValue};

use crate::error::ConfigError;
use crate::options::{Limits, Protocol};
use crate::retry::Retry;
use crate::settings::SETTINGS;
use crate::sink::OtlpSink;

/// What a sink is to be like: settings in code, checked as those of the environment are. Reads no settings from there.
#[must_use = "the sink is made by `build`"]
#[derive(Clone)]
pub struct OtlpBuilder {
    resolver: Resolver,
    headers: Vec<(String, String)>,
    waits: Option<(Duration, Duration)>,
}

impl OtlpBuilder {
    pub(crate) fn new() -> Self {
        Self { resolver: Resolver::new().rows(SETTINGS), headers: Vec::new(), waits: None }
    }

    /// Sets any of the [`SETTINGS`], such as `OTLP_TRACES_ENDPOINT`.
    pub fn set(mut self, setting: &str, value: impl Into<SettingValue>) -> Self {
        self.resolver = self.resolver.value(setting, value);
        self
    }

    /// Where the collector is; over HTTP `v1/traces` and `v1/metrics` are appended.
    pub fn endpoint(self, endpoint: &str) -> Self {
        self.set("OTLP_ENDPOINT", endpoint)
    }

    /// The transport and the encoding.
    pub fn protocol(self, protocol: Protocol) -> Self {
        self.set("OTLP_PROTOCOL", protocol.as_str())
    }

    /// Adds a header to every request, or metadata to every call.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Compresses requests.
    pub fn gzip(self) -> Self {
        self.set("OTLP_COMPRESSION", "gzip")
    }

    /// How long one attempt may take; default 10 s.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.set("OTLP_TIMEOUT", timeout)
    }

    /// How long a request is tried again, from its first attempt on; default 60 s, and with zero it is not.
    pub fn retry_time(self, total: Duration) -> Self {
        self.set("OTLP_RETRY_TIME", total)
    }

    /// The longest wait before the second attempt, which doubles with each further one, and what it grows to; default
    /// 1 s and 5 s.
    pub fn retry_waits(mut self, first: Duration, longest: Duration) -> Self {
        self.waits = Some((first, longest));
        self
    }

    /// Trusts the collector by the certificates in this PEM file instead of the roots of Mozilla's programme.
    pub fn certificate(self, file: &Path) -> Self {
        self.set("OTLP_CERTIFICATE", file.to_string_lossy().into_owned())
    }

    /// Counts in each request from the last one that was taken, not from the start.
    pub fn delta(self) -> Self {
        self.set("OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta")
    }

    /// Makes the sink. Nothing is connected before the first request.
    ///
    /// # Errors
    /// A value is not accepted (all of them are named), the endpoint does not suit the protocol, a file of certificates
    /// cannot be read, or what is asked for needs a feature this program was built without.
    pub fn build(self) -> Result<OtlpSink, ConfigError> {
        let resolver = match self.headers {
            headers if headers.is_empty() => self.resolver,
            headers => self.resolver.value("OTLP_HEADERS", SettingValue::Attributes(headers)),
        };
        let resolved = resolver.resolve()?;
        let mut limits = Limits::of(&resolved);
        if let Some((first, longest)) = self.waits {
            limits.retry = Retry { first, longest, ..limits.retry };
        }
        OtlpSink::with_limits(&resolved, &limits)
    }
}

/// Shows the names of headers alone: their values may be secret.
impl fmt::Debug for OtlpBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("OtlpBuilder").field("headers", &headers).finish_non_exhaustive()
    }
}
