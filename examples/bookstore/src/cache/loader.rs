//! Loads books by number, many at once.
//!
//! Whoever asks first in a turn of the runtime starts a batch; all numbers asked for until the turn is over go into
//! one query. A page that needs twenty books makes one query, and so do twenty requests that need one each.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use telemetry_core::{Context, Span, SpanContext, trace};
use tokio::sync::oneshot;

use super::Shelf;
use crate::db::{self, Book, Pool, StoreError};
use crate::instruments::{LOADER_BATCH_SIZE, LOADER_LOADS, Load};

/// The largest number of books in one query; what is beyond waits for the next.
const MAX_BATCH: usize = 100;

/// A batch failed: all who waited for it share the reason.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the books could not be loaded")]
pub struct LoadError(#[source] Arc<StoreError>);

type Loaded = Result<Option<Arc<Book>>, LoadError>;

/// Loads books through the cache. Cheap to clone; all clones are one loader.
#[derive(Clone)]
pub struct Loader {
    shared: Arc<Shared>,
}

struct Shared {
    pool: Pool,
    shelf: Shelf,
    pending: Mutex<Pending>,
}

/// Who waits for a book: where the answer goes, and the span that waits.
struct Asker {
    answer: oneshot::Sender<Loaded>,
    span: Option<SpanContext>,
}

#[derive(Default)]
struct Pending {
    waiting: BTreeMap<i64, Vec<Asker>>,
    /// True while a batch task is going to take `waiting`.
    scheduled: bool,
}

impl Loader {
    /// A loader over the pool that keeps at most `kept` books.
    pub fn new(pool: Pool, kept: usize) -> Self {
        let shared = Shared { pool, shelf: Shelf::new(kept), pending: Mutex::default() };
        Self { shared: Arc::new(shared) }
    }

    /// The book with this number, or none.
    ///
    /// # Errors
    /// The query of the batch failed.
    #[trace(name = "loader.load", attrs(book.id = id, cache.hit: bool), bind = span)]
    pub async fn load(&self, id: i64) -> Result<Option<Arc<Book>>, LoadError> {
        let asked = self.ask(id);
        span.cache_hit(matches!(asked, Asked::Kept(_)));
        asked.answer().await
    }

    /// The books with these numbers in their order, without those that do not exist.
    ///
    /// # Errors
    /// The query of a batch failed.
    #[trace(name = "loader.load_many", attrs(books = ids.len()))]
    pub async fn load_many(&self, ids: &[i64]) -> Result<Vec<Arc<Book>>, LoadError> {
        // Every number is asked for before the first answer is awaited, so that all share a batch.
        let asked: Vec<_> = ids.iter().map(|id| self.ask(*id)).collect();
        let mut books = Vec::with_capacity(asked.len());
        for one in asked {
            books.extend(one.answer().await?);
        }
        Ok(books)
    }

    /// Forgets a book that has changed.
    pub fn forget(&self, id: i64) {
        self.shared.shelf.forget(id);
    }

    /// Forgets all books.
    pub fn clear(&self) {
        self.shared.shelf.clear();
    }

    fn ask(&self, id: i64) -> Asked {
        if let Some(book) = self.shared.shelf.get(id) {
            return Asked::Kept(book);
        }
        let (answer, receiver) = oneshot::channel();
        let asker = Asker { answer, span: Span::current().context() };
        let first = {
            let mut pending = self.shared.pending();
            pending.waiting.entry(id).or_default().push(asker);
            !std::mem::replace(&mut pending.scheduled, true)
        };
        if first {
            // The batch belongs to the trace of whoever asked first, and links to those of the others.
            tokio::spawn(Context::current().wrap_future(Arc::clone(&self.shared).run_batches()));
        }
        Asked::Waiting(receiver)
    }
}

/// A book that has been asked for.
enum Asked {
    Kept(Arc<Book>),
    Waiting(oneshot::Receiver<Loaded>),
}

impl Asked {
    async fn answer(self) -> Loaded {
        let (loaded, from) = match self {
            Self::Kept(book) => (Ok(Some(book)), Load::Hit),
            Self::Waiting(answer) => match answer.await {
                Ok(Ok(Some(book))) => (Ok(Some(book)), Load::Loaded),
                Ok(Ok(None)) => (Ok(None), Load::Missing),
                Ok(Err(failure)) => (Err(failure), Load::Failed),
                // The batch task is gone without an answer: the runtime is stopping, or the query panicked.
                Err(_) => (Err(LoadError(Arc::new(StoreError::Closed))), Load::Failed),
            },
        };
        LOADER_LOADS.with(from).inc();
        loaded
    }
}

impl Shared {
    async fn run_batches(self: Arc<Self>) {
        // The turn in which others may still join.
        tokio::task::yield_now().await;
        while let Some(batch) = self.take_batch() {
            self.load_batch(batch).await;
        }
    }

    fn take_batch(&self) -> Option<BTreeMap<i64, Vec<Asker>>> {
        let mut pending = self.pending();
        let later = pending.waiting.keys().nth(MAX_BATCH).copied();
        let rest = later.map(|id| pending.waiting.split_off(&id)).unwrap_or_default();
        let batch = std::mem::replace(&mut pending.waiting, rest);
        if batch.is_empty() {
            pending.scheduled = false;
            return None;
        }
        Some(batch)
    }

    #[trace(name = "loader.batch", attrs(batch.size = batch.len()))]
    async fn load_batch(&self, batch: BTreeMap<i64, Vec<Asker>>) {
        LOADER_BATCH_SIZE.observe(batch.len() as f64);
        link_other_traces(batch.values().flatten());
        let generation = self.shelf.generation();
        let ids: Vec<i64> = batch.keys().copied().collect();
        let found = self.pool.run(move |connection| db::by_ids(connection, &ids)).await;
        let found = match found {
            Ok(books) => {
                Ok(books.into_iter().map(|book| (book.id, Arc::new(book))).collect::<BTreeMap<_, _>>())
            }
            Err(failure) => Err(LoadError(Arc::new(failure))),
        };
        for (id, waiting) in batch {
            let loaded = found.as_ref().map(|books| books.get(&id).cloned()).map_err(Clone::clone);
            if let Ok(Some(book)) = &loaded {
                self.shelf.put(generation, Arc::clone(book));
            }
            for asker in waiting {
                // Who no longer listens has given up; nothing is owed.
                let _ = asker.answer.send(loaded.clone());
            }
        }
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Links the current span to one span of every other trace that asked; what does not fit is counted on the span.
fn link_other_traces<'a>(askers: impl Iterator<Item = &'a Asker>) {
    let current = Span::current();
    let mut linked: Vec<_> = current.context().map(|span| span.trace_id).into_iter().collect();
    for span in askers.filter_map(|asker| asker.span) {
        if !linked.contains(&span.trace_id) {
            linked.push(span.trace_id);
            current.link(span);
        }
    }
}

#[cfg(test)]
mod tests {
    use telemetry_core::testing::Scope;

    use super::*;
    use crate::scratch::ScratchDir;

    async fn loader() -> (Loader, ScratchDir) {
        let directory = ScratchDir::create().unwrap();
        let pool = Pool::open(&directory.path().join("books.db"), 1).unwrap();
        pool.run(|connection| {
            db::create_schema(connection)?;
            db::seed(connection)
        })
        .await
        .unwrap();
        (Loader::new(pool, 10), directory)
    }

    #[tokio::test]
    async fn books_come_in_the_order_asked_without_those_that_do_not_exist() {
        let (loader, _directory) = loader().await;
        let ids = loader.load_many(&[30, 9999, 4, 30]).await.unwrap();
        assert_eq!(ids.iter().map(|book| book.id).collect::<Vec<_>>(), [30, 4, 30]);
        assert!(loader.load(9999).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_book_loaded_twice_comes_from_the_shelf_until_it_is_forgotten() {
        let (loader, _directory) = loader().await;
        let first = loader.load(1).await.unwrap().unwrap();
        let kept = loader.load(1).await.unwrap().unwrap();
        assert!(Arc::ptr_eq(&first, &kept));
        loader.forget(1);
        let fresh = loader.load(1).await.unwrap().unwrap();
        assert!(!Arc::ptr_eq(&first, &fresh));
    }

    #[trace(root)]
    async fn visit(loader: &Loader, id: i64) {
        loader.load(id).await.unwrap();
    }

    #[tokio::test]
    async fn a_batch_hangs_on_the_first_trace_that_asked_and_links_to_the_others() {
        let scope = Scope::new();
        let (loader, _directory) = loader().await;
        tokio::join!(visit(&loader, 1), visit(&loader, 2), visit(&loader, 1));
        let spans = scope.spans();
        let loads: Vec<_> = spans.iter().filter(|span| span.name == "loader.load").collect();
        let batches: Vec<_> = spans.iter().filter(|span| span.name == "loader.batch").collect();
        assert_eq!((loads.len(), batches.len()), (3, 1), "{}", scope.tree());
        let parent = batches[0].parent_span_id;
        let mut others: Vec<_> =
            loads.iter().filter(|load| Some(load.span_id) != parent).map(|load| load.span_id).collect();
        let mut linked: Vec<_> = batches[0].links.iter().map(|link| link.span_id).collect();
        others.sort();
        linked.sort();
        assert_eq!(linked, others);
    }

    #[tokio::test]
    async fn a_failure_reaches_everybody_in_the_batch_and_the_next_batch_runs() {
        let (loader, _directory) = loader().await;
        loader.shared.pool.run(|c| Ok(c.execute_batch("ALTER TABLE books RENAME TO gone")?)).await.unwrap();
        let (one, two) = tokio::join!(loader.load(1), loader.load(2));
        assert!(one.is_err() && two.is_err());
        loader.shared.pool.run(|c| Ok(c.execute_batch("ALTER TABLE gone RENAME TO books")?)).await.unwrap();
        assert!(loader.load(1).await.unwrap().is_some());
    }
}
