//! Which [`Outcome`](super::Outcome) fits a result.
//!
//! A macro sees only how a return type is spelled, so the question "is this an error, and what does it say?" is put to
//! the compiler: [`Probe`] is the first of a chain of types, each of which dereferences to the next and has the one
//! method only for some results. Method resolution takes the first that has it. In generic code it goes by the bounds
//! that the function declares.
//!
//! | link | the result is | the message |
//! |---|---|---|
//! | [`Probe`] | `Result<T, E>`, `E: Error` | the error and its sources, joined by `: ` |
//! | [`Pointer`] | `Result<T, E>`, `E` dereferences to an `Error` (boxed, anyhow, eyre) | the same of what it points to |
//! | [`Text`] | `Result<T, E>`, `E: Display` | its text |
//! | [`Look`] | `Result<T, E>`, `E: Debug` | its debug form |
//! | [`Silence`] | `Result<T, E>` | none |
//! | [`Other`] | anything else | nothing is recorded |
#![allow(clippy::unused_self, reason = "which method is called depends on the type of `self`")]

use core::error::Error;
use core::fmt::{Debug, Display};
use core::future::Future;
use core::marker::PhantomData;
use core::ops::Deref;

use super::{Fallible, Ignored, Mapped, Message, OfDebug, OfDisplay, OfError, OfPointer, OfSilence};

/// The first link: asks for an error.
#[derive(Debug)]
pub struct Probe<R>(Pointer<R>);

/// Asks for something that dereferences to an error.
#[derive(Debug)]
pub struct Pointer<R>(Text<R>);

/// Asks for something that displays.
#[derive(Debug)]
pub struct Text<R>(Look<R>);

/// Asks for something with a debug form.
#[derive(Debug)]
pub struct Look<R>(Silence<R>);

/// Asks for any result.
#[derive(Debug)]
pub struct Silence<R>(Other<R>);

/// The last link: takes everything.
#[derive(Debug)]
pub struct Other<R>(PhantomData<fn() -> R>);

impl<R> Probe<R> {
    /// The chain for a type that is spelled.
    pub const NEW: Self = Self(Pointer(Text(Look(Silence(Other(PhantomData))))));

    /// The chain for the type of a value.
    pub const fn of(_: &R) -> Self {
        Self::NEW
    }

    /// The chain for what a future yields.
    pub const fn of_output<F: Future<Output = R>>(_: &F) -> Self {
        Self::NEW
    }

    /// Takes the message from a function of the user's.
    pub const fn mapped(self, message: Message<R>) -> Mapped<R>
    where
        R: Fallible,
    {
        Mapped(message)
    }
}

macro_rules! chain {
    ($($link:ident -> $next:ident),+) => {$(
        impl<R> Deref for $link<R> {
            type Target = $next<R>;

            #[inline(always)]
            fn deref(&self) -> &$next<R> {
                &self.0
            }
        }
    )+};
}

chain!(Probe -> Pointer, Pointer -> Text, Text -> Look, Look -> Silence, Silence -> Other);

impl<T, E: Error> Probe<Result<T, E>> {
    /// What fits.
    #[inline(always)]
    pub const fn __telemetry_probe(&self) -> OfError {
        OfError
    }
}

impl<T, E: Deref<Target: Error>> Pointer<Result<T, E>> {
    /// What fits.
    #[inline(always)]
    pub const fn __telemetry_probe(&self) -> OfPointer {
        OfPointer
    }
}

impl<T, E: Display> Text<Result<T, E>> {
    /// What fits.
    #[inline(always)]
    pub const fn __telemetry_probe(&self) -> OfDisplay {
        OfDisplay
    }
}

impl<T, E: Debug> Look<Result<T, E>> {
    /// What fits.
    #[inline(always)]
    pub const fn __telemetry_probe(&self) -> OfDebug {
        OfDebug
    }
}

impl<T, E> Silence<Result<T, E>> {
    /// What fits.
    #[inline(always)]
    pub const fn __telemetry_probe(&self) -> OfSilence {
        OfSilence
    }
}

impl<R> Other<R> {
    /// What fits.
    #[inline(always)]
    pub const fn __telemetry_probe(&self) -> Ignored {
        Ignored
    }
}
