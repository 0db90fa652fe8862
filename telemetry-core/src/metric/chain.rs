//! What a store beside the process's own keeps for each instrument.

use super::cells::Published;
use super::instrument::Core;

/// Values by instrument: a list that only grows, read without locks.
#[derive(Debug)]
pub(super) struct Chain<T: 'static> {
    first: Published<Link<T>>,
}

#[derive(Debug)]
struct Link<T: 'static> {
    core: &'static Core,
    value: T,
    next: Published<Self>,
}

impl<T> Chain<T> {
    pub(super) const fn empty() -> Self {
        Self { first: Published::empty() }
    }

    /// The value of an instrument.
    pub(super) fn find(&self, core: &'static Core) -> Option<&'static T> {
        let mut link = self.first.get();
        while let Some(found) = link {
            if std::ptr::eq(found.core, core) {
                return Some(&found.value);
            }
            link = found.next.get();
        }
        None
    }

    /// Adds the value of an instrument that has none; one thread at a time. It stays for as long as the process runs.
    pub(super) fn push(&self, core: &'static Core, value: T) -> &'static T {
        let new: &'static Link<T> = Box::leak(Box::new(Link { core, value, next: Published::empty() }));
        let mut end = &self.first;
        while let Some(link) = end.get() {
            end = &link.next;
        }
        end.set(new);
        &new.value
    }
}
