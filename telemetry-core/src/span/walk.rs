//! Reading packed attributes back, entry by entry.

use super::arena::{ANCHOR, KEY_FAR, KEY_NEAR, kind};

/// One packed entry.
pub(super) struct RawEntry<'a> {
    pub(super) kind: u8,
    pub(super) small: u8,
    pub(super) key: RawKey,
    pub(super) value: &'a [u8],
    /// Bytes of the whole entry.
    pub(super) size: usize,
}

/// The key of a packed entry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum RawKey {
    /// A link has none.
    None,
    /// A key of the call site, by number.
    Site(u8),
    /// A static string.
    Static(&'static str),
}

impl RawKey {
    /// The key itself.
    pub(super) fn text(self, site_keys: &'static [&'static str]) -> &'static str {
        match self {
            Self::None => "",
            Self::Site(number) => site_keys.get(usize::from(number)).copied().unwrap_or("?"),
            Self::Static(key) => key,
        }
    }
}

/// The entries in `bytes`, which is what an [`Arena`](super::arena::Arena) has written.
pub(super) fn entries(mut bytes: &[u8]) -> impl Iterator<Item = RawEntry<'_>> {
    std::iter::from_fn(move || {
        let entry = read(bytes)?;
        bytes = &bytes[entry.size..];
        Some(entry)
    })
}

fn read(bytes: &[u8]) -> Option<RawEntry<'_>> {
    let (&tag, rest) = bytes.split_first()?;
    let (kind, small) = (tag >> 4, tag & 0xf);
    let (key, rest) = if kind == kind::LINK { (RawKey::None, rest) } else { read_key(rest)? };
    let len = match kind {
        kind::BOOL => 0,
        kind::I64 | kind::U64 => usize::from(small),
        kind::F64 => 8,
        kind::STATIC_NEAR => 6,
        kind::STATIC_FAR => 12,
        kind::STR | kind::BYTES => 1 + usize::from(*rest.first()?),
        kind::LINK => 25,
        _ => return None,
    };
    let value = rest.get(..len)?;
    let size = bytes.len() - rest.len() + len;
    Some(RawEntry { kind, small, key, value, size })
}

fn read_key(bytes: &[u8]) -> Option<(RawKey, &[u8])> {
    match *bytes.first()? {
        KEY_NEAR => {
            let text = near_text(bytes.get(1..5)?, usize::from(*bytes.get(5)?));
            Some((RawKey::Static(text), &bytes[6..]))
        }
        KEY_FAR => {
            let text = far_text(bytes.get(1..9)?, usize::from(*bytes.get(9)?));
            Some((RawKey::Static(text), &bytes[10..]))
        }
        number => Some((RawKey::Site(number), &bytes[1..])),
    }
}

/// The static string at a distance from this library.
pub(super) fn near_text(distance: &[u8], len: usize) -> &'static str {
    let distance = i64::from(i32::from_le_bytes(array(distance)));
    let anchor = (&raw const ANCHOR).expose_provenance() as i64;
    static_text(anchor.wrapping_add(distance) as usize, len)
}

/// The static string at an address.
pub(super) fn far_text(address: &[u8], len: usize) -> &'static str {
    static_text(u64::from_le_bytes(array(address)) as usize, len)
}

#[allow(unsafe_code, reason = "static strings are kept by address")]
fn static_text(address: usize, len: usize) -> &'static str {
    // SAFETY: only `Arena` and `EventWriter` write addresses, each from a `&'static str` of this length whose
    // provenance they exposed.
    unsafe {
        let bytes = std::slice::from_raw_parts(std::ptr::with_exposed_provenance(address), len);
        std::str::from_utf8_unchecked(bytes)
    }
}

/// The first `N` bytes; zeros behind what is missing.
pub(super) fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    let len = bytes.len().min(N);
    array[..len].copy_from_slice(&bytes[..len]);
    array
}
