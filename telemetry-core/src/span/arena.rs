//! How attributes are packed into the bytes of a slot.
//!
//! An entry is `tag key value`. The tag holds the type in its upper four bits and a small number in the lower four. The
//! key is one byte, the number of a key of the call site; or [`KEY_NEAR`] with the distance of a static string from
//! this library (four bytes) and its length (one); or [`KEY_FAR`] with its address (eight) and its length (one).
//!
//! | type | value |
//! | --- | --- |
//! | bool | none: the small number is the value |
//! | integer | as many bytes as it needs (the small number), little-endian, sign-extended for signed ones |
//! | float | eight bytes |
//! | text, bytes | a length byte and the bytes; the small number is 1 when the text was cut |
//! | static text | near: distance (four bytes) and length (two); far: address (eight) and length (four) |
//! | link | trace identifier, span identifier, flags: 25 bytes, and no key |

use super::short::{signed_size, unsigned_size};
use super::site::{CallSite, gates};
use crate::ring::Slot;

/// Type of an entry.
pub(super) mod kind {
    pub(in crate::span) const BOOL: u8 = 1;
    pub(in crate::span) const I64: u8 = 2;
    pub(in crate::span) const U64: u8 = 3;
    pub(in crate::span) const F64: u8 = 4;
    pub(in crate::span) const STR: u8 = 5;
    pub(in crate::span) const STATIC_NEAR: u8 = 6;
    pub(in crate::span) const STATIC_FAR: u8 = 7;
    pub(in crate::span) const BYTES: u8 = 8;
    pub(in crate::span) const LINK: u8 = 9;
}

/// A static key near this library follows.
pub(super) const KEY_NEAR: u8 = 0xff;
/// A static key anywhere follows.
pub(super) const KEY_FAR: u8 = 0xfe;
/// Keys of a call site that can be referred to by number.
pub(super) const SITE_KEYS: usize = 240;
/// The longest static key; an attribute with a longer one is dropped.
const MAX_KEY: usize = 255;
/// Bytes a link takes.
const LINK_BYTES: usize = 26;
/// Marks text that was cut.
const CUT: &str = "…";
/// The least worth cutting a long value to.
const MIN_CUT: usize = 8;

/// Keys whose values are cut when they do not fit, instead of being dropped.
const LONG_KEYS: [&str; 4] = ["error.message", "http.url", "http.user_agent", "db.statement"];

/// The fixed point near distances are counted from.
pub(super) static ANCHOR: u8 = 0;

/// The key of an attribute, as it is written.
#[derive(Clone, Copy)]
pub(super) enum Key {
    /// A key of the call site, by number; and the word of the slot that tells the call site.
    Site(u8, u32),
    /// Any static string.
    Static(&'static str),
}

impl Key {
    /// The key with this number of the call site that has opened `slot`: by number where a byte holds it, else by
    /// reference.
    #[inline(always)]
    #[allow(unsafe_code, reason = "an open span's call site is read in place")]
    pub(super) fn of_site(number: usize, slot: *const Slot) -> Self {
        // SAFETY: the pointer is null or a slot of a ring, which is never freed; the callers hold the span's guard or
        // task, so nobody writes the word.
        let word = unsafe { slot.as_ref() }.map_or(0, |slot| slot.site.with(|word| unsafe { *word }));
        if number < SITE_KEYS { Self::Site(number as u8, word) } else { Self::Static(site_key(word, number)) }
    }

    /// The key with this number of a call site.
    pub(super) fn of(site: &'static CallSite, number: usize) -> Self {
        if number < SITE_KEYS {
            Self::Site(number as u8, site.gate())
        } else {
            Self::Static(site.site.keys.get(number).copied().unwrap_or_default())
        }
    }

    #[cold]
    fn text(self) -> &'static str {
        match self {
            Self::Site(number, word) => site_key(word, usize::from(number)),
            Self::Static(key) => key,
        }
    }

    /// Bytes the key takes in an entry.
    #[inline(always)]
    fn size(self) -> usize {
        match self {
            Self::Site(..) => 1,
            Self::Static(key) if key.len() > MAX_KEY => usize::MAX / 2,
            Self::Static(key) if near(key).is_some() => 6,
            Self::Static(_) => 10,
        }
    }
}

/// A key of the call site that stands in the word of a slot.
#[cold]
fn site_key(word: u32, number: usize) -> &'static str {
    gates::site_of(word).and_then(|site| site.site.keys.get(number).copied()).unwrap_or_default()
}

/// The distance of a static string from this library, when four bytes hold it: so for everything that is linked into
/// one executable.
#[inline(always)]
pub(super) fn near(text: &'static str) -> Option<i32> {
    let anchor = (&raw const ANCHOR).expose_provenance() as i64;
    i32::try_from((text.as_ptr().expose_provenance() as i64).wrapping_sub(anchor)).ok()
}

/// A run of bytes that entries are appended to.
pub(super) struct Arena<'a> {
    bytes: &'a mut [u8],
    len: usize,
}

