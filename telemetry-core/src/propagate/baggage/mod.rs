//! Baggage: values of the application that travel with a request (W3C Baggage).

mod member;
mod scope;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::traceparent::trim;
use member::{Member, decoded, encode, is_token, properties_of};
pub use scope::InBaggage;

/// The header of [`Baggage`].
pub const BAGGAGE: &str = "baggage";
/// Members of a baggage at the most: as many as W3C asks to be passed on.
pub const MAX_BAGGAGE_MEMBERS: usize = 64;
/// Bytes of a baggage as a header's value at the most: as many as W3C asks to be passed on.
pub const MAX_BAGGAGE_BYTES: usize = 8_192;

/// Values of the application that travel with a request through all services it reaches: a tenant, an experiment, a
/// priority; as [W3C Baggage](https://www.w3.org/TR/baggage/) has it.
///
/// An immutable list of members, each a key (a token of HTTP, case counts), a value (any text) and properties, which are
/// passed on as they are. Cheap to clone: the text is shared. At most 64 members and 8,192 bytes as a header.
///
/// What is current is current for a trace: [`Baggage::run`] and [`Baggage::wrap_future`] make another baggage current for
/// what runs inside; it goes on to the spans opened there, wherever they are polled, and to whatever a
/// [`Context`](crate::Context) carries. Baggage is no attribute: it is on no span unless you put it there.
///
/// A request's is kept for as long as the request lasts, and a while. Work that goes on after it keeps its own by
/// `Baggage::current().wrap_future(…)`: spans of a trace know their baggage by one of eight numbers, and once its requests
/// have ended a number goes to a later one of the same trace.
///
/// **It crosses borders of trust both ways.** Whoever sends a request can send any baggage, so decide nothing by it that
/// matters; and what is put in goes to every host that is called while it is current, so put in nothing that not all of
/// them may read. It is read and sent only where [`Propagators`](super::Propagators) say so, which they do not by default. With the feature `off` there is none.
///
/// # Examples
/// ```
/// use telemetry_core::propagate::Baggage;
///
/// let baggage = Baggage::parse(["tenant=acme;tier=gold , theme=b%26w"]);
/// assert_eq!(baggage.get("theme").as_deref(), Some("b&w"));
/// assert_eq!(baggage.properties("tenant"), Some("tier=gold"));
///
/// let more = baggage.with("region", "Übersee")?;
/// assert_eq!(more.as_str(), "tenant=acme;tier=gold,theme=b%26w,region=%C3%9Cbersee");
/// more.run(|| assert_eq!(Baggage::current().get("region").as_deref(), Some("Übersee")));
/// # Ok::<(), telemetry_core::propagate::BaggageError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Baggage(Option<Arc<str>>);

/// Why a baggage cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BaggageError {
    /// The key is no token.
    #[error("{0:?} cannot be a key of baggage, expected letters, digits and !#$%&'*+-.^_`|~")]
    Key(String),
    /// The properties have another form.
    #[error("{0:?} cannot be properties in baggage, expected key or key=value, separated by semicolons")]
    Properties(String),
    /// There would be too much of it.
    #[error(
        "the baggage would have {members} members and {bytes} bytes, expected at most \
         {MAX_BAGGAGE_MEMBERS} and {MAX_BAGGAGE_BYTES}"
    )]
    TooLarge {
        /// How many members it would have.
        members: usize,
        /// How long it would be as a header.
        bytes: usize,
    },
}

static DROPPED: AtomicU64 = AtomicU64::new(0);

/// Members of baggage that were dropped: malformed ones, those beyond the limits, and those for which there was no room
/// while too many traces were under way. Among the metrics it is `telemetry_baggage_members_dropped_total`.
pub fn dropped_baggage() -> u64 {
    DROPPED.load(Ordering::Relaxed)
}

pub(super) fn count_dropped(members: usize) {
    DROPPED.fetch_add(members as u64, Ordering::Relaxed);
}

impl Baggage {
    /// No baggage.
    pub const EMPTY: Self = Self(None);

    /// Reads the values of all `baggage` headers of a request, in their order, as one list.
    ///
    /// Never fails: a member that is malformed is dropped, and so is what comes beyond 64 members or 8,192 bytes; each is
    /// [counted](dropped_baggage). Of members with the same key the last one stays, as OpenTelemetry has it; where that is
    /// dropped for its length, none does. Takes time in proportion to the length of the headers.
    pub fn parse<V: AsRef<[u8]>>(values: impl IntoIterator<Item = V>) -> Self {
        let mut list = List::default();
        for value in values {
            let texts = value.as_ref().split(|byte| *byte == b',').map(trim);
            for text in texts.filter(|text| !text.is_empty()) {
                if !Member::read(text).is_some_and(|read| list.put_within_limits(&read.member())) {
                    count_dropped(1);
                }
            }
        }
        list.finish()
    }

