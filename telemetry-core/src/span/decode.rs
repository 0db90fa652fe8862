//! From a slot to a record: the drain's work.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use super::arena::kind;
use super::event::RawName;
use super::link_flags::LinkFlags;
use super::name::STATIC_NAME_BYTES;
use super::site::{CallSite, Constant, Site, gates};
use super::walk::{self, RawEntry, RawKey, Reference, array};
use super::{bits, event};
use crate::clock::Conversion;
use crate::context::flag;
use crate::id::{SpanId, TraceId};
use crate::propagate::Found;
use crate::record::{Attribute, EventRecord, LinkRecord, Origin, SpanKind, SpanRecord, Value};
use crate::ring::{Body, Slot};

/// Stands for a call site that could not be found, which only a full table of sites can cause.
static UNKNOWN: CallSite = CallSite::new(Site {
    name: "unknown",
    kind: SpanKind::Internal,
    keys: &[],
    constants: &[],
    origin: &Origin { crate_name: "", crate_version: "", module: "", file: "" },
    line: 0,
});

/// Stands for a key whose number the call site does not have.
pub(crate) const UNKNOWN_KEY: &str = "?";

/// Turns the slots of one batch into records.
pub(crate) struct Decoder {
    conversion: Conversion,
    directory: gates::Directory,
    states: Found,
}

impl Decoder {
    pub(crate) fn new(conversion: Conversion) -> Self {
        Self { conversion, directory: gates::Directory::new(), states: Found::default() }
    }

    /// The record of a complete slot.
    #[allow(unsafe_code, reason = "the body of a complete slot is the consumer's to read")]
    pub(crate) fn record(&mut self, slot: &Slot) -> SpanRecord {
        // SAFETY: the consumer has seen the slot complete (Acquire), and no one writes it until it is freed.
        let (word, body) =
            (slot.site.with(|site| unsafe { *site }), slot.body.with(|body| unsafe { &*body }));
        let call_site = self.directory.get(word).unwrap_or(&UNKNOWN);
        let here = Here { call_site, states: RefCell::new(&mut self.states) };
        record(&here, &self.conversion, word, body)
    }
}

/// Where what a slot only refers to is found: its call site, and static texts by address.
pub(crate) trait Texts {
    /// The call site's name.
    fn name(&self) -> Cow<'static, str>;
    /// The call site's kind.
    fn kind(&self) -> SpanKind;
    /// The call site's place.
    fn origin(&self) -> &'static Origin;
    /// The call site's line.
    fn line(&self) -> u32;
    /// The call site's constant attributes.
    fn constants(&self) -> impl Iterator<Item = Attribute>;
    /// Gives the attributes the call site's last touch, if it can be had.
    fn finish(&self, _: &mut Vec<Attribute>) {}
    /// The call site's key of this number.
    fn key(&self, number: u8) -> Cow<'static, str>;
    /// A static text.
    fn text(&self, text: Reference) -> Cow<'static, str>;
    /// The state of a trace that is kept under this number, which is not zero.
    fn state(&self, trace: u128, number: u32) -> Option<Arc<str>>;
}

/// The texts of this process, for slots of its own ring.
struct Here<'a> {
    call_site: &'static CallSite,
    states: RefCell<&'a mut Found>,
}

impl Texts for Here<'_> {
    #[inline(always)]
    fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed(self.call_site.site.name)
    }

    #[inline(always)]
    fn kind(&self) -> SpanKind {
        self.call_site.site.kind
    }

    #[inline(always)]
    fn origin(&self) -> &'static Origin {
        self.call_site.site.origin
    }

    #[inline(always)]
    fn line(&self) -> u32 {
        self.call_site.site.line
    }

    #[inline(always)]
    fn constants(&self) -> impl Iterator<Item = Attribute> {
        self.call_site.site.constants.iter().map(constant)
    }

    #[inline(always)]
    fn finish(&self, attributes: &mut Vec<Attribute>) {
        self.call_site.finish(attributes);
    }

    #[inline(always)]
    fn key(&self, number: u8) -> Cow<'static, str> {
        Cow::Borrowed(self.call_site.site.keys.get(usize::from(number)).copied().unwrap_or(UNKNOWN_KEY))
    }

    #[inline(always)]
    #[allow(unsafe_code, reason = "static texts are kept by address")]
    fn text(&self, text: Reference) -> Cow<'static, str> {
        // SAFETY: only the decoder makes a `Here`, for slots of this process's rings.
        Cow::Borrowed(unsafe { text.here() })
    }

    fn state(&self, trace: u128, number: u32) -> Option<Arc<str>> {
        self.states.borrow_mut().text(trace, number)
    }
}

