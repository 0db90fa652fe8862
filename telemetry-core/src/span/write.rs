//! Writing into the body of an open span.

use std::fmt::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::arena::{Arena, Key, Packed, floor_char_boundary};
use super::bits::{self, NameMode};
use super::link_flags::LinkFlags;
use super::name::STATIC_NAME_BYTES;
use super::walk::{self, RawEntry, RawKey};
use crate::context::SpanContext;
use crate::record::{Outcome, Status};
use crate::ring::{ATTRIBUTE_BYTES, Body, NAME_BYTES};

/// Bytes of text that are kept of a value that is formatted on the way.
const FORMATTED_BYTES: usize = 128;
/// Attribute bytes that a span with a name in its slot leaves for how it ends.
pub(super) const OUTCOME_ROOM: usize = 40;
/// With less room than this among the attributes, a failure is written to the name region.
const ROOMY: usize = 64;

/// Records an attribute; counts it when it does not fit.
pub(super) fn attribute(body: &mut Body, key: Key, value: Packed<'_>) {
    let limit = attribute_limit(body.bits);
    let mut arena = Arena::new(&mut body.attributes[..limit], usize::from(body.attribute_len));
    if arena.append(key, value) {
        body.attribute_len = arena.len() as u8;
    } else {
        attribute_slowly(body, key, value);
    }
}

/// A span whose name lies in its slot cannot use the name region for its failure, and leaves room here.
fn attribute_limit(bits: u16) -> usize {
    match bits::name_mode(bits) {
        NameMode::Inline => ATTRIBUTE_BYTES - OUTCOME_ROOM,
        _ => ATTRIBUTE_BYTES,
    }
}

/// Makes room by forgetting values that have been set again, then tries once more; what may be cut is cut only then.
#[cold]
fn attribute_slowly(body: &mut Body, key: Key, value: Packed<'_>) {
    compact(body, raw(key));
    let limit = attribute_limit(body.bits);
    let mut arena = Arena::new(&mut body.attributes[..limit], usize::from(body.attribute_len));
    if arena.append_long(key, value) {
        body.attribute_len = arena.len() as u8;
    } else {
        body.dropped_attributes = body.dropped_attributes.saturating_add(1);
    }
}

/// A key as it is read back.
const fn raw(key: Key) -> RawKey<&'static str> {
    match key {
        Key::Site(number, _) => RawKey::Site(number),
        Key::Static(key) => RawKey::Static(key),
    }
}

/// Keeps the last value of each key, and none of `replaced`; links stay.
#[allow(unsafe_code, reason = "keys are compared by their texts")]
fn compact(body: &mut Body, replaced: RawKey<&'static str>) {
    let key = |entry: &RawEntry<'_>| match entry.key {
        RawKey::None => RawKey::None,
        RawKey::Site(number) => RawKey::Site(number),
        // SAFETY: the entries are those of a span of this process.
        RawKey::Static(text) => RawKey::Static(unsafe { text.here() }),
    };
    let old = body.attributes;
    let mut rest = &old[..usize::from(body.attribute_len)];
    let mut to = 0;
    for entry in walk::entries(rest) {
        let (bytes, later) = rest.split_at(entry.size);
        let this = key(&entry);
        let stale = this != RawKey::None
            && (this == replaced || walk::entries(later).any(|other| key(&other) == this));
        if !stale {
            body.attributes[to..to + bytes.len()].copy_from_slice(bytes);
            to += bytes.len();
        }
        rest = later;
    }
    body.attribute_len = to as u8;
}

/// Records a link; counts it when it does not fit, also once values that have been set again are forgotten.
pub(super) fn link(body: &mut Body, to: SpanContext) {
    let flags = LinkFlags::to(to);
    if !try_link(body, to, flags) {
        compact(body, RawKey::None);
        if !try_link(body, to, flags) {
            body.bits = bits::add_dropped_link(body.bits);
        }
    }
}

fn try_link(body: &mut Body, to: SpanContext, flags: LinkFlags) -> bool {
    let limit = attribute_limit(body.bits);
    let mut arena = Arena::new(&mut body.attributes[..limit], usize::from(body.attribute_len));
    let fits = arena.link(to.trace_id.to_u128(), to.span_id.to_u64(), flags.0);
    body.attribute_len = arena.len() as u8;
    fits
}

