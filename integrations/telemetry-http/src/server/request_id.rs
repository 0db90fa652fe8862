//! The identifier of a request: taken from the caller or made, passed on, echoed and recorded.

use std::cell::RefCell;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use http::{HeaderMap, HeaderName, HeaderValue};

/// Bytes of an identifier that is taken from a caller, at the most.
const LONGEST: usize = 128;

/// The identifier of a request, as it stands in its header.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RequestId {
    header: HeaderValue,
    /// The same, for log lines.
    text: Arc<str>,
}

thread_local! {
    static CURRENT: RefCell<Option<RequestId>> = const { RefCell::new(None) };
}

impl RequestId {
    /// The identifier of the request this thread is working on, inside a service under a layer with
    /// [`request_id`](crate::TelemetryLayer::request_id). The integrations for `tracing` and `log` find it as
    /// [`LogRequest`](telemetry_core::LogRequest). A task that is spawned and a thread have none, also under the request's
    /// context: their lines are found by its trace, or by what
    /// [`LogRequest::replace`](telemetry_core::LogRequest::replace) is given there.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
    }

    /// The identifier: visible ASCII.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What the caller says where it is one and acceptable, else a new one; it alone stands in the headers from here on.
    pub(super) fn take_or_make(headers: &mut HeaderMap, name: &HeaderName) -> Self {
        let mut given = headers.get_all(name).iter();
        // Of several nobody could say which one those behind go by.
        if let (Some(one), None) = (given.next(), given.next())
            && is_acceptable(one)
        {
            return Self::of(one.clone());
        }
        let made = Self::make();
        headers.insert(name, made.header.clone());
        made
    }

    fn of(header: HeaderValue) -> Self {
        let text = header.to_str().unwrap_or_default().into();
        Self { header, text }
    }

    /// Writes it into a response.
    pub(super) fn echo(&self, headers: &mut HeaderMap, name: &HeaderName) {
        headers.insert(name, self.header.clone());
    }

    /// Makes it the current one of this thread and gives back the one before; to be called again to go back.
    pub(super) fn swap(current: &mut Option<Self>) {
        let _ = CURRENT.try_with(|place| std::mem::swap(&mut *place.borrow_mut(), current));
    }

    /// For log lines.
    pub(super) fn text(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }

    /// 32 hexadecimal digits that nobody has had.
    fn make() -> Self {
        static KEYS: LazyLock<(RandomState, RandomState)> = LazyLock::new(Default::default);
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let text = format!("{:016x}{:016x}", KEYS.0.hash_one(number), KEYS.1.hash_one(number));
        // Digits are always a header's value.
        Self::of(HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("")))
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RequestId").field(&self.as_str()).finish()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a caller's identifier may go into headers, spans and log lines.
fn is_acceptable(value: &HeaderValue) -> bool {
    (1..=LONGEST).contains(&value.len()) && value.as_bytes().iter().all(u8::is_ascii_graphic)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: HeaderName = HeaderName::from_static("x-request-id");

    #[test]
    fn an_acceptable_identifier_is_taken_and_any_other_replaced() {
        for (given, taken) in [("abc-1", true), ("a b", false), ("", false), (&"x".repeat(129), false)] {
            let mut headers = HeaderMap::from_iter([(NAME, HeaderValue::from_str(given).unwrap())]);
            let id = RequestId::take_or_make(&mut headers, &NAME);
            assert_eq!(id.as_str() == given, taken, "{given}");
            assert_eq!(headers[NAME], id.as_str());
        }
    }

    #[test]
    fn of_several_identifiers_none_is_taken() {
        let mut headers = HeaderMap::new();
        for given in ["one", "two"] {
            headers.append(NAME, HeaderValue::from_static(given));
        }
        let id = RequestId::take_or_make(&mut headers, &NAME);
        assert_eq!(headers.get_all(NAME).iter().collect::<Vec<_>>(), [id.as_str()]);
        assert_eq!(id.as_str().len(), 32);
    }

    #[test]
    fn made_identifiers_differ() {
        let (one, two) = (RequestId::make(), RequestId::make());
        assert_ne!(one, two);
        assert_eq!(one.as_str().len(), 32);
    }
}
