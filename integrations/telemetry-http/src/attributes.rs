//! The attributes of a request's span, by the names of OpenTelemetry's HTTP conventions.

use std::net::IpAddr;

use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Uri};
use telemetry_core::record::Attribute;
use telemetry_core::{AttributeValue, CallSite, Entry, Origin, Site, SpanKind};

use crate::conventions::{self, Conventions};
use crate::method::KnownMethod;
use crate::redact::redact;

/// The keys, by the numbers that [`key`] names.
static KEYS: [&str; 16] = [
    "http.method",
    "http.route",
    "net.host.name",
    "net.peer.ip",
    "http.status_code",
    "http.request_content_length",
    "http.response_content_length",
    "http.url",
    "http.user_agent",
    "net.peer.name",
    "http.request_id",
    "http.resend_count",
    "rpc.grpc.status_code",
    "net.peer.port",
    "http.scheme",
    "http.request.method_original",
];

/// The numbers of the keys.
pub(crate) mod key {
    pub(crate) const METHOD: usize = 0;
    pub(crate) const ROUTE: usize = 1;
    pub(crate) const HOST: usize = 2;
    pub(crate) const PEER: usize = 3;
    pub(crate) const STATUS: usize = 4;
    pub(crate) const REQUEST_LENGTH: usize = 5;
    pub(crate) const RESPONSE_LENGTH: usize = 6;
    pub(crate) const URL: usize = 7;
    pub(crate) const USER_AGENT: usize = 8;
    pub(crate) const PEER_NAME: usize = 9;
    pub(crate) const REQUEST_ID: usize = 10;
    pub(crate) const RESENDS: usize = 11;
    pub(crate) const GRPC_STATUS: usize = 12;
    pub(crate) const PEER_PORT: usize = 13;
    pub(crate) const SCHEME: usize = 14;
    pub(crate) const METHOD_ORIGINAL: usize = 15;
}

/// Where server spans are opened, for each of the conventions.
static SERVERS: [CallSite; 3] = sites(SpanKind::Server);

/// Where client spans are opened.
static CLIENTS: [CallSite; 3] = sites(SpanKind::Client);

/// The call site of server spans.
pub(crate) fn server(conventions: Conventions) -> &'static CallSite {
    &SERVERS[conventions as usize]
}

/// The call site of client spans.
pub(crate) fn client(conventions: Conventions) -> &'static CallSite {
    &CLIENTS[conventions as usize]
}

const fn sites(kind: SpanKind) -> [CallSite; 3] {
    const fn site(kind: SpanKind) -> CallSite {
        CallSite::new(Site {
            name: "HTTP",
            kind,
            keys: &KEYS,
            constants: &[],
            origin: &ORIGIN,
            line: line!(),
        })
    }
    let (rename, duplicate): (OnExport, OnExport) = match kind {
        SpanKind::Client => (conventions::rename_client, conventions::duplicate_client),
        _ => (conventions::rename_server, conventions::duplicate_server),
    };
    [site(kind), site(kind).on_export(rename), site(kind).on_export(duplicate)]
}

static ORIGIN: Origin = Origin {
    crate_name: env!("CARGO_PKG_NAME"),
    crate_version: env!("CARGO_PKG_VERSION"),
    module: module_path!(),
    file: file!(),
};

/// Changes the attributes of a span as it is exported.
type OnExport = fn(&mut Vec<Attribute>);

/// Static text, kept by reference.
pub(crate) struct Kept(pub(crate) &'static str);

impl AttributeValue for Kept {
    fn record(&self, entry: Entry<'_>) {
        entry.static_str(self.0);
    }
}

/// Bytes of a method that nobody knows, at the most: those that are in use are shorter.
const LONGEST_METHOD: usize = 24;

/// The method as it was sent, where it is none of those that are known.
pub(crate) fn original(method: &Method, known: KnownMethod) -> Option<&str> {
    let is_told = known == KnownMethod::Other && method.as_str().len() <= LONGEST_METHOD;
    is_told.then(|| method.as_str())
}

/// The path and query of a request, without credentials.
pub(crate) struct Url<'a>(&'a PathAndQuery);

/// A path and query of at most this many bytes leaves room for all the others behind it.
const SHORT_URL_BYTES: usize = 40;

impl<'a> Url<'a> {
    /// The path and query, whatever its length.
    pub(crate) const fn of(url: &'a PathAndQuery) -> Self {
        Self(url)
    }

    /// The path and query as one of two: a short one is to be recorded first, where a person looks for it, a long one
    /// after what is to be kept whole, to be cut to the room that is left.
    pub(crate) fn short_and_long(uri: &'a Uri) -> (Option<Self>, Option<Self>) {
        match uri.path_and_query() {
            Some(url) if url.as_str().len() <= SHORT_URL_BYTES => (Some(Self(url)), None),
            url => (None, url.map(Self)),
        }
    }
}

impl AttributeValue for Url<'_> {
    fn record(&self, entry: Entry<'_>) {
        // Most have no query, and then there is nothing to look for.
        match self.0.query() {
            None => entry.str(self.0.as_str()),
            Some(_) => entry.str(&redact(self.0.as_str())),
        }
    }
}

