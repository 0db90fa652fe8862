//! The least a `tracing` layer can do and still record: identifiers, times, and what was said, one line a span.

use std::cell::OnceCell;
use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::{Received, Tally};

static RECEIVED: Received = Received::new();
/// The finished spans of every thread, each behind a lock that nobody else takes during a burst.
static FINISHED: Mutex<Vec<Finished>> = Mutex::new(Vec::new());

type Finished = Arc<Mutex<Vec<Record>>>;

thread_local! {
    static MINE: OnceCell<Finished> = const { OnceCell::new() };
}

/// A finished span. What is only kept is what a real layer would send.
#[allow(dead_code, reason = "it is recorded, counted and dropped")]
struct Record {
    name: &'static str,
    id: u64,
    parent: Option<u64>,
    duration: Duration,
    open: Open,
}

/// What is known of a span while it is open.
struct Open {
    began: Instant,
    /// Attributes and events as text, in one allocation.
    said: String,
    attributes: usize,
    events: usize,
}

/// The layer.
pub(super) struct Minimal;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Minimal {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut open = Open { began: Instant::now(), said: String::new(), attributes: 0, events: 0 };
        attributes.record(&mut open);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(open);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let Some(span) = context.lookup_current() else { return };
        if let Some(open) = span.extensions_mut().get_mut::<Open>() {
            let offset = open.began.elapsed().as_nanos();
            let attributes = open.attributes;
            let _ = write!(open.said, "@{offset} ");
            event.record(open);
            open.attributes = attributes;
            open.events += 1;
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let Some(open) = span.extensions_mut().remove::<Open>() else { return };
        let record = Record {
            name: span.name(),
            id: id.into_u64(),
            parent: span.parent().map(|parent| parent.id().into_u64()),
            duration: open.began.elapsed(),
            open,
        };
        MINE.with(|mine| lock(mine.get_or_init(register)).push(record));
    }
}

impl Visit for Open {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.attributes += 1;
        let _ = write!(self.said, "{}={value:?};", field.name());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.attributes += 1;
        for part in [field.name(), "=", value, ";"] {
            self.said.push_str(part);
        }
    }
}

/// Counts what has been recorded, and drops it.
pub(super) fn settle() {
    for thread in lock(&FINISHED).iter() {
        let mut records = lock(thread);
        RECEIVED.count(records.iter().map(|record| (record.open.attributes, record.open.events)));
        records.clear();
    }
}

/// What has been counted so far.
pub(super) fn received() -> Tally {
    RECEIVED.so_far()
}

fn register() -> Finished {
    let mine = Finished::default();
    lock(&FINISHED).push(Arc::clone(&mine));
    mine
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
