//! What a span keeps, by the sizes that `arena` and `event` document, in plain vectors.

use super::*;
use crate::span::arena::near;

/// A key as it was given: by its number at the call site, or as a string.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Key {
    Site(usize),
    Static(&'static str),
}

impl Key {
    /// The key itself.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Site(number) => site_keys()[number],
            Self::Static(key) => key,
        }
    }

    /// How the key is kept: site keys past the first 240 are kept as strings.
    fn kept(self) -> Self {
        match self {
            Self::Site(number) if number >= 240 => Self::Static(site_keys()[number]),
            key => key,
        }
    }

    /// Bytes of the key: a number, a near string or a far one; none for one that is too long.
    fn size(self) -> Option<usize> {
        match self.kept() {
            Self::Site(_) => Some(1),
            Self::Static(key) if key.len() > 255 => None,
            Self::Static(key) => Some(if near(key).is_some() { 6 } else { 10 }),
        }
    }

    fn is_long(self) -> bool {
        ["error.message", "http.url", "http.user_agent", "db.statement"].contains(&self.text())
    }
}

/// A value as it was given.
#[derive(Clone, Debug)]
pub(super) enum Given {
    Bool(bool),
    I64(i64),
    U64(u64),
    F64(f64),
    Str(String),
    Static(&'static str),
    Bytes(Vec<u8>),
}

impl Given {
    /// Bytes of the value; none for one that no entry can hold.
    fn size(&self) -> Option<usize> {
        let copied = |len: usize| (len < 256).then_some(1 + len);
        match self {
            Self::Bool(_) => Some(0),
            Self::I64(value) => (1..=8).find(|bytes| {
                let unused = 64 - 8 * *bytes as u32;
                value << unused >> unused == *value
            }),
            Self::U64(value) => (0..=8).find(|bytes| *bytes == 8 || value >> (8 * bytes) == 0),
            Self::F64(_) => Some(8),
            Self::Str(text) => copied(text.len()),
            Self::Static(text) if near(text).is_some() && text.len() < 1 << 16 => Some(6),
            Self::Static(_) => Some(12),
            Self::Bytes(bytes) => copied(bytes.len()),
        }
    }

    /// The value as it comes out. A float comes out as its bits, which can be compared whatever they say.
    pub(super) fn value(&self) -> Value {
        match self {
            Self::Bool(value) => Value::Bool(*value),
            Self::I64(value) => Value::I64(*value),
            Self::U64(value) => Value::U64(*value),
            Self::F64(value) => bits_of(&Value::F64(*value)),
            Self::Str(text) => Value::Str(text.clone().into()),
            Self::Static(text) => Value::Str((*text).into()),
            Self::Bytes(bytes) => Value::Bytes(bytes.clone()),
        }
    }
}

/// A value in which a float is replaced by its bits.
pub(super) fn bits_of(value: &Value) -> Value {
    match value {
        Value::F64(value) => Value::Str(format!("float {:x}", value.to_bits()).into()),
        value => value.clone(),
    }
}

/// The longest start of `text` that ends at a character and has at most `bytes` bytes.
pub(super) fn start_of(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap();
    &text[..end]
}

/// One arena's worth of attributes and links.
pub(super) struct Attributes {
    room: usize,
    kept: Vec<Entry>,
    pub(super) dropped: u32,
    pub(super) dropped_links: u32,
}

struct Entry {
    /// A link has none.
    key: Option<Key>,
    value: Value,
    size: usize,
}

impl Attributes {
    pub(super) fn new(room: usize) -> Self {
        Self { room, kept: Vec::new(), dropped: 0, dropped_links: 0 }
    }

    pub(super) fn used(&self) -> usize {
        self.kept.iter().map(|entry| entry.size).sum()
    }

    fn push(&mut self, key: Option<Key>, value: Value, size: usize) -> bool {
        let fits = self.used() + size <= self.room;
        if fits {
            self.kept.push(Entry { key, value, size });
        }
        fits
    }

    /// Forgets values that have been set again, and those of `key`, which is about to be.
    fn forget(&mut self, key: Option<Key>) {
        let keys: Vec<_> = self.kept.iter().map(|entry| entry.key).collect();
        let mut index = 0;
        self.kept.retain(|entry| {
            index += 1;
            entry.key.is_none() || (entry.key != key && !keys[index..].contains(&entry.key))
        });
    }