/// The value of a header, or a part of it: not recorded where a byte is not ASCII. What else is not visible can be in no
/// header's value.
pub(crate) struct Ascii<'a>(pub(crate) &'a [u8]);

impl AttributeValue for Ascii<'_> {
    fn record(&self, entry: Entry<'_>) {
        entry.ascii(self.0);
    }
}

/// An address as it is usually written.
pub(crate) struct Address(pub(crate) IpAddr);

impl AttributeValue for Address {
    fn record(&self, entry: Entry<'_>) {
        // An IPv4 client of an IPv6 socket is the IPv4 client it is.
        entry.str(&self.0.to_canonical().to_string());
    }
}

/// The name of the host a request was sent to, without the port.
pub(crate) fn host<'a>(uri: &'a Uri, header: Option<&'a HeaderValue>) -> Option<&'a [u8]> {
    let named = uri.authority().map(|authority| authority.as_str().as_bytes());
    host_name(named.or_else(|| header.map(HeaderValue::as_bytes))?)
}

/// A host without its port and whatever stands before it.
pub(crate) fn host_name(host: &[u8]) -> Option<&[u8]> {
    // Most are no more than a name: one look at each byte.
    if !host.is_empty() && !host.iter().any(|byte| matches!(byte, b'@' | b'[' | b':')) {
        return Some(host);
    }
    let position = |host: &[u8], wanted| host.iter().position(|byte| *byte == wanted);
    let host = host.iter().rposition(|byte| *byte == b'@').map_or(host, |at| &host[at + 1..]);
    if host.starts_with(b"[") {
        return position(host, b']').map(|end| &host[..=end]);
    }
    let end = position(host, b':').unwrap_or(host.len());
    Some(&host[..end]).filter(|name| !name.is_empty())
}

/// The length of a body in bytes: what the body knows, else what the header says, nothing where it is empty.
pub(crate) fn content_length<'a>(
    exact: Option<u64>,
    header: impl FnOnce() -> Option<&'a HeaderValue>,
) -> Option<u64> {
    let known = exact.filter(|length| *length > 0);
    known.or_else(|| header()?.to_str().ok()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_loses_its_port_and_whatever_stands_before_it() {
        let by_header = |value: &'static str| {
            let header = HeaderValue::from_static(value);
            host(&Uri::from_static("/a"), Some(&header)).map(<[u8]>::to_vec)
        };
        assert_eq!(by_header("books.example:8080").as_deref(), Some(&b"books.example"[..]));
        assert_eq!(by_header("books.example").as_deref(), Some(&b"books.example"[..]));
        assert_eq!(by_header("[::1]:8080").as_deref(), Some(&b"[::1]"[..]));
        assert_eq!(by_header(":80"), None);
        let absolute = Uri::from_static("http://user:secret@books.example:1/a");
        assert_eq!(host(&absolute, None), Some(&b"books.example"[..]));
        assert_eq!(host(&Uri::from_static("/a"), None), None);
    }

    #[test]
    fn the_value_of_a_header_is_recorded_where_it_is_visible_ascii() {
        static SITE: [CallSite; 3] = sites(SpanKind::Internal);
        let values = (0..=u8::MAX).filter_map(|byte| HeaderValue::from_bytes(&[b'a', byte]).ok());
        let scope = telemetry_core::testing::Scope::new();
        for value in values.chain([HeaderValue::from_bytes("größer".as_bytes()).unwrap()]) {
            let mut span = telemetry_core::SpanBuilder::new(&SITE[0]).task();
            span.attribute(key::HOST, &Ascii(value.as_bytes()));
            drop(span);
            let spans = scope.take_spans();
            assert_eq!(spans[0].attributes.first().and_then(text_of), value.to_str().ok(), "{value:?}");
        }
    }

    fn text_of(attribute: &Attribute) -> Option<&str> {
        match &attribute.value {
            telemetry_core::record::Value::Str(text) => Some(text),
            _ => None,
        }
    }

    #[test]
    fn the_numbers_name_the_keys() {
        assert_eq!(KEYS[key::METHOD], "http.method");
        assert_eq!(KEYS[key::ROUTE], "http.route");
        assert_eq!(KEYS[key::HOST], "net.host.name");
        assert_eq!(KEYS[key::PEER], "net.peer.ip");
        assert_eq!(KEYS[key::STATUS], "http.status_code");
        assert_eq!(KEYS[key::REQUEST_LENGTH], "http.request_content_length");
        assert_eq!(KEYS[key::RESPONSE_LENGTH], "http.response_content_length");
        assert_eq!(KEYS[key::URL], "http.url");
        assert_eq!(KEYS[key::USER_AGENT], "http.user_agent");
        assert_eq!(KEYS[key::PEER_NAME], "net.peer.name");
        assert_eq!(KEYS[key::REQUEST_ID], "http.request_id");
        assert_eq!(KEYS[key::RESENDS], "http.resend_count");
        assert_eq!(KEYS[key::GRPC_STATUS], "rpc.grpc.status_code");
        assert_eq!(KEYS[key::PEER_PORT], "net.peer.port");
        assert_eq!(KEYS[key::SCHEME], "http.scheme");
        assert_eq!(KEYS[key::METHOD_ORIGINAL], "http.request.method_original");
    }
}