impl<'a> Arena<'a> {
    #[inline(always)]
    pub(super) fn new(bytes: &'a mut [u8], len: usize) -> Self {
        Self { bytes, len }
    }

    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline(always)]
    pub(super) fn free(&self) -> usize {
        // A span with a name of its own may be fuller than its limit once it has failed.
        self.bytes.len().saturating_sub(self.len)
    }

    #[inline(always)]
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }

    /// Writes tag and key when the whole entry fits.
    #[inline(always)]
    fn begin(&mut self, kind: u8, small: u8, key: Key, value_size: usize) -> bool {
        if 1 + key.size() + value_size > self.free() {
            return false;
        }
        let tag = kind << 4 | small;
        match key {
            Key::Site(number, _) => self.push(&[tag, number]),
            Key::Static(key) => match near(key) {
                Some(distance) => {
                    self.push(&[tag, KEY_NEAR]);
                    self.push(&distance.to_le_bytes());
                    self.push(&[key.len() as u8]);
                }
                None => {
                    self.push(&[tag, KEY_FAR]);
                    self.push(&(key.as_ptr().expose_provenance() as u64).to_le_bytes());
                    self.push(&[key.len() as u8]);
                }
            },
        }
        true
    }

    #[inline(always)]
    fn integer(&mut self, kind: u8, key: Key, value: u64, size: usize) -> bool {
        let fits = self.begin(kind, size as u8, key, size);
        if fits {
            if self.free() >= 8 {
                // Eight bytes in one store; those beyond `size` are written over by the next entry.
                self.bytes[self.len..self.len + 8].copy_from_slice(&value.to_le_bytes());
                self.len += size;
            } else {
                self.push(&value.to_le_bytes()[..size]);
            }
        }
        fits
    }

    #[inline(always)]
    fn text(&mut self, kind: u8, key: Key, bytes: &[u8], cut: bool) -> bool {
        let fits = bytes.len() < 256 && self.begin(kind, u8::from(cut), key, 1 + bytes.len());
        if fits {
            self.push(&[bytes.len() as u8]);
            self.push(bytes);
        }
        fits
    }

    #[inline(always)]
    fn static_text(&mut self, key: Key, text: &'static str) -> bool {
        match (near(text), u16::try_from(text.len())) {
            (Some(distance), Ok(len)) => {
                let fits = self.begin(kind::STATIC_NEAR, 0, key, 6);
                if fits {
                    self.push(&distance.to_le_bytes());
                    self.push(&len.to_le_bytes());
                }
                fits
            }
            _ => {
                let fits = text.len() <= u32::MAX as usize && self.begin(kind::STATIC_FAR, 0, key, 12);
                if fits {
                    self.push(&(text.as_ptr().expose_provenance() as u64).to_le_bytes());
                    self.push(&(text.len() as u32).to_le_bytes());
                }
                fits
            }
        }
    }

    /// Text cut at a character to what fits, with the mark behind it.
    #[cold]
    fn cut_text(&mut self, key: Key, text: &str) -> bool {
        let Some(room) = self.free().checked_sub(key.size().saturating_add(2)) else { return false };
        let room = room.min(255);
        if room < MIN_CUT + CUT.len() {
            return false;
        }
        let end = floor_char_boundary(text, room - CUT.len());
        let mut cut = [0; 256];
        cut[..end].copy_from_slice(&text.as_bytes()[..end]);
        cut[end..end + CUT.len()].copy_from_slice(CUT.as_bytes());
        self.text(kind::STR, key, &cut[..end + CUT.len()], true)
    }

    /// Appends a link; false when it does not fit.
    pub(super) fn link(&mut self, trace_id: u128, span_id: u64, flags: u8) -> bool {
        let fits = self.free() >= LINK_BYTES;
        if fits {
            self.push(&[kind::LINK << 4]);
            self.push(&trace_id.to_le_bytes());
            self.push(&span_id.to_le_bytes());
            self.push(&[flags]);
        }
        fits
    }

    /// Appends an attribute; false when it does not fit whole.
    #[inline(always)]
    pub(super) fn append(&mut self, key: Key, value: Packed<'_>) -> bool {
        match value {
            Packed::Bool(value) => self.begin(kind::BOOL, u8::from(value), key, 0),
            Packed::I64(value) => self.integer(kind::I64, key, value as u64, signed_size(value)),
            Packed::U64(value) => self.integer(kind::U64, key, value, unsigned_size(value)),
            Packed::F64(value) => {
                let fits = self.begin(kind::F64, 8, key, 8);
                if fits {
                    self.push(&value.to_bits().to_le_bytes());
                }
                fits
            }
            Packed::Str(text) => self.text(kind::STR, key, text.as_bytes(), false),
            Packed::Static(text) => self.static_text(key, text),
            Packed::Bytes(bytes) => self.text(kind::BYTES, key, bytes, false),
        }
    }

    /// Appends an attribute, cut if it must be and its key is one of those whose values may be; false when it does not
    /// fit even so.
    pub(super) fn append_long(&mut self, key: Key, value: Packed<'_>) -> bool {
        self.append(key, value)
            || matches!(value, Packed::Str(text) if LONG_KEYS.contains(&key.text()) && self.cut_text(key, text))
    }

    /// Appends text, cut if it must be, whatever its key.
    pub(super) fn append_cut(&mut self, key: Key, text: &str) -> bool {
        self.text(kind::STR, key, text.as_bytes(), false) || self.cut_text(key, text)
    }
}

/// A value on its way into an arena.
#[derive(Clone, Copy)]
pub(super) enum Packed<'a> {
    Bool(bool),
    I64(i64),
    U64(u64),
    F64(f64),
    Str(&'a str),
    Static(&'static str),
    Bytes(&'a [u8]),
}

/// The end of the last character that ends at or before `at`.
pub(crate) fn floor_char_boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0)
}
