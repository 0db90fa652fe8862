//! Events: what happened at one moment of a span, packed into its event bytes.
//!
//! An event is `tag time name [attributes]`. The tag's upper two bits say how the name is kept: near static without
//! and with attributes (the lower six bits are the name's length, the distance takes four bytes), dynamic (a length
//! byte and the bytes), far static (address and length, ten bytes); for the last two the lowest bit says that
//! attributes follow. Attributes are a length byte and packed entries. The time is five bytes: ticks since the
//! span's start, 35 bits and an exponent of five, so exact for the first 11 seconds at 3 GHz and then to one part in
//! 2³⁵.

use std::fmt;

use super::arena::{Arena, Key, Packed, floor_char_boundary, near};
use super::name::Name;
use super::value::{AttributeValue, Entry};
use super::walk::Reference;
use crate::ring::{Body, EVENT_BYTES, prefetch_ahead};

pub(super) const NEAR: u8 = 0;
pub(super) const NEAR_WITH_ATTRIBUTES: u8 = 1;
pub(super) const DYNAMIC: u8 = 2;
pub(super) const FAR: u8 = 3;

const TIME_BYTES: usize = 5;
/// Bytes of an event with a near name and no attributes.
const NEAR_BYTES: usize = 1 + TIME_BYTES + 4;
/// Bytes before the attributes of an event with a near name.
const MAX_HEADER: usize = NEAR_BYTES + 1;
const MANTISSA_BITS: u32 = 35;
/// Names longer than this are kept far, or cut when they are dynamic.
const MAX_NEAR_NAME: usize = 63;
/// A dynamic event name is cut to this many bytes, at a character.
const MAX_DYNAMIC_NAME: usize = 64;

/// The name of an event.
pub(super) enum EventName<'a> {
    Static(&'static str),
    Dynamic(&'a str),
}

/// Five bytes for a stretch of ticks.
pub(super) fn pack_time(ticks: u64) -> [u8; TIME_BYTES] {
    let exponent = (64 - ticks.leading_zeros()).saturating_sub(MANTISSA_BITS).min(31);
    let word = (ticks >> exponent).min((1 << MANTISSA_BITS) - 1) | u64::from(exponent) << MANTISSA_BITS;
    let bytes = word.to_le_bytes();
    [bytes[0], bytes[1], bytes[2], bytes[3], bytes[4]]
}

/// The stretch of ticks in five bytes.
pub(super) fn unpack_time(bytes: [u8; TIME_BYTES]) -> u64 {
    let word = u64::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], 0, 0, 0]);
    (word & ((1 << MANTISSA_BITS) - 1)) << (word >> MANTISSA_BITS)
}

/// Appends an event with a static name and no attributes: the usual one, in two stores.
#[inline(always)]
pub(super) fn plain(body: &mut Body, name: &'static str, ticks: u64) {
    let time = ticks.wrapping_sub(body.start);
    let len = usize::from(body.event_len);
    // The header in one store of eight bytes, of which the name's distance then takes the last two.
    if let Some(distance) = near(name)
        && name.len() <= MAX_NEAR_NAME
        && time >> MANTISSA_BITS == 0
        && let Some(bytes) = body.events.get_mut(len..).and_then(<[u8]>::first_chunk_mut::<NEAR_BYTES>)
    {
        bytes[..8].copy_from_slice(&(time << 8 | name.len() as u64).to_le_bytes());
        bytes[6..].copy_from_slice(&distance.to_le_bytes());
        body.event_len += NEAR_BYTES as u8;
        prefetch_ahead(&raw const body.events);
    } else {
        plain_slowly(body, name, ticks);
    }
}

#[cold]
#[inline(never)]
fn plain_slowly(body: &mut Body, name: &'static str, ticks: u64) {
    event(body, &EventName::Static(name), ticks, None);
}

/// Appends an event; counts it when it does not fit. Attributes that do not fit are counted on the span.
pub(super) fn event(body: &mut Body, name: &EventName<'_>, ticks: u64, attributes: Option<&Scratch>) {
    let time = pack_time(ticks.saturating_sub(body.start));
    let mut arena = Arena::new(&mut body.events, usize::from(body.event_len));
    if !begin(&mut arena, name, time, attributes.is_some()) {
        body.dropped_events = body.dropped_events.saturating_add(1);
        return;
    }
    if let Some(scratch) = attributes {
        if scratch.len < arena.free() {
            arena.push(&[scratch.len as u8]);
            arena.push(&scratch.bytes[..scratch.len]);
            body.dropped_attributes = body.dropped_attributes.saturating_add(scratch.dropped);
        } else {
            arena.push(&[0]);
            body.dropped_attributes =
                body.dropped_attributes.saturating_add(scratch.dropped).saturating_add(scratch.count);
        }
    }
    body.event_len = arena.len() as u8;
}

