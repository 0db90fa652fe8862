//! The sixteen bits of a slot that hold the small facts of a span.

use crate::record::{Outcome, SpanKind, Status};

const STATUS_SHIFT: u16 = 3;
const OUTCOME_SHIFT: u16 = 5;
const NAME_SHIFT: u16 = 8;
/// The first span of its trace in this process.
pub(super) const LOCAL_ROOT: u16 = 1 << 11;
const DROPPED_LINKS_SHIFT: u16 = 12;

/// What the name region of a slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(super) enum NameMode {
    /// Nothing: the name is the call site's.
    Site = 0,
    /// The address and length of a static name.
    Static = 1,
    /// The name itself, filled up with 0xFF.
    Inline = 2,
    /// The name is the call site's, and attributes that found no room elsewhere lie here.
    Spill = 3,
}

/// The kind; none where it is the call site's.
pub(super) const fn kind(bits: u16) -> Option<SpanKind> {
    const KINDS: [Option<SpanKind>; 8] = [
        None,
        Some(SpanKind::Internal),
        Some(SpanKind::Server),
        Some(SpanKind::Client),
        Some(SpanKind::Producer),
        Some(SpanKind::Consumer),
        None,
        None,
    ];
    KINDS[(bits & 0b111) as usize]
}

pub(super) const fn set_kind(bits: u16, kind: SpanKind) -> u16 {
    bits & !0b111 | (kind as u16 + 1)
}

pub(super) const fn status(bits: u16) -> Status {
    const STATUSES: [Status; 4] = [Status::Unset, Status::Ok, Status::Error, Status::Unset];
    STATUSES[(bits >> STATUS_SHIFT & 0b11) as usize]
}

/// Sets the status as OpenTelemetry rules: ok beats error beats unset.
pub(super) const fn set_status(bits: u16, new: Status) -> u16 {
    let keep = match (status(bits), new) {
        (Status::Ok, _) | (_, Status::Unset) => return bits,
        _ => bits & !(0b11 << STATUS_SHIFT),
    };
    keep | (new as u16) << STATUS_SHIFT
}

pub(super) const fn outcome(bits: u16) -> Outcome {
    const OUTCOMES: [Outcome; 8] = [
        Outcome::Completed,
        Outcome::Failed,
        Outcome::Panicked,
        Outcome::Cancelled,
        Outcome::NeverPolled,
        Outcome::Completed,
        Outcome::Completed,
        Outcome::Completed,
    ];
    OUTCOMES[(bits >> OUTCOME_SHIFT & 0b111) as usize]
}

pub(super) const fn set_outcome(bits: u16, outcome: Outcome) -> u16 {
    bits & !(0b111 << OUTCOME_SHIFT) | (outcome as u16) << OUTCOME_SHIFT
}

pub(super) const fn name_mode(bits: u16) -> NameMode {
    const MODES: [NameMode; 4] = [NameMode::Site, NameMode::Static, NameMode::Inline, NameMode::Spill];
    MODES[(bits >> NAME_SHIFT & 0b11) as usize]
}

pub(super) const fn set_name_mode(bits: u16, mode: NameMode) -> u16 {
    bits & !(0b11 << NAME_SHIFT) | (mode as u16) << NAME_SHIFT
}

pub(super) const fn dropped_links(bits: u16) -> u32 {
    (bits >> DROPPED_LINKS_SHIFT) as u32
}

/// Counts a link that did not fit; stays at fifteen.
pub(super) const fn add_dropped_link(bits: u16) -> u16 {
    if dropped_links(bits) == 15 { bits } else { bits + (1 << DROPPED_LINKS_SHIFT) }
}