    /// The baggage that is current on this thread.
    pub fn current() -> Self {
        scope::current()
    }

    /// The list as the value of one header; empty when it has no members.
    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }

    /// Whether there are no members: no header is sent then.
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.members().count()
    }

    /// The keys and values, decoded, in their order. Bytes that are no UTF-8 are read as U+FFFD.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        self.members().map(|member| (member.key, decoded(member.value)))
    }

    /// The value of a key, decoded.
    pub fn get(&self, key: &str) -> Option<Cow<'_, str>> {
        self.members().find(|member| member.key == key).map(|member| decoded(member.value))
    }

    /// The properties of a key as they stand in the header; none where it has none, or is not there.
    pub fn properties(&self, key: &str) -> Option<&str> {
        self.members().find(|member| member.key == key).and_then(|member| member.properties)
    }

    /// The list with another value for a key, without properties: in its place if it is there, else at the end.
    ///
    /// # Errors
    /// The key is no token, or there would be more than 64 members or 8,192 bytes.
    pub fn with(&self, key: &str, value: &str) -> Result<Self, BaggageError> {
        self.with_member(key, value, None)
    }

    /// As [`with`](Self::with), with properties as they stand in the header: `key` or `key=value`, separated by
    /// semicolons, percent-encoded.
    ///
    /// # Errors
    /// As for `with`; also when the properties are malformed.
    pub fn with_properties(&self, key: &str, value: &str, properties: &str) -> Result<Self, BaggageError> {
        let read = properties_of(properties.as_bytes())
            .ok_or_else(|| BaggageError::Properties(properties.to_owned()))?;
        self.with_member(key, value, Some(&read))
    }

    /// The list without a key.
    #[must_use]
    pub fn without(&self, key: &str) -> Self {
        let mut list = List::default();
        self.members().filter(|member| member.key != key).for_each(|member| list.put(&member));
        list.finish()
    }

    fn with_member(&self, key: &str, value: &str, properties: Option<&str>) -> Result<Self, BaggageError> {
        if !is_token(key.as_bytes()) {
            return Err(BaggageError::Key(key.to_owned()));
        }
        let mut list = List::default();
        self.members().for_each(|member| list.put(&member));
        list.put(&Member { key, value: &encode(value), properties });
        let (members, bytes) = (list.members.len(), list.bytes());
        if members > MAX_BAGGAGE_MEMBERS || bytes > MAX_BAGGAGE_BYTES {
            return Err(BaggageError::TooLarge { members, bytes });
        }
        Ok(list.finish())
    }

    fn members(&self) -> impl Iterator<Item = Member<'_>> {
        self.as_str().split(',').filter_map(Member::of)
    }
}

impl fmt::Debug for Baggage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Baggage").field(&self.as_str()).finish()
    }
}

/// A list under construction: members as they stand in the header, each with the length of its key.
#[derive(Default)]
struct List {
    members: Vec<(String, usize)>,
}

impl List {
    /// Puts a member in the place of one with its key, or at the end.
    fn put(&mut self, member: &Member<'_>) {
        let text = (member.text(), member.key.len());
        match self.place_of(member.key) {
            Some(at) => self.members[at] = text,
            None => self.members.push(text),
        }
    }

    /// As [`put`](Self::put), where the list stays within the limits; else no member of this key is left, and it gives
    /// false. A stranger's list is never longer than that on the way, so that each member is looked for among few.
    fn put_within_limits(&mut self, member: &Member<'_>) -> bool {
        let before = self.place_of(member.key);
        if before.is_none() && self.members.len() == MAX_BAGGAGE_MEMBERS {
            return false;
        }
        let text = (member.text(), member.key.len());
        let others = self.bytes_but_for(before);
        let fits = others + usize::from(others > 0) + text.0.len() <= MAX_BAGGAGE_BYTES;
        match before {
            Some(at) if fits => self.members[at] = text,
            Some(at) => drop(self.members.remove(at)),
            None if fits => self.members.push(text),
            None => {}
        }
        fits
    }

    fn place_of(&self, key: &str) -> Option<usize> {
        self.members.iter().position(|(text, length)| text[..*length] == *key)
    }

    /// How long the header is.
    fn bytes(&self) -> usize {
        self.bytes_but_for(None)
    }

    /// How long it is without one of its members.
    fn bytes_but_for(&self, left_out: Option<usize>) -> usize {
        let others = self.members.iter().enumerate().filter(|(at, _)| Some(*at) != left_out);
        others.map(|(_, (text, _))| text.len() + 1).sum::<usize>().saturating_sub(1)
    }

    fn finish(self) -> Baggage {
        let texts: Vec<String> = self.members.into_iter().map(|(text, _)| text).collect();
        Baggage((!texts.is_empty()).then(|| texts.join(",").into()))
    }
}
