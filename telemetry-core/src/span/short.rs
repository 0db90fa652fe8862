//! Short attributes under a key of the call site: the entries most spans have, written without asking for the room of
//! each piece. Whatever does not take this way goes through [`write::attribute`], with the same bytes as its result.

use super::arena::{Key, Packed, SITE_KEYS, kind, near};
use super::write::{self, OUTCOME_ROOM};
use crate::ring::{ATTRIBUTE_BYTES, Body, prefetch_ahead};

/// Tag, key and eight bytes.
const NUMBER_BYTES: usize = 10;
/// Text of more bytes is not short.
const SHORT_TEXT: usize = 16;
/// Tag, key, length and as many bytes as short text has.
const TEXT_BYTES: usize = 3 + SHORT_TEXT;
/// Tag, key, address and length of static text.
const FIXED_BYTES: usize = 14;
/// What every span can use of its attribute bytes, whatever its name.
const ROOM: usize = ATTRIBUTE_BYTES - OUTCOME_ROOM;

/// The `N` bytes that the next entry may take.
#[inline(always)]
fn room<const N: usize>(body: &mut Body) -> Option<&mut [u8; N]> {
    prefetch_ahead(&raw const body.attributes);
    let len = usize::from(body.attribute_len);
    body.attributes[..ROOM].get_mut(len..)?.first_chunk_mut()
}

/// Writes an entry with a number of `size` bytes; false when it is not short.
#[inline(always)]
fn number(body: &mut Body, kind: u8, small: u8, key: Key, value: u64, size: usize) -> bool {
    let Key::Site(key, _) = key else { return false };
    let Some(bytes) = room::<NUMBER_BYTES>(body) else { return false };
    bytes[..2].copy_from_slice(&[kind << 4 | small, key]);
    // Eight bytes in one store; those beyond `size` are written over by the next entry.
    bytes[2..].copy_from_slice(&value.to_le_bytes());
    body.attribute_len += 2 + size as u8;
    true
}

/// Bytes an unsigned number takes.
#[inline(always)]
pub(super) const fn unsigned_size(value: u64) -> usize {
    (64 - value.leading_zeros() as usize).div_ceil(8)
}

/// Bytes a signed number takes: one bit more than its magnitude, for the sign.
#[inline(always)]
pub(super) const fn signed_size(value: i64) -> usize {
    // The lowest bit set makes the count of leading zeros one instruction everywhere.
    let magnitude = (value ^ value >> 63) as u64;
    (63 - (magnitude << 1 | 1).leading_zeros() as usize) / 8 + 1
}

#[inline(always)]
pub(super) fn bool(body: &mut Body, key: Key, value: bool) {
    if !number(body, kind::BOOL, u8::from(value), key, 0, 0) {
        slowly(body, key, Packed::Bool(value));
    }
}

#[inline(always)]
pub(super) fn signed(body: &mut Body, key: Key, value: i64) {
    let size = signed_size(value);
    if !number(body, kind::I64, size as u8, key, value as u64, size) {
        slowly_signed(body, key, value);
    }
}

#[inline(always)]
pub(super) fn unsigned(body: &mut Body, key: Key, value: u64) {
    let size = unsigned_size(value);
    if !number(body, kind::U64, size as u8, key, value, size) {
        slowly_unsigned(body, key, value);
    }
}

#[inline(always)]
pub(super) fn float(body: &mut Body, key: Key, value: f64) {
    if !number(body, kind::F64, 8, key, value.to_bits(), 8) {
        slowly(body, key, Packed::F64(value));
    }
}

pub(super) fn text(body: &mut Body, key: Key, value: &str) {
    if !short_text(body, key, value.as_bytes()) {
        write::attribute(body, key, Packed::Str(value));
    }
}

/// Text that was found to be ASCII.
pub(super) fn ascii(body: &mut Body, key: Key, value: &[u8]) {
    if !short_text(body, key, value)
        && let Ok(text) = str::from_utf8(value)
    {
        write::attribute(body, key, Packed::Str(text));
    }
}

/// Writes an entry with text, given as its bytes; false when it is not short.
#[inline(always)]
fn short_text(body: &mut Body, key: Key, text: &[u8]) -> bool {
    let Key::Site(key, _) = key else { return false };
    if text.len() > SHORT_TEXT {
        return false;
    }
    let Some(bytes) = room::<TEXT_BYTES>(body) else { return false };
    bytes[..3].copy_from_slice(&[kind::STR << 4, key, text.len() as u8]);
    copy_short(bytes.last_chunk_mut().expect("short text fits"), text);
    body.attribute_len += 3 + text.len() as u8;
    true
}

/// Static text, by reference.
pub(super) fn fixed(body: &mut Body, key: Key, text: &'static str) {
    if !short_fixed(body, key, text) {
        slowly(body, key, Packed::Static(text));
    }
}

/// Writes an entry with a reference to static text; false when there is no room for the longer form of it.
#[inline(always)]
fn short_fixed(body: &mut Body, key: Key, text: &'static str) -> bool {
    let (Key::Site(key, _), Ok(len)) = (key, u16::try_from(text.len())) else { return false };
    let Some(bytes) = room::<FIXED_BYTES>(body) else { return false };
    let size = if let Some(distance) = near(text) {
        bytes[..2].copy_from_slice(&[kind::STATIC_NEAR << 4, key]);
        bytes[2..6].copy_from_slice(&distance.to_le_bytes());
        bytes[6..8].copy_from_slice(&len.to_le_bytes());
        8
    } else {
        bytes[..2].copy_from_slice(&[kind::STATIC_FAR << 4, key]);
        bytes[2..10].copy_from_slice(&(text.as_ptr().expose_provenance() as u64).to_le_bytes());
        bytes[10..].copy_from_slice(&u32::from(len).to_le_bytes());
        FIXED_BYTES as u8
    };
    body.attribute_len += size;
    true
}

/// Copies at most sixteen bytes by at most two overlapping moves on each side.
#[inline(always)]
fn copy_short(to: &mut [u8; SHORT_TEXT], from: &[u8]) {
    let len = from.len();
    if let (Some(first), Some(last)) = (from.first_chunk::<8>(), from.last_chunk::<8>()) {
        to[..8].copy_from_slice(first);
        if let Some(end) = to.get_mut(len - 8..len) {
            end.copy_from_slice(last);
        }
    } else if let (Some(first), Some(last)) = (from.first_chunk::<4>(), from.last_chunk::<4>()) {
        to[..4].copy_from_slice(first);
        if let Some(end) = to.get_mut(len - 4..len) {
            end.copy_from_slice(last);
        }
    } else if let (Some(first), Some(last)) = (from.first(), from.last()) {
        to[0] = *first;
        to[len / 2] = from[len / 2];
        to[len - 1] = *last;
    }
}

#[cold]
#[inline(never)]
fn slowly_signed(body: &mut Body, key: Key, value: i64) {
    write::attribute(body, key, Packed::I64(value));
}

#[cold]
#[inline(never)]
fn slowly_unsigned(body: &mut Body, key: Key, value: u64) {
    write::attribute(body, key, Packed::U64(value));
}

#[cold]
#[inline(never)]
fn slowly(body: &mut Body, key: Key, value: Packed<'_>) {
    write::attribute(body, key, value);
}

const _: () = assert!(SITE_KEYS <= 240);
