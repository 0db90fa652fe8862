//! Queries, each a span, counted and timed.

use std::any::type_name;
use std::fmt::Display;
use std::future::Future;
use std::time::Instant;

use telemetry_core::{
    AttributeValue, CallSite, Entry, Origin, Site, SpanBuilder, SpanKind, TaskSpan, metric,
};

use crate::masked::masked;
use crate::system::System;

metric! {
    /// Queries that have ended, well or not, by database system.
    static QUERIES: Counter = "db_queries_total" { system: str };

    /// How long queries took, by database system.
    static DURATION: Histogram = "db_query_duration_seconds" { system: str },
        buckets = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];
}

static SITE: CallSite = CallSite::new(Site {
    name: "db.query",
    kind: SpanKind::Client,
    keys: &["db.system", "db.statement"],
    constants: &[],
    origin: &Origin {
        crate_name: env!("CARGO_PKG_NAME"),
        crate_version: env!("CARGO_PKG_VERSION"),
        module: module_path!(),
        file: file!(),
    },
    line: line!(),
});

/// The numbers of the keys.
const SYSTEM: usize = 0;
const STATEMENT: usize = 1;

/// A database whose queries are recorded.
#[derive(Clone, Copy, Debug)]
pub struct Database {
    system: System,
}

impl Database {
    /// A database of this system.
    pub const fn new(system: System) -> Self {
        Self { system }
    }

    /// Runs a query inside a span.
    ///
    /// # Errors
    /// What `run` returns.
    pub fn query<T, E: Display>(&self, statement: &str, run: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let mut query = Query::begin(self.system, statement);
        let result = query.span.in_scope(run);
        query.end(&result);
        result
    }

    /// As [`query`](Self::query), for clients that are awaited. Dropped before it is ready, the query was cancelled: it
    /// is counted all the same.
    ///
    /// # Errors
    /// What `run` returns.
    pub async fn query_async<T, E: Display>(
        &self,
        statement: &str,
        run: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let mut query = Query::begin(self.system, statement);
        let result = query.span.run(run).await;
        query.end(&result);
        result
    }
}

/// A query under way. Dropping it counts it.
struct Query {
    span: TaskSpan,
    system: System,
    began: Instant,
}

impl Query {
    fn begin(system: System, statement: &str) -> Self {
        let mut span = SpanBuilder::new(&SITE).task();
        if span.is_recording() {
            span.attribute(SYSTEM, &Name(system.as_str()));
            span.attribute(STATEMENT, &*masked(system, statement));
        }
        Self { span, system, began: Instant::now() }
    }

    fn end<T, E: Display>(mut self, result: &Result<T, E>) {
        if let Err(failure) = result {
            self.span.fail(type_name::<E>(), Some(failure));
        }
        self.span.complete();
    }
}

impl Drop for Query {
    fn drop(&mut self) {
        let (system, seconds) = (self.system.as_str(), self.began.elapsed().as_secs_f64());
        // Inside the span, so that what is measured can be traced to it.
        self.span.in_scope(|| {
            DURATION.with(system).observe(seconds);
            QUERIES.with(system).inc();
        });
    }
}

/// A name, kept by reference.
struct Name(&'static str);

impl AttributeValue for Name {
    fn record(&self, entry: Entry<'_>) {
        entry.static_str(self.0);
    }
}