fn begin(arena: &mut Arena<'_>, name: &EventName<'_>, time: [u8; TIME_BYTES], attributes: bool) -> bool {
    let more = usize::from(attributes);
    let near_name = match name {
        EventName::Static(name) if name.len() <= MAX_NEAR_NAME => near(name).map(|at| (at, name.len())),
        _ => None,
    };
    match (near_name, name) {
        (Some((distance, len)), _) => {
            let fits = arena.free() >= 1 + TIME_BYTES + 4 + more;
            if fits {
                let kind = if attributes { NEAR_WITH_ATTRIBUTES } else { NEAR };
                arena.push(&[kind << 6 | len as u8]);
                arena.push(&time);
                arena.push(&distance.to_le_bytes());
            }
            fits
        }
        (None, EventName::Static(name)) => {
            let fits = arena.free() >= 1 + TIME_BYTES + 8 + 2 + more && name.len() <= usize::from(u16::MAX);
            if fits {
                arena.push(&[FAR << 6 | more as u8]);
                arena.push(&time);
                arena.push(&(name.as_ptr().expose_provenance() as u64).to_le_bytes());
                arena.push(&(name.len() as u16).to_le_bytes());
            }
            fits
        }
        (None, EventName::Dynamic(name)) => {
            let name = &name[..floor_char_boundary(name, MAX_DYNAMIC_NAME)];
            let fits = arena.free() > TIME_BYTES + 1 + name.len() + more;
            if fits {
                arena.push(&[DYNAMIC << 6 | more as u8]);
                arena.push(&time);
                arena.push(&[name.len() as u8]);
                arena.push(name.as_bytes());
            }
            fits
        }
    }
}

/// The attributes of an event while they are gathered, before the event is written: code of the user's runs meanwhile.
pub(super) struct Scratch {
    bytes: [u8; EVENT_BYTES],
    len: usize,
    count: u16,
    dropped: u16,
}

impl Scratch {
    pub(super) const fn new() -> Self {
        Self { bytes: [0; EVENT_BYTES], len: 0, count: 0, dropped: 0 }
    }

    pub(super) fn put(&mut self, key: Key, value: Packed<'_>) {
        let mut arena = Arena::new(&mut self.bytes[..EVENT_BYTES - MAX_HEADER], self.len);
        if arena.append_long(key, value) {
            self.len = arena.len();
            self.count += 1;
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
    }
}

/// Gathers the attributes of an event; what does not fit is counted on the span.
pub struct EventWriter<'a> {
    pub(super) scratch: &'a mut Scratch,
}

impl EventWriter<'_> {
    /// Records an attribute of any type that can be one.
    pub fn set(&mut self, key: &'static str, value: impl AttributeValue) -> &mut Self {
        value.record(Entry::event(self.scratch, Key::Static(key)));
        self
    }
}

/// The attributes of an event, gathered before the span it is for is at hand.
///
/// ```
/// use telemetry_core::{EventAttributes, Name, Span};
/// let attributes = EventAttributes::gather(|event| {
///     event.set("key", "book:7");
/// });
/// Span::current().event_gathered(Name::of("cache.miss"), &attributes);
/// ```
pub struct EventAttributes(Scratch);

impl EventAttributes {
    /// Gathers what the closure sets; what does not fit is counted on the span.
    pub fn gather(attributes: impl FnOnce(&mut EventWriter<'_>)) -> Self {
        let mut scratch = Scratch::new();
        attributes(&mut EventWriter { scratch: &mut scratch });
        Self(scratch)
    }
}

impl fmt::Debug for EventAttributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventAttributes").field("count", &self.0.count).finish_non_exhaustive()
    }
}

/// Appends an event with what was gathered of it.
pub(super) fn gathered(body: &mut Body, name: Name<'_>, ticks: u64, attributes: &EventAttributes) {
    let EventAttributes(scratch) = attributes;
    let some = scratch.count != 0 || scratch.dropped != 0;
    event(body, &name.of_event(), ticks, some.then_some(scratch));
}

/// An event as it lies in the slot.
pub(super) struct RawEvent<'a> {
    pub(super) name: RawName<'a>,
    /// Ticks since the span's start.
    pub(super) ticks: u64,
    /// Packed entries.
    pub(super) attributes: &'a [u8],
}

/// The name of an event as it lies in the slot.
pub(super) enum RawName<'a> {
    Static(Reference),
    Dynamic(&'a [u8]),
}

/// The first event of `bytes`, and what lies behind it.
pub(super) fn read(bytes: &[u8]) -> Option<(RawEvent<'_>, &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let ticks = unpack_time(rest.get(..TIME_BYTES)?.try_into().ok()?);
    let rest = &rest[TIME_BYTES..];
    let (kind, small) = (tag >> 6, tag & 0x3f);
    let (name, rest, has_attributes) = match kind {
        NEAR | NEAR_WITH_ATTRIBUTES => {
            let name = Reference::near(rest.get(..4)?, usize::from(small));
            (RawName::Static(name), &rest[4..], kind == NEAR_WITH_ATTRIBUTES)
        }
        DYNAMIC => {
            let (&len, rest) = rest.split_first()?;
            let name = rest.get(..usize::from(len))?;
            (RawName::Dynamic(name), &rest[usize::from(len)..], small & 1 != 0)
        }
        _ => {
            let len = usize::from(u16::from_le_bytes(rest.get(8..10)?.try_into().ok()?));
            (RawName::Static(Reference::far(&rest[..8], len)), &rest[10..], small & 1 != 0)
        }
    };
    let (attributes, rest) = if has_attributes {
        let (&len, rest) = rest.split_first()?;
        rest.split_at_checked(usize::from(len))?
    } else {
        (&[][..], rest)
    };
    Some((RawEvent { name, ticks, attributes }, rest))
}

const _: () = {
    // The promise of twelve events with static names, or four with dynamic ones of 22 bytes.
    assert!(12 * NEAR_BYTES <= EVENT_BYTES);
    // A tag without a kind: `plain` writes the name's length alone.
    assert!(NEAR == 0);
    assert!(4 * (1 + TIME_BYTES + 1 + 22) <= EVENT_BYTES);
};
