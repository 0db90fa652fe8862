//! The service that requests are sent to, and the one loop that sends them.

use std::convert::Infallible;
use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::routing::get;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Uri};
use http_body::Body as _;
use tower_service::Service;

/// A router with one route, without a layer.
pub(super) fn router() -> Router {
    Router::new().route("/books/{id}", get(|Path(id): Path<u64>| async move { black_box(id).to_string() }))
}

/// What every request is made from.
pub(super) struct Prototype {
    uri: Uri,
    headers: HeaderMap,
}

impl Prototype {
    /// Requests of a caller who records the trace, or does not.
    pub(super) fn new(sampled: bool) -> Self {
        let parent = if sampled {
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        } else {
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
        };
        let headers = [("host", "books.example"), ("user-agent", "reader/1.0"), ("traceparent", parent)];
        let header = |(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        Self { uri: Uri::from_static("/books/7"), headers: headers.map(header).into_iter().collect() }
    }

    fn request(&self) -> Request<Body> {
        let mut request = Request::new(Body::empty());
        self.uri.clone_into(request.uri_mut());
        self.headers.clone_into(request.headers_mut());
        request
    }
}

/// Serves so many requests, each to the end of its body. Nothing here ever waits.
#[inline(never)]
pub(super) fn serve(service: &mut Router, prototype: &Prototype, requests: u64) {
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..requests {
        let call = pin!(<Router as Service<Request<Body>>>::call(service, prototype.request()));
        let Poll::Ready(Ok::<Response<Body>, Infallible>(response)) = call.poll(&mut context) else {
            unreachable!("the handler does not wait")
        };
        let mut body = pin!(response.into_body());
        while let Poll::Ready(Some(frame)) = body.as_mut().poll_frame(&mut context) {
            black_box(frame).expect("a body in memory does not fail");
            if body.is_end_stream() {
                break;
            }
        }
    }
}
