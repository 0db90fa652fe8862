//! From a slot to a record: the drain's work.

use std::borrow::Cow;

use super::arena::kind;
use super::link_flags::LinkFlags;
use super::name::STATIC_NAME_BYTES;
use super::site::{CallSite, Constant, Site, gates};
use super::walk::{self, RawEntry, array};
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
    origin: Origin { crate_name: "", crate_version: "", module: "", file: "", line: 0 },
});

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
        let site = &call_site.site;
        let epoch = word & flag::EPOCH;
        let start = self.conversion.unix_nanos(epoch, body.start);
        let (links, mut attributes) = self.attributes(site, body);
        let trace = u128::from(body.trace_high) << 64 | u128::from(body.trace_low);
        call_site.finish(&mut attributes);
        SpanRecord {
            trace_id: TraceId::new(trace).unwrap_or(TraceId::MAX),
            span_id: SpanId::new(body.span_id).unwrap_or(SpanId::MAX),
            parent_span_id: SpanId::new(body.parent_id),
            local_root: body.bits & bits::LOCAL_ROOT != 0,
            trace_flags: 1 | u8::from(word & flag::RANDOM != 0) << 1,
            trace_state: self.states.text(trace, flag::state(word)),
            name: name(site, body),
            kind: bits::kind(body.bits).unwrap_or(site.kind),
            start_unix_nanos: start,
            duration_nanos: self.conversion.nanos_between(epoch, body.start, body.end),
            status: bits::status(body.bits),
            outcome: bits::outcome(body.bits),
            attributes,
            events: self.events(site, body, epoch, start),
            links,
            dropped_attributes_count: u32::from(body.dropped_attributes),
            dropped_events_count: u32::from(body.dropped_events),
            dropped_links_count: bits::dropped_links(body.bits),
            origin: &site.origin,
        }
    }

    /// Constant attributes, then recorded ones, each key once with its last value; and the links.
    fn attributes(&mut self, site: &Site, body: &Body) -> (Vec<LinkRecord>, Vec<Attribute>) {
        let used = &body.attributes[..usize::from(body.attribute_len)];
        let spilled: &[u8] = match bits::name_mode(body.bits) {
            bits::NameMode::Spill => &body.name,
            bits::NameMode::Static => &body.name[STATIC_NAME_BYTES..],
            _ => &[],
        };
        if used.is_empty() && spilled.first().is_none_or(|tag| *tag == 0) && site.constants.is_empty() {
            return (Vec::new(), Vec::new());
        }
        let mut links = Vec::new();
        let recorded = walk::entries(used).chain(walk::entries(spilled)).filter_map(|entry| {
            if entry.kind == kind::LINK {
                links.extend(link(&mut self.states, entry.value));
            }
            attribute(site, &entry)
        });
        let attributes = unique(site.constants.iter().map(constant).chain(recorded));
        (links, attributes)
    }

    fn events(&self, site: &Site, body: &Body, epoch: u32, start: u64) -> Vec<EventRecord> {
        let mut events = Vec::new();
        if body.event_len == 0 {
            return events;
        }
        let mut bytes = &body.events[..usize::from(body.event_len)];
        while let Some((raw, rest)) = event::read(bytes) {
            let after = self.conversion.nanos_between(epoch, 0, raw.ticks);
            events.push(EventRecord {
                name: raw.name,
                time_unix_nanos: start.saturating_add(after),
                attributes: unique(walk::entries(raw.attributes).filter_map(|e| attribute(site, &e))),
            });
            bytes = rest;
        }
        events
    }
}

fn name(site: &Site, body: &Body) -> Cow<'static, str> {
    match bits::name_mode(body.bits) {
        bits::NameMode::Site | bits::NameMode::Spill => Cow::Borrowed(site.name),
        bits::NameMode::Static => {
            let len = u64::from_le_bytes(array(&body.name[8..16])) as usize;
            Cow::Borrowed(walk::far_text(&body.name[..8], len))
        }
        bits::NameMode::Inline => {
            let len = body.name.iter().position(|byte| *byte == 0xff).unwrap_or(body.name.len());
            Cow::Owned(String::from_utf8_lossy(&body.name[..len]).into_owned())
        }
    }
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

fn attribute(site: &Site, entry: &RawEntry<'_>) -> Option<Attribute> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let value = match entry.kind {
        kind::BOOL => Value::Bool(entry.small != 0),
        kind::I64 => Value::I64(sign_extended(entry.value)),
        kind::U64 => Value::U64(u64::from_le_bytes(array(entry.value))),
        kind::F64 => Value::F64(f64::from_bits(u64::from_le_bytes(array(entry.value)))),
        kind::STR => Value::Str(Cow::Owned(text(&entry.value[1..]))),
        kind::STATIC_NEAR => {
            let len = u16::from_le_bytes(array(&entry.value[4..]));
            Value::Str(Cow::Borrowed(walk::near_text(&entry.value[..4], usize::from(len))))
        }
        kind::STATIC_FAR => {
            let len = u32::from_le_bytes(array(&entry.value[8..]));
            Value::Str(Cow::Borrowed(walk::far_text(&entry.value[..8], len as usize)))
        }
        kind::BYTES => Value::Bytes(entry.value[1..].to_vec()),
        _ => return None,
    };
    Some(Attribute { key: Cow::Borrowed(entry.key.text(site.keys)), value })
}

fn sign_extended(bytes: &[u8]) -> i64 {
    let shift = 64 - 8 * bytes.len() as u32;
    i64::from_le_bytes(array(bytes)).wrapping_shl(shift).wrapping_shr(shift)
}

fn link(states: &mut Found, value: &[u8]) -> Option<LinkRecord> {
    let trace_id = TraceId::new(u128::from_le_bytes(array(&value[..16])))?;
    let flags = LinkFlags(value[24]);
    Some(LinkRecord {
        trace_id,
        span_id: SpanId::new(u64::from_le_bytes(array(&value[16..24])))?,
        trace_flags: flags.of_trace(),
        trace_state: states.text(trace_id.to_u128(), flags.state()),
        remote: flags.is_remote(),
    })
}
