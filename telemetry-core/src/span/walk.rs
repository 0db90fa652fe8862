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

/// The key of a packed entry: as it lies there, or with the static string it refers to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum RawKey<T = Reference> {
    /// A link has none.
    None,
    /// A key of the call site, by number.
    Site(u8),
    /// A static string.
    Static(T),
}

/// A static string as bytes refer to it.
#[derive(Clone, Copy)]
pub(crate) struct Reference {
    place: Place,
    len: usize,
}

#[derive(Clone, Copy)]
enum Place {
    /// At a distance from this library.
    Near(i32),
    /// At an address.
    Far(u64),
}

impl Reference {
    /// The string of this length at the distance in four bytes.
    pub(super) fn near(distance: &[u8], len: usize) -> Self {
        Self { place: Place::Near(i32::from_le_bytes(array(distance))), len }
    }

    /// The string of this length at the address in eight bytes.
    pub(super) fn far(address: &[u8], len: usize) -> Self {
        Self { place: Place::Far(u64::from_le_bytes(array(address))), len }
    }

    /// Its address in a process in which this library's fixed point lies at `anchor`.
    pub(crate) const fn address(self, anchor: u64) -> u64 {
        match self.place {
            Place::Near(distance) => anchor.wrapping_add_signed(distance as i64),
            Place::Far(address) => address,
        }
    }

    /// Its length in bytes.
    pub(crate) const fn len(self) -> usize {
        self.len
    }

    /// The string itself.
    ///
    /// # Safety
    /// The bytes must have been written by this process, in a slot of its ring.
    #[inline(always)]
    #[allow(unsafe_code, reason = "static strings are kept by address")]
    pub(super) unsafe fn here(self) -> &'static str {
        let address = self.address(anchor()) as usize;
        // SAFETY: only `Arena` and `event` write addresses, each from a `&'static str` of this length whose provenance
        // they exposed; the caller says that they did it here.
        unsafe {
            let bytes = std::slice::from_raw_parts(std::ptr::with_exposed_provenance(address), self.len);
            std::str::from_utf8_unchecked(bytes)
        }
    }
}

/// Where the fixed point lies that near distances are counted from.
#[inline(always)]
pub(crate) fn anchor() -> u64 {
    (&raw const ANCHOR).expose_provenance() as u64
}

/// The entries in `bytes`, which is what an [`Arena`](super::arena::Arena) has written; from other bytes come some entries
/// or none.
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
            let text = Reference::near(bytes.get(1..5)?, usize::from(*bytes.get(5)?));
            Some((RawKey::Static(text), &bytes[6..]))
        }
        KEY_FAR => {
            let text = Reference::far(bytes.get(1..9)?, usize::from(*bytes.get(9)?));
            Some((RawKey::Static(text), &bytes[10..]))
        }
        number => Some((RawKey::Site(number), &bytes[1..])),
    }
}

/// The first `N` bytes; zeros behind what is missing.
pub(super) fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    let len = bytes.len().min(N);
    array[..len].copy_from_slice(&bytes[..len]);
    array
}
