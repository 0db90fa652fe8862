//! What the tests of this crate share.

use std::future::Future;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

/// A service made of a function.
#[derive(Clone)]
pub(crate) struct Answer<F>(pub(crate) F);

impl<F, O, Q, B, E> Service<Request<Q>> for Answer<F>
where
    F: FnMut(Request<Q>) -> O,
    O: Future<Output = Result<Response<B>, E>>,
{
    type Response = Response<B>;
    type Error = E;
    type Future = O;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), E>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Q>) -> O {
        (self.0)(request)
    }
}
