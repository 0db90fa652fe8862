//! What was decided of late, within bounds.

use std::collections::HashSet;
use std::hash::Hash;

/// A set that remembers at least its limit of what was put in last, and at most twice that.
#[derive(Debug)]
pub(super) struct Remembered<T> {
    recent: HashSet<T>,
    older: HashSet<T>,
    limit: usize,
}

impl<T: Hash + Eq> Remembered<T> {
    pub(super) fn new(limit: usize) -> Self {
        Self { recent: HashSet::new(), older: HashSet::new(), limit }
    }

    pub(super) fn insert(&mut self, item: T) {
        if self.recent.len() >= self.limit {
            // The memory of the oldest half is used again.
            std::mem::swap(&mut self.recent, &mut self.older);
            self.recent.clear();
        }
        self.recent.insert(item);
    }

    pub(super) fn contains(&self, item: &T) -> bool {
        self.recent.contains(item) || self.older.contains(item)
    }
}
