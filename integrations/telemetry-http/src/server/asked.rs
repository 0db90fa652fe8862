//! What a request asked for, kept until it ends and described then, in one go.

use std::net::IpAddr;

use http::header::{HOST, USER_AGENT};
use http::{HeaderValue, Request, StatusCode, Uri};
use http_body::Body;
use telemetry_core::TaskSpan;

use super::route;
use crate::attributes::{self, Address, Kept, Text, Url, key};
use crate::method::KnownMethod;

/// The parts of a request that its span describes. Cheap to keep: references and counts, no copied text.
#[derive(Debug)]
pub(crate) struct Asked {
    uri: Uri,
    route: Option<&'static str>,
    host: Option<HeaderValue>,
    peer: Option<IpAddr>,
    length: Option<u64>,
    user_agent: Option<HeaderValue>,
}

impl Asked {
    pub(crate) fn of<B: Body>(request: &Request<B>, route: Option<&'static str>) -> Self {
        let headers = request.headers();
        Self {
            uri: request.uri().clone(),
            route,
            host: headers.get(HOST).cloned(),
            peer: route::peer(request.extensions()),
            length: attributes::content_length(headers, request.body()),
            user_agent: headers.get(USER_AGENT).cloned(),
        }
    }

    /// Describes the request and its response: what tells most comes first, what may be long comes last.
    pub(crate) fn describe(
        &self,
        span: &mut TaskSpan,
        method: KnownMethod,
        status: Option<StatusCode>,
        response_length: Option<u64>,
    ) {
        let (short, long) = Url::short_and_long(&self.uri);
        span.attribute(key::STATUS, &status.map(|status| status.as_u16()));
        span.attribute(key::URL, &short);
        span.attribute(key::METHOD, &Kept(method.as_str()));
        span.attribute(key::ROUTE, &self.route.map(Kept));
        span.attribute(key::RESPONSE_LENGTH, &response_length);
        span.attribute(key::REQUEST_LENGTH, &self.length);
        span.attribute(key::HOST, &attributes::host(&self.uri, self.host.as_ref()));
        span.attribute(key::PEER, &self.peer.map(Address));
        span.attribute(key::URL, &long);
        span.attribute(key::USER_AGENT, &self.user_agent.as_ref().map(Text));
    }
}
