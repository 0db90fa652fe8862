//! What a traced function's result says of a failure.
//!
//! A macro sees only how a return type is spelled, so the question "is this an error, and what does it say?" is put to
//! the compiler instead: [`Probe`] carries one method at six depths of reference, and method resolution takes the
//! deepest whose bounds hold. In generic code these are the bounds the function declares.
//!
//! | depth | the result is | the message |
//! |---|---|---|
//! | 5 | `Result<T, E>`, `E: Error` | the error and its sources, joined by `: ` |
//! | 4 | `Result<T, E>`, `E` dereferences to an `Error` (boxed, anyhow, eyre) | the same of what it points to |
//! | 3 | `Result<T, E>`, `E: Display` | its text |
//! | 2 | `Result<T, E>`, `E: Debug` | its debug form |
//! | 1 | `Result<T, E>` | none |
//! | 0 | anything else | nothing is recorded |

use core::any::type_name;
use core::error::Error;
use core::fmt::{self, Debug, Display};
use core::ops::Deref;

use super::{SpanGuard, TaskSpan};

/// How many sources of an error are followed: a guard against chains that never end.
const MAX_SOURCES: usize = 32;

/// A span that can be told of a failure.
pub trait RecordFailure {
    /// Whether the span would keep it.
    fn is_recording(&self) -> bool;

    /// Sets the status to error, with the type of the error and its message.
    ///
    /// The message is formatted during the call, if at all.
    fn record_failure(&mut self, error_type: &'static str, message: &dyn Display);

    /// Sets the status to error, with the type of an error that shows nothing of itself.
    fn record_failure_without_message(&mut self, error_type: &'static str);
}

impl RecordFailure for SpanGuard {
    #[inline(always)]
    fn is_recording(&self) -> bool {
        self.is_recording()
    }

    fn record_failure(&mut self, error_type: &'static str, message: &dyn Display) {
        self.fail(error_type, Some(message));
    }

    fn record_failure_without_message(&mut self, error_type: &'static str) {
        self.fail(error_type, None);
    }
}

impl RecordFailure for TaskSpan {
    #[inline(always)]
    fn is_recording(&self) -> bool {
        self.is_recording()
    }

    fn record_failure(&mut self, error_type: &'static str, message: &dyn Display) {
        self.fail(error_type, Some(message));
    }

    fn record_failure_without_message(&mut self, error_type: &'static str) {
        self.fail(error_type, None);
    }
}

/// A returned value about to be asked whether it is an error.
#[derive(Debug)]
pub struct Probe<'r, R>(pub &'r R);

/// One trait for each depth, all with the one method; glob-imported by `record_outcome!`.
pub mod depths {
    use super::{Chain, Debug, Deref, Display, Error, Probe, RecordFailure, type_name};

    /// The error is a `core::error::Error`.
    pub trait OfError {
        /// Records the failure, if there is one.
        fn __telemetry_record(&self, span: &mut dyn RecordFailure);
    }

    impl<T, E: Error> OfError for &&&&&Probe<'_, Result<T, E>> {
        #[inline]
        fn __telemetry_record(&self, span: &mut dyn RecordFailure) {
            if let Err(error) = self.0 {
                span.record_failure(type_name::<E>(), &Chain(error));
            }
        }
    }

    /// The error dereferences to a `core::error::Error`.
    pub trait OfPointer {
        /// Records the failure, if there is one.
        fn __telemetry_record(&self, span: &mut dyn RecordFailure);
    }

    impl<T, E: Deref<Target: Error>> OfPointer for &&&&Probe<'_, Result<T, E>> {
        #[inline]
        fn __telemetry_record(&self, span: &mut dyn RecordFailure) {
            if let Err(error) = self.0 {
                span.record_failure(type_name::<E>(), &Chain(&**error));
            }
        }
    }

    /// The error is only `Display`.
    pub trait OfDisplay {
        /// Records the failure, if there is one.
        fn __telemetry_record(&self, span: &mut dyn RecordFailure);
    }

    impl<T, E: Display> OfDisplay for &&&Probe<'_, Result<T, E>> {
        #[inline]
        fn __telemetry_record(&self, span: &mut dyn RecordFailure) {
            if let Err(error) = self.0 {
                span.record_failure(type_name::<E>(), error);
            }
        }
    }

    /// The error is only `Debug`.
    pub trait OfDebug {
        /// Records the failure, if there is one.
        fn __telemetry_record(&self, span: &mut dyn RecordFailure);
    }

    impl<T, E: Debug> OfDebug for &&Probe<'_, Result<T, E>> {
        #[inline]
        fn __telemetry_record(&self, span: &mut dyn RecordFailure) {
            if let Err(error) = self.0 {
                span.record_failure(type_name::<E>(), &format_args!("{error:?}"));
            }
        }
    }

    /// The error shows nothing of itself.
    pub trait OfSilence {
        /// Records the failure, if there is one.
        fn __telemetry_record(&self, span: &mut dyn RecordFailure);
    }

    impl<T, E> OfSilence for &Probe<'_, Result<T, E>> {
        #[inline]
        fn __telemetry_record(&self, span: &mut dyn RecordFailure) {
            if self.0.is_err() {
                span.record_failure_without_message(type_name::<E>());
            }
        }
    }

    /// The value is no result.
    pub trait OfNothing {
        /// Does nothing.
        fn __telemetry_record(&self, span: &mut dyn RecordFailure);
    }

    impl<R> OfNothing for Probe<'_, R> {
        #[inline]
        fn __telemetry_record(&self, _: &mut dyn RecordFailure) {}
    }
}

/// Records on a span what a function returned, if it is an error. The span and the result are variables.
#[doc(hidden)]
#[macro_export]
macro_rules! __telemetry_record_outcome {
    ($span:ident, $result:ident) => {
        if $crate::__private::RecordFailure::is_recording(&$span) {
            use $crate::__private::failure::depths::*;
            (&&&&&&$crate::__private::failure::Probe(&$result)).__telemetry_record(&mut $span);
        }
    };
}

/// Runs the body of a function that was made a closure, so that `return` and `?` end the closure.
///
/// The bound makes it a closure that is called once: what it returns may borrow from what it took.
#[inline(always)]
pub fn call_once<R>(body: impl FnOnce() -> R) -> R {
    body()
}

/// Records an error under the message that the user's function makes of it.
///
/// The function runs while the message is written, where a panic of the user's code is caught.
pub fn record_mapped<'r, T, E, D: Display>(
    span: &mut dyn RecordFailure,
    result: &'r Result<T, E>,
    message: impl Fn(&'r E) -> D,
) {
    if let Err(error) = result
        && span.is_recording()
    {
        span.record_failure(type_name::<E>(), &Mapped { error, message });
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
struct Mapped<'e, E, F> {
    error: &'e E,
    message: F,
}

impl<'e, E, D: Display, F: Fn(&'e E) -> D> Display for Mapped<'e, E, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.message)(self.error).fmt(f)
    }
}

#[cfg(test)]
mod tests;
