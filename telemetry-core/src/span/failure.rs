//! What a traced function's result says of a failure.
//!
//! How a result is recorded is an [`Outcome`], a type without size that is chosen where the function stands:
//! [`probe`] says how.

use core::any::type_name;
use core::error::Error;
use core::fmt::{self, Debug, Display};
use core::ops::Deref;

use self::returned::Shown;
use super::writer::Held;

pub(super) mod probe;
pub(super) mod returned;

/// How many sources of an error are followed: a guard against chains that never end.
const MAX_SOURCES: usize = 32;

/// A span that can be told what came out.
pub trait RecordOutcome {
    /// Sets the status to error, with the type of the error and its message.
    ///
    /// The message is formatted during the call, if at all.
    fn record_failure(&mut self, error_type: &'static str, message: &dyn Display);

    /// Sets the status to error, with the type of an error that shows nothing of itself.
    fn record_failure_without_message(&mut self, error_type: &'static str);

    /// Records what was returned, as the attribute `return`.
    fn record_returned(&mut self, value: Shown<'_>);
}

/// What is recorded of what a function returned.
pub trait Outcome<R> {
    /// False when nothing is ever recorded: known to the compiler, so that less is compiled.
    const LOOKS: bool = true;

    /// Whether it is an error that is looked at.
    fn is_failure(&self, _returned: &R) -> bool {
        false
    }

    /// Records it. The span records.
    fn record(&self, returned: &R, span: &mut dyn RecordOutcome);
}

/// Records what a function returned, on a span that records; and counts it as an error where calls are counted.
#[inline(always)]
pub fn record<R, O: Outcome<R>, S: Held>(span: &mut S, outcome: &O, returned: &R) {
    if O::LOOKS && S::COUNTS && outcome.is_failure(returned) {
        span.count_failure();
    }
    let mut writer = span.writer();
    if O::LOOKS && writer.is_recording() {
        outcome.record(returned, &mut writer);
    }
}

/// Nothing is recorded.
#[derive(Clone, Copy, Debug)]
pub struct Ignored;

impl<R> Outcome<R> for Ignored {
    const LOOKS: bool = false;

    #[inline(always)]
    fn record(&self, _: &R, _: &mut dyn RecordOutcome) {}
}

/// The error and its sources, joined by `: `.
#[derive(Clone, Copy, Debug)]
pub struct OfError;

impl<T, E: Error> Outcome<Result<T, E>> for OfError {
    #[inline]
    fn is_failure(&self, returned: &Result<T, E>) -> bool {
        returned.is_err()
    }

    #[inline]
    fn record(&self, returned: &Result<T, E>, span: &mut dyn RecordOutcome) {
        if let Err(error) = returned {
            span.record_failure(type_name::<E>(), &Chain(error));
        }
    }
}

/// The error that the error dereferences to, and its sources.
#[derive(Clone, Copy, Debug)]
pub struct OfPointer;

impl<T, E: Deref<Target: Error>> Outcome<Result<T, E>> for OfPointer {
    #[inline]
    fn is_failure(&self, returned: &Result<T, E>) -> bool {
        returned.is_err()
    }

    #[inline]
    fn record(&self, returned: &Result<T, E>, span: &mut dyn RecordOutcome) {
        if let Err(error) = returned {
            span.record_failure(type_name::<E>(), &Chain(&**error));
        }
    }
}

/// What the error displays.
#[derive(Clone, Copy, Debug)]
pub struct OfDisplay;

impl<T, E: Display> Outcome<Result<T, E>> for OfDisplay {
    #[inline]
    fn is_failure(&self, returned: &Result<T, E>) -> bool {
        returned.is_err()
    }

    #[inline]
    fn record(&self, returned: &Result<T, E>, span: &mut dyn RecordOutcome) {
        if let Err(error) = returned {
            span.record_failure(type_name::<E>(), error);
        }
    }
}

/// How the error looks to a programmer.
#[derive(Clone, Copy, Debug)]
pub struct OfDebug;

impl<T, E: Debug> Outcome<Result<T, E>> for OfDebug {
    #[inline]
    fn is_failure(&self, returned: &Result<T, E>) -> bool {
        returned.is_err()
    }

    #[inline]
    fn record(&self, returned: &Result<T, E>, span: &mut dyn RecordOutcome) {
        if let Err(error) = returned {
            span.record_failure(type_name::<E>(), &format_args!("{error:?}"));
        }
    }
}

/// No more than the type of the error.
#[derive(Clone, Copy, Debug)]
pub struct OfSilence;

impl<T, E> Outcome<Result<T, E>> for OfSilence {
    #[inline]
    fn is_failure(&self, returned: &Result<T, E>) -> bool {
        returned.is_err()
    }

    #[inline]
    fn record(&self, returned: &Result<T, E>, span: &mut dyn RecordOutcome) {
        if returned.is_err() {
            span.record_failure_without_message(type_name::<E>());
        }
    }
}

/// The message that the user's function makes of the error: the function is called with the error, and what it makes
/// is handed on.
///
/// It runs while the message is written, where a panic of the user's code is caught.
pub struct Mapped<R: Fallible>(Message<R>);

/// Makes a message of an error and hands it on.
type Message<R> = fn(&<R as Fallible>::Error, &mut dyn FnMut(&dyn Display));

impl<R: Fallible> Outcome<R> for Mapped<R> {
    #[inline]
    fn is_failure(&self, returned: &R) -> bool {
        returned.error().is_some()
    }

    #[inline]
    fn record(&self, returned: &R, span: &mut dyn RecordOutcome) {
        if let Some(error) = returned.error() {
            span.record_failure(type_name::<R::Error>(), &Worded::<R> { error, message: self.0 });
        }
    }
}

impl<R: Fallible> Debug for Mapped<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mapped")
    }
}

/// What a function that can fail returns.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `Result`",
    label = "`err` maps the error of a `Result`, and the function returns `{Self}`"
)]
pub trait Fallible {
    /// The type of the error.
    type Error;

    /// The error, if it failed.
    fn error(&self) -> Option<&Self::Error>;
}

impl<T, E> Fallible for Result<T, E> {
    type Error = E;

    fn error(&self) -> Option<&E> {
        self.as_ref().err()
    }
}

/// An error and its sources, joined by `: `.
struct Chain<'e, E: ?Sized>(&'e E);

impl<E: Error + ?Sized> Display for Chain<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let sources = core::iter::successors(self.0.source(), |&error| error.source());
        for source in sources.take(MAX_SOURCES) {
            write!(f, ": {source}")?;
        }
        Ok(())
    }
}

/// An error as the user's function shows it.
struct Worded<'e, R: Fallible> {
    error: &'e R::Error,
    message: Message<R>,
}

impl<R: Fallible> Display for Worded<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut result = Ok(());
        (self.message)(self.error, &mut |message| result = message.fmt(f));
        result
    }
}

#[cfg(test)]
mod tests;