    /// Sets an attribute of a span; what is kept of a value that does not fit is its start, where the key allows that.
    pub(super) fn set(&mut self, key: Key, given: &Given) {
        if !self.try_set(key, given) {
            self.forget(Some(key.kept()));
            self.set_once(key, given);
        }
    }

    /// Sets an attribute where nothing is forgotten, as in an event.
    pub(super) fn set_once(&mut self, key: Key, given: &Given) {
        if !self.try_set(key, given) && !self.try_cut(key, given) {
            self.dropped += 1;
        }
    }

    fn try_set(&mut self, key: Key, given: &Given) -> bool {
        let size = key.size().zip(given.size());
        size.is_some_and(|(k, v)| self.push(Some(key.kept()), given.value(), 1 + k + v))
    }

    fn try_cut(&mut self, key: Key, given: &Given) -> bool {
        let (Given::Str(text), Some(size), true) = (given, key.size(), key.is_long()) else { return false };
        // At least eight bytes and the mark are worth it.
        let Some(room) = (self.room - self.used()).checked_sub(2 + size).filter(|room| *room >= 11) else {
            return false;
        };
        let cut = format!("{}…", start_of(text, room - 3));
        let size = 2 + size + cut.len();
        self.push(Some(key.kept()), Value::Str(cut.into()), size)
    }

    pub(super) fn link(&mut self) {
        let push = |all: &mut Self| all.push(None, Value::Bool(true), 26);
        if !push(self) {
            self.forget(None);
            if !push(self) {
                // Four bits count them.
                self.dropped_links = (self.dropped_links + 1).min(15);
            }
        }
    }

    pub(super) fn links(&self) -> usize {
        self.kept.iter().filter(|entry| entry.key.is_none()).count()
    }

    pub(super) fn count(&self) -> usize {
        self.kept.len()
    }

    /// Each key with its last value, ordered by key.
    pub(super) fn values(&self) -> BTreeMap<String, Value> {
        let keyed = self.kept.iter().filter_map(|entry| Some((entry.key?.text(), &entry.value)));
        keyed.map(|(key, value)| (key.to_owned(), value.clone())).collect()
    }
}

/// An event as it was given.
#[derive(Clone, Debug)]
pub(super) struct GivenEvent {
    pub(super) name: GivenName,
    /// None when it is recorded without asking for any.
    pub(super) attributes: Option<Vec<(&'static str, Given)>>,
    /// Nanoseconds that pass before it.
    pub(super) after: u64,
}

/// A name, of a span or an event, as it was given.
#[derive(Clone, Debug)]
pub(super) enum GivenName {
    Static(&'static str),
    Dynamic(String),
}

/// An event as it is kept.
pub(super) struct KeptEvent {
    pub(super) name: String,
    pub(super) nanos: u64,
    pub(super) attributes: BTreeMap<String, Value>,
}

/// One span's worth of events.
#[derive(Default)]
pub(super) struct Events {
    pub(super) kept: Vec<KeptEvent>,
    used: usize,
    pub(super) dropped: u32,
    pub(super) dropped_attributes: u32,
}

impl Events {
    pub(super) fn add(&mut self, event: &GivenEvent, nanos: u64) {
        let (name, size) = match &event.name {
            GivenName::Static(name) if name.len() < 64 && near(name).is_some() => (*name, 4),
            GivenName::Static(name) if name.len() < 1 << 16 => (*name, 10),
            GivenName::Static(_) => return self.dropped += 1,
            GivenName::Dynamic(name) => {
                let name = start_of(name, 64);
                (name, 1 + name.len())
            }
        };
        let size = 1 + 5 + size + usize::from(event.attributes.is_some());
        if self.used + size > 128 {
            self.dropped += 1;
            return;
        }
        self.used += size;
        // They are gathered where as many fit as an event with a near name could ever have.
        let mut attributes = Attributes::new(128 - 11);
        for (key, given) in event.attributes.iter().flatten() {
            attributes.set_once(Key::Static(key), given);
        }
        self.dropped_attributes += attributes.dropped;
        if self.used + attributes.used() > 128 {
            self.dropped_attributes += attributes.count() as u32;
            attributes = Attributes::new(0);
        }
        self.used += attributes.used();
        self.kept.push(KeptEvent { name: name.to_owned(), nanos, attributes: attributes.values() });
    }
}
