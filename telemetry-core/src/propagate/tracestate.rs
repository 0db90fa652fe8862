//! The `tracestate` header (W3C Trace Context, levels 1 and 2).

use std::fmt;
use std::sync::Arc;

use super::member::{self, Keys, Member};

/// Members of a list at the most; a longer one is refused.
pub const MAX_MEMBERS: usize = 32;
/// Members longer than this are the first to go when a list must shrink.
const LONG_MEMBER: usize = 128;

/// What the systems that a trace has passed have noted about it: a list of keys with values, the latest change first.
///
/// Cheap to clone: the text is shared. Every list is well formed: at most 32 members, each key once.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct TraceState(Option<Arc<str>>);

/// Why a `tracestate` is not taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TraceStateError {
    /// There are more members than are allowed.
    #[error("the tracestate has more than {MAX_MEMBERS} members")]
    TooMany,
    /// A member is no `key=value` of the characters and lengths that are allowed.
    #[error("member {0} of the tracestate is malformed, expected key=value of 256 characters each at most")]
    Member(usize),
}

impl TraceState {
    /// A list without members.
    pub const EMPTY: Self = Self(None);

    /// Reads the values of all `tracestate` headers of a request, in their order, as one list.
    ///
    /// Spaces and tabs around members go, as do empty members; of members with the same key the first one stays, which
    /// is the latest. Leading spaces of a value are part of it.
    ///
    /// # Errors
    /// There are more than 32 members, or one is malformed: the whole list is to be dropped then, and the
    /// `traceparent` stands.
    ///
    /// # Examples
    /// ```
    /// use telemetry_core::propagate::{Keys, TraceState, TraceStateError};
    /// let state = TraceState::parse(["rojo=00f067aa0ba902b7 , congo= t61", "", "rojo=2"], Keys::Level2)?;
    /// assert_eq!(state.as_str(), "rojo=00f067aa0ba902b7,congo= t61");
    /// assert_eq!(TraceState::parse(["a=1,B=2"], Keys::Level2), Err(TraceStateError::Member(2)));
    /// # Ok::<(), TraceStateError>(())
    /// ```
    pub fn parse<V: AsRef<[u8]>>(
        values: impl IntoIterator<Item = V>,
        keys: Keys,
    ) -> Result<Self, TraceStateError> {
        let mut list = List::new();
        let mut count = 0;
        for value in values {
            for text in value.as_ref().split(|byte| *byte == b',') {
                match member::read(text, keys) {
                    Member::Empty => {}
                    Member::Malformed => return Err(TraceStateError::Member(count + 1)),
                    Member::Pair(..) if count == MAX_MEMBERS => return Err(TraceStateError::TooMany),
                    Member::Pair(key, value) => {
                        count += 1;
                        if list.get(key).is_none() {
                            list.push(key, value);
                        }
                    }
                }
            }
        }
        Ok(list.finish())
    }

    /// The list as the value of one header; empty when it has no members.
    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }

    /// The list as a text that is shared; none when it has no members.
    pub(super) fn into_text(self) -> Option<Arc<str>> {
        self.0
    }

    /// Whether there are no members: no header is sent then.
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The keys and values, in their order.
    pub fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        members(self.as_str())
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.members().find(|(other, _)| *other == key).map(|(_, value)| value)
    }

    /// The list with another value for a key, which goes to the front, as whoever changes a member must put it. The
    /// last of 32 others goes.
    ///
    /// # Errors
    /// The key or the value is malformed.
    pub fn with(&self, key: &str, value: &str) -> Result<Self, TraceStateError> {
        if !member::is_key(key.as_bytes(), Keys::Level2) || !member::is_value(value.as_bytes()) {
            return Err(TraceStateError::Member(1));
        }
        let mut list = List::new();
        list.push(key, value);
        for (key, value) in self.members().filter(|(other, _)| *other != key).take(MAX_MEMBERS - 1) {
            list.push(key, value);
        }
        Ok(list.finish())
    }

    /// The list without a key.
    #[must_use]
    pub fn without(&self, key: &str) -> Self {
        let mut list = List::new();
        for (other, value) in self.members().filter(|(other, _)| *other != key) {
            list.push(other, value);
        }
        list.finish()
    }

    /// The list shrunk to so many bytes, in whole members: those of more than 128 characters go first, then the last
    /// ones.
    #[must_use]
    pub fn within(&self, bytes: usize) -> Self {
        let mut excess = self.as_str().len().saturating_sub(bytes);
        if excess == 0 {
            return self.clone();
        }
        let size = |key: &str, value: &str| key.len() + value.len() + 1;
        let mut all: Vec<_> = self.members().collect();
        while let Some(last) = all.len().checked_sub(1).filter(|_| excess > 0) {
            let at = all.iter().rposition(|(key, value)| size(key, value) > LONG_MEMBER).unwrap_or(last);
            let (key, value) = all.remove(at);
            // The comma goes too.
            excess = excess.saturating_sub(size(key, value) + 1);
        }
        let mut list = List::new();
        for (key, value) in all {
            list.push(key, value);
        }
        list.finish()
    }
}

impl fmt::Debug for TraceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TraceState").field(&self.as_str()).finish()
    }
}

/// The members of a list that is well formed.
fn members(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split(',').filter_map(|member| member.split_once('='))
}

/// A list under construction.
struct List(String);

impl List {
    const fn new() -> Self {
        Self(String::new())
    }

    fn get(&self, key: &str) -> Option<&str> {
        members(&self.0).find(|(other, _)| *other == key).map(|(_, value)| value)
    }

    fn push(&mut self, key: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push(',');
        }
        self.0.extend([key, "=", value]);
    }

    fn finish(self) -> TraceState {
        TraceState((!self.0.is_empty()).then(|| self.0.into()))
    }
}