/// The number of the call site in the word of a slot; zero for none.
pub(crate) const fn site_number(word: u32) -> u32 {
    word >> flag::WIDTH
}

/// The record of a span. Any bytes make some record, as far as `texts` copes with what they refer to.
#[inline(always)]
pub(crate) fn record(texts: &impl Texts, conversion: &Conversion, word: u32, body: &Body) -> SpanRecord {
    let epoch = word & flag::EPOCH;
    let start = conversion.unix_nanos(epoch, body.start);
    let (links, mut attributes) = attributes(texts, body);
    texts.finish(&mut attributes);
    let trace = u128::from(body.trace_high) << 64 | u128::from(body.trace_low);
    SpanRecord {
        trace_id: TraceId::new(trace).unwrap_or(TraceId::MAX),
        span_id: SpanId::new(body.span_id).unwrap_or(SpanId::MAX),
        parent_span_id: SpanId::new(body.parent_id),
        local_root: body.bits & bits::LOCAL_ROOT != 0,
        trace_flags: u8::from(word & flag::WATCHED == 0) | u8::from(word & flag::RANDOM != 0) << 1,
        trace_state: state(texts, trace, flag::state(word)),
        name: name(texts, body),
        kind: bits::kind(body.bits).unwrap_or_else(|| texts.kind()),
        start_unix_nanos: start,
        duration_nanos: conversion.nanos_between(epoch, body.start, body.end),
        status: bits::status(body.bits),
        outcome: bits::outcome(body.bits),
        attributes,
        events: events(texts, conversion, body, epoch, start),
        links,
        dropped_attributes_count: u32::from(body.dropped_attributes),
        dropped_events_count: u32::from(body.dropped_events),
        dropped_links_count: bits::dropped_links(body.bits),
        origin: texts.origin(),
        line: texts.line(),
    }
}

/// The state of a trace; none for the number zero.
#[inline(always)]
fn state(texts: &impl Texts, trace: u128, number: u32) -> Option<Arc<str>> {
    if number == 0 { None } else { texts.state(trace, number) }
}

fn events(
    texts: &impl Texts,
    conversion: &Conversion,
    body: &Body,
    epoch: u32,
    start: u64,
) -> Vec<EventRecord> {
    let mut events = Vec::new();
    if body.event_len == 0 {
        return events;
    }
    let mut bytes = used(&body.events, body.event_len);
    while let Some((raw, rest)) = event::read(bytes) {
        let after = conversion.nanos_between(epoch, 0, raw.ticks);
        events.push(EventRecord {
            name: match raw.name {
                RawName::Static(name) => texts.text(name),
                RawName::Dynamic(name) => Cow::Owned(lossy(name)),
            },
            time_unix_nanos: start.saturating_add(after),
            attributes: unique(walk::entries(raw.attributes).filter_map(|e| attribute(texts, &e))),
        });
        bytes = rest;
    }
    events
}

/// The bytes of an arena that are in use; all, where that many there are not.
fn used(bytes: &[u8], len: u8) -> &[u8] {
    bytes.get(..usize::from(len)).unwrap_or(bytes)
}

fn name(texts: &impl Texts, body: &Body) -> Cow<'static, str> {
    match bits::name_mode(body.bits) {
        bits::NameMode::Site | bits::NameMode::Spill => texts.name(),
        bits::NameMode::Static => {
            let len = u64::from_le_bytes(array(&body.name[8..16])) as usize;
            texts.text(Reference::far(&body.name[..8], len))
        }
        bits::NameMode::Inline => {
            let len = body.name.iter().position(|byte| *byte == 0xff).unwrap_or(body.name.len());
            Cow::Owned(lossy(&body.name[..len]))
        }
    }
}

