//! What `?` does, for bodies whose `?` must not leave the function: see `telemetry-macros/src/trace/early.rs`.
//!
//! The standard library's traits of `?` cannot be named yet, so its implementations stand here once more.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::task::Poll;

/// What `?` can be put behind.
#[diagnostic::on_unimplemented(
    message = "the `?` operator cannot be applied to `{Self}`",
    label = "`?` takes a `Result`, an `Option`, a `Poll` of a `Result` or a `ControlFlow`"
)]
pub trait Branch {
    /// What `?` comes to.
    type Output;
    /// What it leaves with.
    type Residual;

    /// Which of the two it is.
    fn branch(self) -> ControlFlow<Self::Residual, Self::Output>;
}

/// What a function returns that `?` may leave with an `R`.
#[diagnostic::on_unimplemented(
    message = "the `?` operator cannot leave a function that returns `{Self}` with `{R}`",
    label = "cannot use `?` here: the function returns `{Self}`"
)]
pub trait FromResidual<R> {
    /// What it returns then.
    fn from_residual(residual: R) -> Self;
}

impl<T, E> Branch for Result<T, E> {
    type Output = T;
    type Residual = Result<Infallible, E>;

    #[inline]
    fn branch(self) -> ControlFlow<Self::Residual, T> {
        match self {
            Ok(value) => ControlFlow::Continue(value),
            Err(error) => ControlFlow::Break(Err(error)),
        }
    }
}

impl<T> Branch for Option<T> {
    type Output = T;
    type Residual = Option<Infallible>;

    #[inline]
    fn branch(self) -> ControlFlow<Self::Residual, T> {
        match self {
            Some(value) => ControlFlow::Continue(value),
            None => ControlFlow::Break(None),
        }
    }
}

impl<B, C> Branch for ControlFlow<B, C> {
    type Output = C;
    type Residual = ControlFlow<B, Infallible>;

    #[inline]
    fn branch(self) -> ControlFlow<Self::Residual, C> {
        match self {
            Self::Continue(value) => ControlFlow::Continue(value),
            Self::Break(value) => ControlFlow::Break(ControlFlow::Break(value)),
        }
    }
}

impl<T, E> Branch for Poll<Result<T, E>> {
    type Output = Poll<T>;
    type Residual = Result<Infallible, E>;

    #[inline]
    fn branch(self) -> ControlFlow<Self::Residual, Poll<T>> {
        match self {
            Self::Pending => ControlFlow::Continue(Poll::Pending),
            Self::Ready(Ok(value)) => ControlFlow::Continue(Poll::Ready(value)),
            Self::Ready(Err(error)) => ControlFlow::Break(Err(error)),
        }
    }
}

impl<T, E> Branch for Poll<Option<Result<T, E>>> {
    type Output = Poll<Option<T>>;
    type Residual = Result<Infallible, E>;

    #[inline]
    fn branch(self) -> ControlFlow<Self::Residual, Poll<Option<T>>> {
        match self {
            Self::Pending => ControlFlow::Continue(Poll::Pending),
            Self::Ready(None) => ControlFlow::Continue(Poll::Ready(None)),
            Self::Ready(Some(Ok(value))) => ControlFlow::Continue(Poll::Ready(Some(value))),
            Self::Ready(Some(Err(error))) => ControlFlow::Break(Err(error)),
        }
    }
}

impl<T, E, F: From<E>> FromResidual<Result<Infallible, E>> for Result<T, F> {
    #[inline]
    #[track_caller]
    fn from_residual(Err(error): Result<Infallible, E>) -> Self {
        Err(F::from(error))
    }
}

impl<T, E, F: From<E>> FromResidual<Result<Infallible, E>> for Poll<Result<T, F>> {
    #[inline]
    #[track_caller]
    fn from_residual(Err(error): Result<Infallible, E>) -> Self {
        Self::Ready(Err(F::from(error)))
    }
}

impl<T, E, F: From<E>> FromResidual<Result<Infallible, E>> for Poll<Option<Result<T, F>>> {
    #[inline]
    #[track_caller]
    fn from_residual(Err(error): Result<Infallible, E>) -> Self {
        Self::Ready(Some(Err(F::from(error))))
    }
}

impl<T> FromResidual<Option<Infallible>> for Option<T> {
    #[inline]
    fn from_residual(_: Option<Infallible>) -> Self {
        None
    }
}

impl<B, C> FromResidual<ControlFlow<B, Infallible>> for ControlFlow<B, C> {
    #[inline]
    fn from_residual(residual: ControlFlow<B, Infallible>) -> Self {
        match residual {
            ControlFlow::Break(value) => Self::Break(value),
            ControlFlow::Continue(never) => match never {},
        }
    }
}
