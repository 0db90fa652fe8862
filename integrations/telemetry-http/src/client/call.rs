//! One outgoing request, by whatever sends it.

use std::any::type_name;
use std::fmt::Display;
use std::future::Future;

use http::header::CONTENT_LENGTH;
use http::{Request, Response};
use http_body::Body;

use super::span::{Outgoing, Resend, Sent, Style};
use crate::attributes;

/// Sends a request inside a client span and names that span in the request's `traceparent`, so that the service at
/// the other end continues the trace.
///
/// The span is named by the method and lasts until the head of the response is there. A status of 400 or above is an
/// error of the caller's, and so is a failure to get any. Where nothing is recorded, the identifiers of the trace are
/// passed on all the same.
///
/// # Errors
/// What `send` returns.
///
/// # Examples
/// ```
/// # async fn example() -> Result<(), std::convert::Infallible> {
/// # use std::convert::Infallible;
/// # let client = |request: http::Request<String>| async { Ok::<_, Infallible>(http::Response::new(request.into_body())) };
/// let request = http::Request::get("http://inventory.example/books/7").body(String::new()).unwrap();
/// let response = telemetry_http::call(request, |request| client(request)).await?;
/// assert_eq!(response.status(), 200);
/// # Ok(())
/// # }
/// # let ready = std::pin::pin!(example()).poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
/// # assert!(ready.is_ready());
/// ```
pub async fn call<Q, R, E, F>(
    mut request: Request<Q>,
    send: impl FnOnce(Request<Q>) -> F,
) -> Result<Response<R>, E>
where
    Q: Body,
    E: Display,
    F: Future<Output = Result<Response<R>, E>>,
{
    let mut sent = begin(Style::for_calls(), &mut request);
    let result = sent.span().run(async { send(request).await }).await;
    match &result {
        Ok(response) => {
            sent.answered(response.status(), response.headers());
            sent.complete();
        }
        Err(failure) => sent.failed(type_name::<E>(), failure),
    }
    result
}

/// Opens the span of a request.
pub(super) fn begin<Q: Body>(style: Style, request: &mut Request<Q>) -> Sent {
    let length = attributes::content_length(request.body().size_hint().exact(), || {
        request.headers().get(CONTENT_LENGTH)
    });
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let resend = request.extensions().get::<Resend>().copied();
    let mut outgoing =
        Outgoing { method: &method, uri: &uri, headers: request.headers_mut(), resend, length };
    Sent::begin(style, &mut outgoing)
}
