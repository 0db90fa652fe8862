//! One handler twice, from one source: with its spans and instruments, and untouched.

use std::hint::black_box;

use telemetry_core::{Label, metric};

use super::work::hash;

/// Spans that a request opens.
pub(crate) const SPANS: u64 = 10;

#[derive(Clone, Copy, Label)]
enum Method {
    Get,
    Put,
}

#[derive(Clone, Copy, Label)]
enum Status {
    Ok,
    Failed,
}

metric! {
    /// Requests, by method and status.
    static REQUESTS: Counter = "request_requests_total" { method: Method, status: Status };
    /// Books looked up.
    static LOOKUPS: Counter = "request_lookups_total";
    /// Reads, by table.
    static READS: Counter = "request_reads_total" { table: str };
    /// Bytes of the last page.
    static PAGE_BYTES: Gauge = "request_page_bytes";
    /// Duration of requests.
    static DURATION: Histogram = "request_duration_seconds";
}

/// Writes the functions into two modules: `traced` as they stand, `untouched` without `#[span]` and `telemetry!`.
macro_rules! twice {
    ($($(#[span $($arguments:tt)?])? fn $name:ident($($parameters:tt)*) -> u64 { $($body:tt)* })*) => {
        /// With spans and instruments.
        pub(crate) mod traced {
            use super::*;
            use telemetry_core::{Span, span};

            macro_rules! telemetry { ($statement:expr) => { $statement } }

            $($(#[span $($arguments)?])? pub(crate) fn $name($($parameters)*) -> u64 { $($body)* })*
        }

        /// Without.
        pub(crate) mod untouched {
            use super::*;

            macro_rules! telemetry { ($statement:expr) => {} }

            $(pub(crate) fn $name($($parameters)*) -> u64 { $($body)* })*
        }
    };
}

twice! {
    #[span(attrs(http.request.method = "GET", http.route = "/books/{id}", book.id = id))]
    fn get_book(id: u64, words: u64) -> u64 {
        let method = if id == u64::MAX { Method::Put } else { Method::Get };
        telemetry!(PAGE_BYTES.set(id as f64));
        let user = authenticate(parse(id, words), words);
        let book = load(user, "Dune", words);
        let page = render(book, words);
        let status = if page == 0 { Status::Failed } else { Status::Ok };
        telemetry!(REQUESTS.with((method, status)).inc());
        telemetry!(DURATION.observe(page as u8 as f64 / 1_000.0));
        black_box((method, status));
        hash(page, words)
    }

    #[span]
    fn parse(id: u64, words: u64) -> u64 {
        hash(id, words)
    }

    #[span(attrs(user.id = user))]
    fn authenticate(user: u64, words: u64) -> u64 {
        hash(user, words)
    }

    #[span(attrs(db.system = "sqlite", book.id = id, book.title = title))]
    fn load(id: u64, title: &str, words: u64) -> u64 {
        telemetry!(LOOKUPS.inc());
        let found = look_up(id, words);
        let row = query(found, title, words);
        hash(decode(row, words), words)
    }

    #[span]
    fn look_up(id: u64, words: u64) -> u64 {
        telemetry!(Span::current().event("cache.missed"));
        hash(id, words)
    }

    #[span(attrs(db.system = "sqlite", db.query.text = "SELECT * FROM books WHERE title = ?", title = title))]
    fn query(id: u64, title: &str, words: u64) -> u64 {
        telemetry!(READS.with(black_box("books")).inc());
        hash(id ^ title.len() as u64, words)
    }

    #[span]
    fn decode(row: u64, words: u64) -> u64 {
        hash(row, words)
    }

    #[span]
    fn render(book: u64, words: u64) -> u64 {
        compress(escape(hash(book, words), words), words)
    }

    #[span]
    fn escape(page: u64, words: u64) -> u64 {
        hash(page, words)
    }

    #[span(attrs(encoding = "gzip", bytes = page))]
    fn compress(page: u64, words: u64) -> u64 {
        hash(page, words)
    }
}
