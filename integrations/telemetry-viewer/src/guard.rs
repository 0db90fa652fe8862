//! Who may look: nobody from elsewhere, unless told otherwise.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, FORWARDED, HOST, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::api::Failure;

/// What nothing of the viewer needs, and so nothing may have.
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Whom to answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guard {
    pub(crate) any_peer: bool,
    pub(crate) hosts: Vec<String>,
}

impl Guard {
    fn check(&self, peer: Option<IpAddr>, headers: &HeaderMap, uri: &Uri) -> Result<(), Refusal> {
        if !self.any_peer {
            match peer {
                None => return Err(Refusal::UnknownPeer),
                Some(peer) if !peer.to_canonical().is_loopback() => return Err(Refusal::Peer),
                Some(_) => {}
            }
            // A proxy on this machine is a loopback peer, whoever is behind it.
            if headers.contains_key(FORWARDED) || headers.contains_key("x-forwarded-for") {
                return Err(Refusal::Forwarded);
            }
        }
        let mut hosts = headers.get_all(HOST).iter();
        let host = match (hosts.next(), hosts.next()) {
            (Some(host), None) => host.to_str().ok(),
            // HTTP/2 has it in the URI.
            (None, _) => uri.authority().map(Authority::as_str),
            _ => None,
        };
        if !host.is_some_and(|host| self.is_known(host)) {
            return Err(Refusal::Host);
        }
        // Browsers say where a request comes from; another page has nothing to ask here.
        let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
        if site.is_some_and(|site| !matches!(site, b"same-origin" | b"none"))
            && headers.get("sec-fetch-mode").is_none_or(|mode| mode != "navigate")
        {
            return Err(Refusal::Site);
        }
        Ok(())
    }

    /// Whether a host is this machine by name, or one that was allowed. Any other name may have been made to point here
    /// by its owner (DNS rebinding).
    fn is_known(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<Authority>() else { return false };
        let name = authority.host();
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        name.eq_ignore_ascii_case("localhost")
            || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
            || self
                .hosts
                .iter()
                .any(|known| known.eq_ignore_ascii_case(host) || known.eq_ignore_ascii_case(name))
    }
}

/// Why a request is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Refusal {
    #[error(
        "the viewer answers this machine alone, and cannot tell where this request comes from: serve with \
         into_make_service_with_connect_info::<SocketAddr>(), or allow any peer"
    )]
    UnknownPeer,
    #[error("the viewer answers this machine alone")]
    Peer,
    #[error("the viewer answers this machine alone, and this request was forwarded")]
    Forwarded,
    #[error(
        "the viewer is not known by this host, expected localhost, a loopback address or a host that was allowed"
    )]
    Host,
    #[error("the viewer answers no requests of other sites")]
    Site,
}

/// Refuses whoever may not look, and says of every answer what the browser may do with it.
pub(crate) async fn guarded(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    let mut response = match guard.check(peer, request.headers(), request.uri()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => Failure::new(StatusCode::FORBIDDEN, &refusal).into_response(),
    };
    let headers = response.headers_mut();
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCAL: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    fn check(
        guard: &Guard,
        peer: Option<IpAddr>,
        pairs: &[(&'static str, &'static str)],
    ) -> Result<(), Refusal> {
        guard.check(peer, &headers(pairs), &Uri::from_static("/"))
    }

    #[test]
    fn only_names_of_this_machine_are_hosts() {
        let guard = Guard { hosts: vec!["viewer.internal:8443".into(), "desk".into()], ..Guard::default() };
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "127.0.0.1:9",
            "127.8.8.8",
            "[::1]:80",
            "viewer.internal:8443",
            "desk:1234",
        ] {
            assert_eq!(check(&guard, LOCAL, &[("host", host)]), Ok(()), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "viewer.internal",
            "0.0.0.0",
            "",
            "a b",
            "evil@localhost:80/",
            "user@localhost.evil.example",
        ] {
            assert_eq!(check(&guard, LOCAL, &[("host", host)]), Err(Refusal::Host), "{host}");
        }
        assert_eq!(check(&guard, LOCAL, &[]), Err(Refusal::Host));
        assert_eq!(guard.check(LOCAL, &headers(&[]), &Uri::from_static("http://localhost:80/")), Ok(()));
        let mut twice = headers(&[("host", "localhost")]);
        twice.append(HOST, HeaderValue::from_static("evil.example"));
        assert_eq!(guard.check(LOCAL, &twice, &Uri::from_static("/")), Err(Refusal::Host));
    }

    #[test]
    fn peers_elsewhere_and_unknown_ones_are_refused_unless_allowed() {
        let guard = Guard::default();
        let host = [("host", "localhost")];
        let elsewhere = Some(IpAddr::from([10, 0, 0, 1]));
        let mapped = Some("::ffff:127.0.0.1".parse().unwrap());
        assert_eq!(check(&guard, mapped, &host), Ok(()));
        assert_eq!(check(&guard, elsewhere, &host), Err(Refusal::Peer));
        assert_eq!(check(&guard, None, &host), Err(Refusal::UnknownPeer));
        let forwarded = [("host", "localhost"), ("x-forwarded-for", "10.0.0.1")];
        assert_eq!(check(&guard, LOCAL, &forwarded), Err(Refusal::Forwarded));
        let open = Guard { any_peer: true, ..Guard::default() };
        for peer in [elsewhere, None] {
            assert_eq!(check(&open, peer, &forwarded), Ok(()));
        }
        assert_eq!(check(&open, elsewhere, &[("host", "evil.example")]), Err(Refusal::Host));
    }

    #[test]
    fn other_sites_may_link_here_and_ask_nothing() {
        let guard = Guard::default();
        let from = |site, mode| {
            check(&guard, LOCAL, &[("host", "localhost"), ("sec-fetch-site", site), ("sec-fetch-mode", mode)])
        };
        assert_eq!(from("same-origin", "cors"), Ok(()));
        assert_eq!(from("none", "navigate"), Ok(()));
        assert_eq!(from("cross-site", "navigate"), Ok(()));
        assert_eq!(from("cross-site", "cors"), Err(Refusal::Site));
        assert_eq!(from("same-site", "no-cors"), Err(Refusal::Site));
    }
}
