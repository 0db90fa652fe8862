//! A bounded set of books in memory.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::db::Book;

/// The books read last, up to a number; the oldest goes first.
#[derive(Debug)]
pub struct Shelf {
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    books: HashMap<i64, Arc<Book>>,
    /// Every key of `books` once, the oldest in front.
    order: VecDeque<i64>,
    /// Grows with each removal, so that a book read before one is not put back after it.
    generation: u64,
}

impl Shelf {
    /// An empty shelf for at most `capacity` books.
    pub fn new(capacity: usize) -> Self {
        Self { capacity, state: Mutex::default() }
    }

    /// The book, where it is here.
    pub fn get(&self, id: i64) -> Option<Arc<Book>> {
        self.state().books.get(&id).cloned()
    }

    /// The generation to hand to [`put`](Self::put) with what is read from the database from now on.
    pub fn generation(&self) -> u64 {
        self.state().generation
    }

    /// Keeps a book that was read in this generation; one that may be out of date by now is not kept.
    pub fn put(&self, generation: u64, book: Arc<Book>) {
        let mut state = self.state();
        if state.generation != generation {
            return;
        }
        let id = book.id;
        if state.books.insert(id, book).is_none() {
            state.order.push_back(id);
        }
        if state.order.len() > self.capacity
            && let Some(oldest) = state.order.pop_front()
        {
            state.books.remove(&oldest);
        }
    }

    /// Forgets a book that has changed.
    pub fn forget(&self, id: i64) {
        let mut state = self.state();
        state.generation += 1;
        if state.books.remove(&id).is_some() {
            state.order.retain(|kept| *kept != id);
        }
    }

    /// Forgets all books.
    pub fn clear(&self) {
        let mut state = self.state();
        state.generation += 1;
        state.books.clear();
        state.order.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
pub(crate) fn shelf_book(id: i64) -> Book {
    Book {
        id,
        title: format!("Book {id}"),
        author: "Nobody".into(),
        subject: "nothing".into(),
        year: 2000,
        price_cents: 100,
        stock: 1,
        popularity: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_book_makes_room() {
        let shelf = Shelf::new(2);
        for id in [1, 2, 2, 3] {
            shelf.put(0, Arc::new(shelf_book(id)));
        }
        assert_eq!([1, 2, 3].map(|id| shelf.get(id).is_some()), [false, true, true]);
    }

    #[test]
    fn a_book_read_before_a_change_is_not_kept_after_it() {
        let shelf = Shelf::new(2);
        let before = shelf.generation();
        shelf.forget(1);
        shelf.put(before, Arc::new(shelf_book(1)));
        assert!(shelf.get(1).is_none());
        shelf.put(shelf.generation(), Arc::new(shelf_book(1)));
        assert!(shelf.get(1).is_some());
        shelf.clear();
        assert!(shelf.get(1).is_none());
    }
}
