//! What a traced function returns, recorded as an attribute.
#![allow(clippy::unused_self, reason = "which method is called depends on the type of `self`")]

use core::fmt::{Debug, Display};
use core::marker::PhantomData;

use super::probe::{Other, Probe, Silence};
use super::{Outcome, RecordOutcome};
use crate::span::value::AttributeValue;

/// A value and the way it is recorded.
#[derive(Clone, Copy)]
pub enum Shown<'v> {
    /// By its type.
    Value(&'v dyn AttributeValue),
    /// As text, by `Display`.
    Display(&'v dyn Display),
    /// As text, by `Debug`.
    Debug(&'v dyn Debug),
}

/// The part of what is returned that is recorded: of a `Result` what it holds if it is `Ok`, of anything else the
/// whole. Chosen like the [`Outcome`], by what a [`Probe`] dereferences to.
pub trait Part {
    /// What is returned.
    type Returned;
    /// What is recorded of it.
    type Value;

    /// The part, if it is there.
    fn of(returned: &Self::Returned) -> Option<&Self::Value>;
}

/// What an `Ok` holds.
#[derive(Debug)]
pub struct Success<T, E>(PhantomData<fn() -> (T, E)>);

impl<T, E> Part for Success<T, E> {
    type Returned = Result<T, E>;
    type Value = T;

    fn of(returned: &Result<T, E>) -> Option<&T> {
        returned.as_ref().ok()
    }
}

/// All of it.
#[derive(Debug)]
pub struct Whole<R>(PhantomData<fn() -> R>);

impl<R> Part for Whole<R> {
    type Returned = R;
    type Value = R;

    fn of(returned: &R) -> Option<&R> {
        Some(returned)
    }
}

impl<T, E> Silence<Result<T, E>> {
    /// What fits.
    #[inline(always)]
    pub const fn __telemetry_part(&self) -> Success<T, E> {
        Success(PhantomData)
    }
}

impl<R> Other<R> {
    /// What fits.
    #[inline(always)]
    pub const fn __telemetry_part(&self) -> Whole<R> {
        Whole(PhantomData)
    }
}

impl<R> Probe<R> {
    /// Records what is returned, beside an error.
    #[inline(always)]
    pub fn returned<P: Part<Returned = R>, O>(self, _: P, outcome: O, tell: Tell<P>) -> Returned<P, O> {
        Returned { outcome, tell }
    }
}

/// Shows the part to the span.
type Tell<P> = fn(&<P as Part>::Value, &mut dyn RecordOutcome);

/// Records what is returned, and what the other outcome records.
pub struct Returned<P: Part, O> {
    outcome: O,
    tell: Tell<P>,
}

impl<P: Part, O: Outcome<P::Returned>> Outcome<P::Returned> for Returned<P, O> {
    #[inline]
    fn is_failure(&self, returned: &P::Returned) -> bool {
        self.outcome.is_failure(returned)
    }

    #[inline]
    fn record(&self, returned: &P::Returned, span: &mut dyn RecordOutcome) {
        if let Some(value) = P::of(returned) {
            (self.tell)(value, span);
        }
        if O::LOOKS {
            self.outcome.record(returned, span);
        }
    }
}

impl<P: Part, O> Debug for Returned<P, O> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Returned")
    }
}
