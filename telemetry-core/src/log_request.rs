//! The identifier of a request, for its log lines.

use std::cell::RefCell;
use std::sync::Arc;

thread_local! {
    static CURRENT: RefCell<Option<Arc<str>>> = const { RefCell::new(None) };
}

/// The identifier of the request that a thread works on: what a service's callers know a request by, and what the
/// integrations for `tracing` and `log` add to its lines as `request_id`, inside a span or not.
///
/// The HTTP layer sets it where it was asked for request identifiers; whoever takes requests by other means sets it by
/// hand. It follows the thread, so set it for each poll and take it back after.
///
/// # Examples
/// ```
/// use telemetry_core::LogRequest;
///
/// let before = LogRequest::replace(Some("order-7".into()));
/// assert_eq!(LogRequest::current().as_deref(), Some("order-7"));
/// LogRequest::replace(before);
/// assert_eq!(LogRequest::current(), None);
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct LogRequest;

impl LogRequest {
    /// The name of the field.
    pub const NAME: &'static str = "request_id";

    /// The identifier of the request this thread works on; none outside of one, and on a thread that is being torn
    /// down.
    pub fn current() -> Option<Arc<str>> {
        CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
    }

    /// Makes this the identifier, and gives back the one before.
    pub fn replace(identifier: Option<Arc<str>>) -> Option<Arc<str>> {
        CURRENT.try_with(|current| current.replace(identifier)).ok().flatten()
    }
}
