//! The route a request was matched to.

use http::Extensions;

/// The route of a request, such as `/books/{id}`; none where the router did not say. Never the raw path: a caller
/// chooses that, and with it how many names there are.
#[cfg(feature = "axum")]
pub(crate) fn route(extensions: &Extensions) -> Option<&str> {
    extensions.get::<axum::extract::MatchedPath>().map(axum::extract::MatchedPath::as_str)
}

/// The route of a request: without a router that says it, there is none.
#[cfg(not(feature = "axum"))]
pub(crate) fn route(_extensions: &Extensions) -> Option<&str> {
    None
}

/// The address of the peer, where the server says it.
#[cfg(feature = "axum")]
pub(crate) fn peer(extensions: &Extensions) -> Option<std::net::IpAddr> {
    use axum::extract::ConnectInfo;
    use std::net::SocketAddr;
    extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip())
}

/// The address of the peer: without a server that says it, there is none.
#[cfg(not(feature = "axum"))]
pub(crate) fn peer(_extensions: &Extensions) -> Option<std::net::IpAddr> {
    None
}
