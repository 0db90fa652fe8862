//! A value that travels with the context it was sent from.

use std::fmt;

use super::attach::Context;

/// A value with the context it was made in: for channels and queues, whose receiver goes on with the sender's work.
///
/// ```
/// use std::sync::mpsc;
/// use telemetry_core::Carried;
///
/// let (sender, receiver) = mpsc::channel();
/// let worker = std::thread::spawn(move || {
///     // What opens inside the closure hangs on the span in which the message was sent.
///     receiver.iter().map(|message: Carried<i32>| message.run(|number| number * 2)).sum::<i32>()
/// });
/// sender.send(Carried::new(21)).unwrap();
/// drop(sender);
/// assert_eq!(worker.join().unwrap(), 42);
/// ```
#[derive(Clone, Copy)]
pub struct Carried<T> {
    value: T,
    context: Context,
}

impl<T> Carried<T> {
    /// The value with the context of this thread now.
    pub fn new(value: T) -> Self {
        Self { value, context: Context::current() }
    }

    /// Works on the value under its context.
    pub fn run<R>(self, work: impl FnOnce(T) -> R) -> R {
        let Self { value, context } = self;
        context.run(|| work(value))
    }

    /// The value and its context, for a receiver that awaits ([`Context::wrap_future`]).
    pub fn into_parts(self) -> (T, Context) {
        (self.value, self.context)
    }
}

impl<T: fmt::Debug> fmt::Debug for Carried<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Carried").field("value", &self.value).field("context", &self.context).finish()
    }
}
