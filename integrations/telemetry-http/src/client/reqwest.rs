//! Requests by reqwest.

use std::any::type_name;
use std::error::Error as _;
use std::fmt::{self, Display};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ::reqwest::{Error, Request, RequestBuilder, Response};
use http::Uri;
use http_body::Body as _;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::layer::ClientService;
use super::span::{Outgoing, Resend, Sent};
use crate::conventions::Conventions;

/// Sends requests of reqwest's inside client spans, as [`call`](crate::call) does those of others (feature `reqwest`).
///
/// What reqwest does within one request, following redirects and what its own retries do, is part of its span. To
/// choose the [`Conventions`], or to retry by tower, put a [`ClientLayer`](crate::ClientLayer) around the client.
///
/// # Examples
/// ```no_run
/// use telemetry_http::SendTraced;
/// # async fn example(client: reqwest::Client) -> Result<(), reqwest::Error> {
/// let response = client.get("http://inventory.example/books/7").send_traced().await?;
/// assert_eq!(response.status(), 200);
/// # Ok(())
/// # }
/// ```
pub trait SendTraced: Sized + sealed::Sealed {
    /// Sends the request inside a client span and names that span in its `traceparent`.
    ///
    /// # Errors
    /// What `send` returns; the span has the message with its causes, and without the URL.
    fn send_traced(self) -> impl Future<Output = Result<Response, Error>> + Send {
        self.resend_traced(Resend::default())
    }

    /// As [`send_traced`](Self::send_traced), for a request that has been sent before: every attempt has a span of its
    /// own, with its number as `http.resend_count`.
    ///
    /// # Errors
    /// What `send` returns.
    fn resend_traced(self, resend: Resend) -> impl Future<Output = Result<Response, Error>> + Send;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for ::reqwest::RequestBuilder {}
}

impl SendTraced for RequestBuilder {
    async fn resend_traced(self, resend: Resend) -> Result<Response, Error> {
        let (client, request) = self.build_split();
        let mut request = request?;
        let mut sent = begin(Conventions::for_calls(), &mut request, Some(resend));
        let inner = sent.span().in_scope(|| client.execute(request));
        ReqwestFuture { inner, sent: Some(sent) }.await
    }
}

impl<S> Service<Request> for ClientService<S>
where
    S: Service<Request, Response = Response, Error = Error>,
{
    type Response = Response;
    type Error = Error;
    type Future = ReqwestFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let mut sent = begin(self.conventions, &mut request, None);
        let inner = sent.span().in_scope(|| self.inner.call(request));
        ReqwestFuture { inner, sent: Some(sent) }
    }
}

fn begin(conventions: Conventions, request: &mut Request, resend: Option<Resend>) -> Sent {
    let length = request.body().and_then(|body| body.size_hint().exact());
    let method = request.method().clone();
    // Whatever URL makes no request is reqwest's to refuse.
    let uri = Uri::try_from(request.url().as_str()).unwrap_or_default();
    let mut outgoing =
        Outgoing { method: &method, uri: &uri, headers: request.headers_mut(), resend, length };
    Sent::begin(conventions, &mut outgoing)
}

pin_project! {
    /// Polls a request of reqwest's inside its span. Dropped before it is ready, the request was cancelled.
    #[derive(Debug)]
    #[must_use = "a future does nothing unless it is polled"]
    pub struct ReqwestFuture<F> {
        #[pin]
        inner: F,
        sent: Option<Sent>,
    }
}

impl<F: Future<Output = Result<Response, Error>>> Future for ReqwestFuture<F> {
    type Output = Result<Response, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (result, sent) = ready!(Sent::poll(this.sent, this.inner, cx));
        let Some(mut sent) = sent else { return Poll::Ready(result) };
        Poll::Ready(match result {
            Ok(response) => {
                sent.answered(response.status(), response.headers());
                sent.complete();
                Ok(response)
            }
            Err(failure) => {
                // Its URL may hold credentials, and the span has it already, without them.
                let url = failure.url().cloned();
                let failure = failure.without_url();
                sent.failed(type_name::<Error>(), &Causes(&failure));
                Err(match url {
                    Some(url) => failure.with_url(url),
                    None => failure,
                })
            }
        })
    }
}

/// An error with what it came of: reqwest's own text says hardly more than that there was one.
struct Causes<'a>(&'a Error);

impl Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
