//! Names that are only known at run time.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::arena::floor_char_boundary;
use super::bits::{self, NameMode};
use super::event::EventName;
use crate::ring::{Body, NAME_BYTES};

/// Interned names a process keeps, at the most; further ones are kept in their span, cut to 64 bytes.
const MAX_INTERNED: usize = 4_096;

/// Bytes of the name region that a static name takes; attributes that found no room elsewhere lie behind them.
pub(super) const STATIC_NAME_BYTES: usize = 16;

/// A span's name that is not that of its call site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a>(Kept<'a>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept<'a> {
    Static(&'static str),
    Dynamic(&'a str),
}

struct Interned {
    names: Option<HashSet<&'static str>>,
    /// Told of every name, under the lock.
    witness: Option<fn(&'static str)>,
}

static INTERNED: Mutex<Interned> = Mutex::new(Interned { names: None, witness: None });

fn lock() -> MutexGuard<'static, Interned> {
    INTERNED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has the lock held while the process forks.
pub(crate) fn hold(keeper: &mut crate::forking::Keeper) {
    keeper.hold(&INTERNED);
}

/// Tells `witness` of every interned name there is, and of each one that comes from here on before it is used.
#[cfg(target_os = "linux")]
pub(crate) fn watch_names(witness: fn(&'static str)) {
    let mut interned = lock();
    interned.names.iter().flatten().for_each(|name| witness(name));
    interned.witness = Some(witness);
}

impl<'a> Name<'a> {
    /// A static name: kept whole, by reference.
    pub const fn of(name: &'static str) -> Self {
        Self(Kept::Static(name))
    }

    /// A free name: copied into the span, cut to 64 bytes at a character.
    pub const fn dynamic(name: &'a str) -> Self {
        Self(Kept::Dynamic(name))
    }

    /// A name from a small set, such as `METHOD route`: interned, so kept whole, by reference.
    ///
    /// Looks the name up under a lock; keep the result where it can be kept. Past 4,096 interned names the process
    /// keeps no more, and the name is treated as [`Name::dynamic`].
    pub fn interned(name: &'a str) -> Self {
        let mut interned = lock();
        let names = interned.names.get_or_insert_default();
        if let Some(known) = names.get(name) {
            return Self(Kept::Static(known));
        }
        if names.len() == MAX_INTERNED {
            return Self(Kept::Dynamic(name));
        }
        let kept: &'static str = Box::leak(name.into());
        names.insert(kept);
        if let Some(witness) = interned.witness {
            witness(kept);
        }
        Self(Kept::Static(kept))
    }

    /// The name itself.
    pub const fn text(&self) -> &'a str {
        match self.0 {
            Kept::Static(name) | Kept::Dynamic(name) => name,
        }
    }

    /// The same as the name of an event.
    pub(super) const fn of_event(self) -> EventName<'a> {
        match self.0 {
            Kept::Static(name) => EventName::Static(name),
            Kept::Dynamic(name) => EventName::Dynamic(name),
        }
    }

    /// Writes the name into a span.
    pub(super) fn write(self, body: &mut Body) {
        match self.0 {
            Kept::Static(name) => {
                body.name[..8].copy_from_slice(&(name.as_ptr().expose_provenance() as u64).to_le_bytes());
                body.name[8..16].copy_from_slice(&(name.len() as u64).to_le_bytes());
                body.name[STATIC_NAME_BYTES..].fill(0);
                body.bits = bits::set_name_mode(body.bits, NameMode::Static);
            }
            Kept::Dynamic(name) => {
                let len = floor_char_boundary(name, NAME_BYTES);
                body.name[..len].copy_from_slice(&name.as_bytes()[..len]);
                // 0xFF occurs in no UTF-8 text.
                body.name[len..].fill(0xff);
                body.bits = bits::set_name_mode(body.bits, NameMode::Inline);
            }
        }
    }
}
