//! Futures in boxes, inside a span.

use std::future::Future;
use std::pin::Pin;

use super::timed::PolledSpan;
use super::traced::Step;

/// A future on the heap, ready to become one of a type that is not known.
#[inline(always)]
pub fn boxed<F>(future: F) -> Pin<Box<F>> {
    Box::pin(future)
}

/// A future in a box of a type that does not say so where the macro sees it: the one around it is of the same type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a future in a box",
    label = "not a future in a box",
    note = "`async = true` is for functions that return a `Pin<Box<dyn Future>>`, by whatever name"
)]
pub trait BoxedFuture: Sized {
    /// What it yields.
    type Output;

    /// The future inside a span. `outcome` records what comes out.
    fn inside<S, O>(self, span: S, outcome: O) -> Self
    where
        S: PolledSpan + Send + Sync + Unpin + 'static,
        O: FnOnce(&mut S, &Self::Output) + Send + Sync + Unpin + 'static;
}

/// A boxed future inside a span that ends when the future is ready, wherever it goes. `outcome` records what comes out.
#[inline]
pub fn boxed_step<F: BoxedFuture, S, O>(span: S, future: F, outcome: O) -> F
where
    S: PolledSpan + Send + Sync + Unpin + 'static,
    O: FnOnce(&mut S, &F::Output) + Send + Sync + Unpin + 'static,
{
    future.inside(span, outcome)
}

macro_rules! boxed_futures {
    ($([$($and:ident)*])*) => {$(
        impl<'a, T: 'a> BoxedFuture for Pin<Box<dyn Future<Output = T> $(+ $and)* + 'a>> {
            type Output = T;

            fn inside<S, O>(self, span: S, outcome: O) -> Self
            where
                S: PolledSpan + Send + Sync + Unpin + 'static,
                O: FnOnce(&mut S, &T) + Send + Sync + Unpin + 'static,
            {
                Box::pin(Step::new(span, self, outcome))
            }
        }
    )*};
}

boxed_futures! { [] [Send] [Send Sync] [Sync] [Unpin] [Send Unpin] }