/// Constant attributes, then recorded ones, each key once with its last value; and the links.
fn attributes(texts: &impl Texts, body: &Body) -> (Vec<LinkRecord>, Vec<Attribute>) {
    let used = used(&body.attributes, body.attribute_len);
    let spilled: &[u8] = match bits::name_mode(body.bits) {
        bits::NameMode::Spill => &body.name,
        bits::NameMode::Static => &body.name[STATIC_NAME_BYTES..],
        _ => &[],
    };
    let mut constants = texts.constants().peekable();
    if used.is_empty() && spilled.first().is_none_or(|tag| *tag == 0) && constants.peek().is_none() {
        return (Vec::new(), Vec::new());
    }
    let mut links = Vec::new();
    let recorded = walk::entries(used).chain(walk::entries(spilled)).filter_map(|entry| {
        if entry.kind == kind::LINK {
            links.extend(link(texts, entry.value));
        }
        attribute(texts, &entry)
    });
    let attributes = unique(constants.chain(recorded));
    (links, attributes)
}

fn unique(attributes: impl Iterator<Item = Attribute>) -> Vec<Attribute> {
    let mut kept: Vec<Attribute> = Vec::with_capacity(4);
    for attribute in attributes {
        match kept.iter_mut().find(|known| known.key == attribute.key) {
            Some(known) => known.value = attribute.value,
            None => kept.push(attribute),
        }
    }
    kept
}

fn constant((key, value): &(&'static str, Constant)) -> Attribute {
    let value = match *value {
        Constant::Bool(value) => Value::Bool(value),
        Constant::I64(value) => Value::I64(value),
        Constant::U64(value) => Value::U64(value),
        Constant::F64(value) => Value::F64(value),
        Constant::Str(value) => Value::Str(Cow::Borrowed(value)),
    };
    Attribute { key: Cow::Borrowed(key), value }
}

fn attribute(texts: &impl Texts, entry: &RawEntry<'_>) -> Option<Attribute> {
    let value = match entry.kind {
        kind::BOOL => Value::Bool(entry.small != 0),
        kind::I64 => Value::I64(sign_extended(entry.value)),
        kind::U64 => Value::U64(u64::from_le_bytes(array(entry.value))),
        kind::F64 => Value::F64(f64::from_bits(u64::from_le_bytes(array(entry.value)))),
        kind::STR => Value::Str(Cow::Owned(lossy(&entry.value[1..]))),
        kind::STATIC_NEAR => {
            let len = u16::from_le_bytes(array(&entry.value[4..]));
            Value::Str(texts.text(Reference::near(&entry.value[..4], usize::from(len))))
        }
        kind::STATIC_FAR => {
            let len = u32::from_le_bytes(array(&entry.value[8..]));
            Value::Str(texts.text(Reference::far(&entry.value[..8], len as usize)))
        }
        kind::BYTES => Value::Bytes(entry.value[1..].to_vec()),
        _ => return None,
    };
    let key = match entry.key {
        RawKey::None => Cow::Borrowed(""),
        RawKey::Site(number) => texts.key(number),
        RawKey::Static(key) => texts.text(key),
    };
    Some(Attribute { key, value })
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn sign_extended(bytes: &[u8]) -> i64 {
    // No integer takes more than eight bytes.
    let shift = 64_u32.saturating_sub(8 * bytes.len() as u32);
    i64::from_le_bytes(array(bytes)).wrapping_shl(shift).wrapping_shr(shift)
}

fn link(texts: &impl Texts, value: &[u8]) -> Option<LinkRecord> {
    let trace_id = TraceId::new(u128::from_le_bytes(array(&value[..16])))?;
    let flags = LinkFlags(value[24]);
    Some(LinkRecord {
        trace_id,
        span_id: SpanId::new(u64::from_le_bytes(array(&value[16..24])))?,
        trace_flags: flags.of_trace(),
        trace_state: state(texts, trace_id.to_u128(), flags.state()),
        remote: flags.is_remote(),
    })
}
