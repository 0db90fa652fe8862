//! What the settings come to for each signal.

use std::path::PathBuf;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use telemetry_core::Label;
use telemetry_core::settings::{Resolved, ResolvedValue, SettingValue};

use crate::encode::metrics::Temporality;
use crate::endpoint::{self, Endpoint};
use crate::error::ConfigError;
use crate::retry::Retry;

/// The transport and the encoding of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// gRPC: protobuf over HTTP/2 (`grpc`).
    Grpc,
    /// Protobuf over HTTP/1.1 (`http/protobuf`), the default.
    #[default]
    HttpProtobuf,
    /// JSON over HTTP/1.1 (`http/json`).
    HttpJson,
}

impl Protocol {
    /// The protocol as `OTEL_EXPORTER_OTLP_PROTOCOL` names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::HttpProtobuf => "http/protobuf",
            Self::HttpJson => "http/json",
        }
    }

    fn named(name: &str) -> Self {
        let all = [Self::Grpc, Self::HttpProtobuf, Self::HttpJson];
        all.into_iter().find(|protocol| protocol.as_str() == name).unwrap_or_default()
    }
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Label)]
pub(crate) enum Signal {
    Traces,
    Metrics,
}

impl Signal {
    /// What is appended to the path of an endpoint for all signals.
    pub(crate) const fn http_path(self) -> &'static str {
        match self {
            Self::Traces => "v1/traces",
            Self::Metrics => "v1/metrics",
        }
    }

    /// The path of the gRPC method.
    #[cfg(feature = "grpc")]
    pub(crate) const fn grpc_path(self) -> &'static str {
        match self {
            Self::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            Self::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        }
    }

    /// What settings of this signal begin with.
    const fn prefix(self) -> &'static str {
        match self {
            Self::Traces => "OTLP_TRACES_",
            Self::Metrics => "OTLP_METRICS_",
        }
    }
}

/// Where and how the requests of one signal are sent.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) signal: Signal,
    pub(crate) protocol: Protocol,
    pub(crate) address: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) timeout: Duration,
    pub(crate) gzip: bool,
    pub(crate) tls: TlsFiles,
}

/// The files TLS is configured by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    pub(crate) roots: Option<PathBuf>,
    pub(crate) client_key: Option<PathBuf>,
    pub(crate) client_certificate: Option<PathBuf>,
}

/// What holds for all signals.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) max_batch_spans: usize,
    pub(crate) max_request_bytes: usize,
    pub(crate) metrics_interval: Duration,
    pub(crate) temporality: Temporality,
    pub(crate) retry: Retry,
}

impl Target {
    pub(crate) fn of(signal: Signal, resolved: &Resolved) -> Result<Self, ConfigError> {
        let settings = OfSignal { signal, resolved };
        let protocol = settings.text("PROTOCOL").map(Protocol::named).unwrap_or_default();
        let headers =
            settings.value("HEADERS").and_then(|value| value.value().as_attributes()).unwrap_or_default();
        let path = |name| settings.text(name).map(PathBuf::from);
        let tls = TlsFiles {
            roots: path("CERTIFICATE"),
            client_key: path("CLIENT_KEY"),
            client_certificate: path("CLIENT_CERTIFICATE"),
        };
        settings.whole_identity()?;
        Ok(Self {
            signal,
            protocol,
            address: settings.address(protocol)?,
            headers: headers.iter().map(header).collect::<Result<_, _>>()?,
            timeout: settings
                .value("TIMEOUT")
                .and_then(|value| value.value().as_duration())
                .unwrap_or(TIMEOUT),
            gzip: settings.text("COMPRESSION") == Some("gzip"),
            tls,
        })
    }
}

const TIMEOUT: Duration = Duration::from_secs(10);

impl Limits {
    pub(crate) fn of(resolved: &Resolved) -> Self {
        let value = |name| resolved.get(name).map(ResolvedValue::value);
        let size = |name, default| {
            let set = value(name).and_then(SettingValue::as_integer);
            set.and_then(|size| usize::try_from(size).ok()).unwrap_or(default)
        };
        let duration = |name| value(name).and_then(SettingValue::as_duration);
        let temporality = value("OTLP_METRICS_TEMPORALITY_PREFERENCE").and_then(|value| value.as_text());
        Self {
            max_batch_spans: size("OTLP_MAX_BATCH_SPANS", 1024),
            max_request_bytes: size("OTLP_MAX_REQUEST_BYTES", 4 << 20),
            metrics_interval: duration("OTLP_METRICS_INTERVAL").unwrap_or_default(),
            temporality: match temporality {
                Some("delta" | "lowmemory") => Temporality::Delta,
                _ => Temporality::Cumulative,
            },
            retry: duration("OTLP_RETRY_TIME").map_or_else(Retry::default, Retry::within),
        }
    }
}

/// The settings as one signal sees them.
struct OfSignal<'a> {
    signal: Signal,
    resolved: &'a Resolved,
}

impl<'a> OfSignal<'a> {
    /// Of the signal's own value and the one for all, the one of the higher tier; of one tier, the signal's own.
    fn value(&self, name: &str) -> Option<&'a ResolvedValue> {
        let own = self.resolved.get(&format!("{}{name}", self.signal.prefix()));
        let all = self.resolved.get(&format!("OTLP_{name}"));
        match (own, all) {
            (Some(own), Some(all)) => Some(if own.tier() >= all.tier() { own } else { all }),
            (own, all) => own.or(all),
        }
    }

    /// Refuses a client's key without its certificates, and these without the key.
    fn whole_identity(&self) -> Result<(), ConfigError> {
        let missing = match (self.value("CLIENT_KEY"), self.value("CLIENT_CERTIFICATE")) {
            (Some(given), None) => Some((given, "CLIENT_CERTIFICATE")),
            (None, Some(given)) => Some((given, "CLIENT_KEY")),
            _ => None,
        };
        missing.map_or(Ok(()), |(given, missing)| {
            Err(ConfigError::HalfIdentity {
                given: given.provenance().to_string(),
                missing: format!("OTLP_{missing} or {}{missing}", self.signal.prefix()),
            })
        })
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        self.value(name)?.value().as_text()
    }

    fn address(&self, protocol: Protocol) -> Result<Uri, ConfigError> {
        let value = self.value("ENDPOINT");
        let endpoint = match value.and_then(|value| Some((value.name(), value.value().as_text()?.trim()))) {
            Some(("OTLP_ENDPOINT", text)) => Endpoint::OfAll(text),
            Some((_, text)) => Endpoint::OfSignal(text),
            None => Endpoint::default_of(protocol),
        };
        let insecure = self.value("INSECURE").and_then(|value| value.value().as_bool()).unwrap_or_default();
        let address =
            endpoint.address(protocol, self.signal, insecure).ok_or_else(|| ConfigError::Endpoint {
                endpoint: endpoint.text().to_owned(),
                from: value.map_or_else(String::new, |value| value.provenance().to_string()),
                protocol: protocol.as_str(),
                accepted: endpoint::ACCEPTED,
            })?;
        if address.scheme_str() == Some("https") && !cfg!(feature = "tls") {
            return Err(ConfigError::Feature { wanted: format!("the endpoint {address}"), feature: "tls" });
        }
        Ok(address)
    }
}

fn header((name, value): &(String, String)) -> Result<(HeaderName, HeaderValue), ConfigError> {
    // The setting's type has looked at both; this is for values it cannot have seen.
    let refused = || ConfigError::Header { name: name.clone() };
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused())?;
    let mut value = HeaderValue::from_str(value).map_err(|_| refused())?;
    value.set_sensitive(true);
    Ok((name, value))
}
