//! Where requests go: an address as it is written, and what a signal and a protocol make of it.

use http::Uri;

use crate::options::{Protocol, Signal};

/// What an endpoint may be, as it follows the word "expected".
pub(crate) const ACCEPTED: &str = "an address such as http://collector:4318, of scheme http or https (for grpc also \
                                   without one), with a host, and without user, query or fragment";

/// Whether a text has the form of an endpoint of some protocol.
pub(crate) fn is_accepted(text: &str) -> bool {
    parse(text).is_some()
}

/// Whether an endpoint says by its scheme how it is spoken to.
pub(crate) fn has_scheme(text: &str) -> bool {
    text.contains("://")
}

/// An endpoint for all signals, or the address of one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Endpoint<'a> {
    /// The path of the signal is appended.
    OfAll(&'a str),
    /// Taken as it is.
    OfSignal(&'a str),
}

impl Endpoint<'_> {
    /// The endpoint of a collector on this machine.
    pub(crate) const fn default_of(protocol: Protocol) -> Self {
        Self::OfAll(match protocol {
            Protocol::Grpc => "http://localhost:4317",
            Protocol::HttpProtobuf | Protocol::HttpJson => "http://localhost:4318",
        })
    }

    /// The endpoint as it was written.
    pub(crate) const fn text(&self) -> &str {
        match self {
            Self::OfAll(text) | Self::OfSignal(text) => text,
        }
    }

    /// The whole address of a signal. None where the endpoint does not suit the protocol: without a scheme over HTTP.
    pub(crate) fn address(&self, protocol: Protocol, signal: Signal, insecure: bool) -> Option<Uri> {
        let mut parts = parse(self.text())?.into_parts();
        let path = parts.path_and_query.as_ref().map_or("", |path| path.path());
        let path = match (protocol, self) {
            (Protocol::Grpc, _) => "/".to_owned(),
            (_, Self::OfAll(_)) => format!("{}/{}", path.trim_end_matches('/'), signal.http_path()),
            (_, Self::OfSignal(_)) if path.is_empty() => "/".to_owned(),
            (_, Self::OfSignal(_)) => path.to_owned(),
        };
        if !has_scheme(self.text()) {
            if protocol != Protocol::Grpc {
                return None;
            }
            parts.scheme = Some(if insecure { http::uri::Scheme::HTTP } else { http::uri::Scheme::HTTPS });
        }
        parts.path_and_query = Some(path.parse().ok()?);
        Uri::from_parts(parts).ok()
    }
}

/// Parses an endpoint; one without a scheme comes with `http`, to be replaced.
fn parse(text: &str) -> Option<Uri> {
    let text = text.trim();
    let whole = if has_scheme(text) { text.to_owned() } else { format!("http://{text}") };
    let uri: Uri = whole.parse().ok()?;
    let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
    let authority = uri.authority()?;
    let plain = !authority.as_str().contains('@') && uri.query().is_none() && !text.contains('#');
    let port = authority.as_str().strip_prefix(authority.host())?;
    let port_fits = match port.strip_prefix(':') {
        Some(number) => number.parse::<u16>().is_ok_and(|port| port > 0),
        None => port.is_empty(),
    };
    (is_http && !authority.host().is_empty() && port_fits && plain).then_some(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(endpoint: Endpoint<'_>, protocol: Protocol, insecure: bool) -> Option<String> {
        endpoint.address(protocol, Signal::Traces, insecure).map(|uri| uri.to_string())
    }

    #[test]
    fn the_path_of_the_signal_is_appended_to_an_endpoint_for_all_alone() {
        let http = |endpoint| address(endpoint, Protocol::HttpJson, false).unwrap();
        for (endpoint, expected) in [
            ("http://box:4318", "http://box:4318/v1/traces"),
            ("http://box:4318/", "http://box:4318/v1/traces"),
            ("https://box/otlp", "https://box/otlp/v1/traces"),
            ("https://box/otlp/", "https://box/otlp/v1/traces"),
            ("http://[::1]:4318", "http://[::1]:4318/v1/traces"),
        ] {
            assert_eq!(http(Endpoint::OfAll(endpoint)), expected);
        }
        assert_eq!(http(Endpoint::OfSignal("http://box:4318")), "http://box:4318/");
        assert_eq!(http(Endpoint::OfSignal("http://box/v1/other")), "http://box/v1/other");
        assert_eq!(http(Endpoint::default_of(Protocol::HttpProtobuf)), "http://localhost:4318/v1/traces");
    }

    #[test]
    fn a_grpc_endpoint_may_do_without_a_scheme_and_loses_its_path() {
        let grpc = |endpoint, insecure| address(Endpoint::OfAll(endpoint), Protocol::Grpc, insecure).unwrap();
        assert_eq!(grpc("box:4317", false), "https://box:4317/");
        assert_eq!(grpc("box:4317", true), "http://box:4317/");
        assert_eq!(grpc("http://box:4317/path", false), "http://box:4317/");
        assert_eq!(grpc("https://box:4317", true), "https://box:4317/");
        assert_eq!(address(Endpoint::OfAll("box:4318"), Protocol::HttpJson, false), None);
    }

    #[test]
    fn other_addresses_are_refused() {
        for bad in [
            "",
            " ",
            "http://",
            "http:///v1/traces",
            "ftp://box",
            "http://box:port",
            "http://box:99999",
            "http://box:0",
            "http://box:",
            "http://user:secret@box",
            "http://box?x=1",
            "http://box#here",
            "http://bo x",
            "://box",
            "unix:///tmp/socket",
        ] {
            assert!(!is_accepted(bad), "{bad:?}");
        }
    }
}