/// Sets the status; ok beats error beats unset.
pub(super) fn status(body: &mut Body, status: Status) {
    body.bits = bits::set_status(body.bits, status);
}

/// Records text that was formatted before; counts it when formatting failed.
pub(super) fn formatted(body: &mut Body, key: Key, text: &Formatted) {
    match text.as_str() {
        Some(text) => attribute(body, key, Packed::Str(text)),
        None => body.dropped_attributes = body.dropped_attributes.saturating_add(1),
    }
}

/// Records how the work ended when it did not end well: status, outcome, `error.type` and `error.message`.
#[cold]
pub(super) fn failure(
    body: &mut Body,
    outcome: Outcome,
    error_type: &'static str,
    message: Option<&Formatted>,
) {
    body.bits = bits::set_outcome(bits::set_status(body.bits, Status::Error), outcome);
    let message = message.map(|text| text.as_str().unwrap_or("(the error's message panicked)"));
    if ATTRIBUTE_BYTES - usize::from(body.attribute_len) < ROOMY {
        // An earlier failure gives way to this one.
        compact(body, RawKey::Static("error.type"));
        compact(body, RawKey::Static("error.message"));
    }
    let used = usize::from(body.attribute_len);
    let mode = bits::name_mode(body.bits);
    // A second failure goes where the first one went, so that it is read in its stead.
    let spilled = mode == NameMode::Spill || (mode == NameMode::Static && body.name[STATIC_NAME_BYTES] != 0);
    let full = ATTRIBUTE_BYTES - used < ROOMY;
    let spill = spilled || (full && matches!(mode, NameMode::Site | NameMode::Static));
    let mut arena = match mode {
        NameMode::Site | NameMode::Spill if spill => {
            body.bits = bits::set_name_mode(body.bits, NameMode::Spill);
            body.name = [0; NAME_BYTES];
            Arena::new(&mut body.name, 0)
        }
        NameMode::Static if spill => {
            body.name[STATIC_NAME_BYTES..].fill(0);
            Arena::new(&mut body.name[STATIC_NAME_BYTES..], 0)
        }
        _ => Arena::new(&mut body.attributes, used),
    };
    let mut dropped = u16::from(!arena.append(Key::Static("error.type"), Packed::Static(error_type)));
    if let Some(message) = message {
        dropped += u16::from(!arena.append_cut(Key::Static("error.message"), message));
    }
    let len = arena.len() as u8;
    if !spill {
        body.attribute_len = len;
    }
    body.dropped_attributes = body.dropped_attributes.saturating_add(dropped);
}

/// Text on the stack, formatted before the span is touched: it takes what fits, cut at a character and marked, and
/// contains a panic of the user's `Display` or `Debug`.
pub(super) struct Formatted {
    bytes: [u8; FORMATTED_BYTES],
    len: usize,
    full: bool,
    panicked: bool,
}

impl Formatted {
    pub(super) fn new(arguments: fmt::Arguments<'_>) -> Self {
        let mut text = Self { bytes: [0; FORMATTED_BYTES], len: 0, full: false, panicked: false };
        // An error, of the user's or because the text is full, leaves what has been written so far.
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let _ = text.write_fmt(arguments);
        }));
        if let Err(payload) = caught {
            // A payload may panic when it is dropped; it is left alone.
            std::mem::forget(payload);
            text.panicked = true;
        }
        text
    }

    /// The text; none when writing it panicked.
    fn as_str(&self) -> Option<&str> {
        if self.panicked { None } else { std::str::from_utf8(&self.bytes[..self.len]).ok() }
    }
}

impl Write for Formatted {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.full {
            return Err(fmt::Error);
        }
        let room = FORMATTED_BYTES - self.len;
        if text.len() <= room {
            self.bytes[self.len..self.len + text.len()].copy_from_slice(text.as_bytes());
            self.len += text.len();
            return Ok(());
        }
        let end = floor_char_boundary(text, room.saturating_sub('…'.len_utf8()));
        self.bytes[self.len..self.len + end].copy_from_slice(&text.as_bytes()[..end]);
        self.len += end;
        if self.len + '…'.len_utf8() <= FORMATTED_BYTES {
            '…'.encode_utf8(&mut self.bytes[self.len..]);
            self.len += '…'.len_utf8();
        }
        self.full = true;
        Err(fmt::Error)
    }
}
