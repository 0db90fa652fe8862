//! What is said of a request: when it comes, and when it has ended.

use std::net::IpAddr;

use http::uri::PathAndQuery;
use http::{HeaderValue, Request, StatusCode};
use http_body::Body;
use telemetry_core::TaskSpan;

use super::route;
use crate::attributes::{self, Address, Ascii, Kept, Url, key};
use crate::headers::Seen;
use crate::method::KnownMethod;

/// The parts of a request that are kept until it ends: what may be long gives way to how the request ended. Cheap to
/// keep: references and counts, no copied text.
#[derive(Debug)]
pub(crate) struct Asked {
    long_url: Option<PathAndQuery>,
    host: Option<Host>,
    peer: Option<IpAddr>,
    user_agent: Option<HeaderValue>,
}

/// The host a request was sent to.
#[derive(Debug)]
enum Host {
    Header(HeaderValue),
    Authority(http::uri::Authority),
}

impl Asked {
    /// Describes a request that is recorded by what is short, and keeps the rest.
    pub(super) fn describe_request<B: Body>(
        span: &mut TaskSpan,
        request: &Request<B>,
        method: KnownMethod,
        route: Option<&'static str>,
        seen: &Seen<'_>,
    ) -> Self {
        let uri = request.uri();
        let (short, long) = Url::short_and_long(uri);
        span.attribute(key::URL, &short);
        span.attribute(key::METHOD, &Kept(method.as_str()));
        if method == KnownMethod::Other {
            span.attribute(key::METHOD_ORIGINAL, &attributes::original(request.method(), method));
        }
        span.attribute(key::ROUTE, &route.map(Kept));
        let length = attributes::content_length(request.body().size_hint().exact(), || seen.content_length);
        span.attribute(key::REQUEST_LENGTH, &length);
        let host = match uri.authority() {
            Some(authority) => Some(Host::Authority(authority.clone())),
            None => seen.host.cloned().map(Host::Header),
        };
        Self {
            long_url: long.map(|_| uri.path_and_query().cloned()).unwrap_or_default(),
            host,
            peer: route::peer(request.extensions()),
            user_agent: seen.user_agent.cloned(),
        }
    }

    /// Describes how it ended, and adds what was kept.
    pub(super) fn describe(
        &self,
        span: &mut TaskSpan,
        status: Option<StatusCode>,
        response_length: Option<u64>,
    ) {
        let host = self.host.as_ref().and_then(|host| match host {
            Host::Header(header) => attributes::host_name(header.as_bytes()),
            Host::Authority(authority) => attributes::host_name(authority.as_str().as_bytes()),
        });
        span.attribute(key::STATUS, &status.map(|status| status.as_u16()));
        span.attribute(key::RESPONSE_LENGTH, &response_length);
        span.attribute(key::HOST, &host.map(Ascii));
        span.attribute(key::PEER, &self.peer.map(Address));
        span.attribute(key::URL, &self.long_url.as_ref().map(Url::of));
        span.attribute(key::USER_AGENT, &self.user_agent.as_ref().map(|value| Ascii(value.as_bytes())));
    }
}
