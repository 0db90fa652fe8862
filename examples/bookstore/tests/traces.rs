//! What the store records: parents, ends, errors and counts, over TCP, each test in a scope of its own.

mod support;

use std::collections::BTreeMap;
use std::sync::mpsc;

use bookstore::drive::{Ask, Token, ask};
use bookstore::restock;
use http::Method;
use support::Store;
use telemetry_core::metric::snapshot::MetricValue;
use telemetry_core::record::{SpanRecord, Value};
use telemetry_core::testing::Scope;
use telemetry_core::testing::assertions::Assertions;
use telemetry_core::{Outcome, SpanKind, Status};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn scope() -> Scope {
    Scope::builder().capacity(16_384).real_clock().enter().unwrap()
}

/// Lets the store go on until it has recorded a span of this name, and gives the first.
async fn recorded(scope: &Scope, name: &str) -> SpanRecord {
    loop {
        if let Some(span) = scope.spans().into_iter().find(|span| span.name == name) {
            return span;
        }
        tokio::task::yield_now().await;
    }
}

/// The trace that a span of this name belongs to.
fn trace_of(scope: &Scope, name: &str) -> Vec<SpanRecord> {
    let spans = scope.spans();
    let trace = scope.assert_has_span(name).trace_id;
    spans.into_iter().filter(|span| span.trace_id == trace).collect()
}

#[tokio::test]
async fn parents_are_right_across_awaits_tasks_and_blocking_threads() {
    let scope = scope();
    let store = Store::open().await;
    assert_eq!(store.status(Ask::get("/books/7")).await, 200);
    recorded(&scope, "GET /books/{id}").await;
    let trace = trace_of(&scope, "GET /books/{id}");
    trace.assert_ancestors("db.query", &["loader.batch", "loader.load", "books.one", "GET /books/{id}"]);
    trace.assert_span_count(5);
    trace.assert_no_error_spans();
    trace.assert_attribute_equals("books.one", "book.id", 7);
    trace.assert_attribute_equals("loader.load", "cache.hit", false);
    trace.assert_attribute_equals("db.query", "db.system", "sqlite");
    trace.assert_attribute_contains("db.query", "db.statement", "json_each(?)");
    store.close().await;
}

#[tokio::test]
async fn many_books_of_one_turn_share_one_query() {
    let scope = scope();
    let store = Store::open().await;
    assert_eq!(store.status(Ask::get("/search?q=manners")).await, 200);
    recorded(&scope, "GET /search").await;
    let trace = trace_of(&scope, "GET /search");
    trace.assert_attribute_equals("loader.batch", "batch.size", 8);
    assert_eq!(trace.iter().filter(|span| span.name == "db.query").count(), 2, "the search, and the batch");
    scope.assert_metric_value("bookstore_loader_loads_total", &[("result", "loaded")], 8);
    store.close().await;
}

#[tokio::test]
async fn the_call_to_itself_continues_the_trace() {
    let scope = scope();
    let store = Store::open().await;
    assert_eq!(store.status(Ask::get("/books/1/related")).await, 200);
    recorded(&scope, "GET /books/{id}/related").await;
    let trace = trace_of(&scope, "GET /books/{id}/related");
    trace.assert_ancestors(
        "books.search",
        &["GET /search", "GET", "outgoing.search", "books.related", "GET /books/{id}/related"],
    );
    let client = trace.assert_has_span("GET");
    let server = trace.assert_has_span("GET /search");
    assert_eq!((client.kind, server.kind), (SpanKind::Client, SpanKind::Server));
    assert!(server.local_root && !client.local_root);
    assert!(client.start_unix_nanos <= server.start_unix_nanos);
    store.close().await;
}

#[tokio::test]
async fn the_trace_of_a_caller_goes_on_here_and_is_named_in_the_answer() {
    let scope = scope();
    let store = Store::open().await;
    let caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let answer = store.send(Ask::get("/books/1").traceparent(caller)).await;
    let named = answer.headers()["traceparent"].to_str().unwrap();
    let request = recorded(&scope, "GET /books/{id}").await;
    assert_eq!(request.trace_id.to_string(), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(request.parent_span_id.unwrap().to_string(), "b7ad6b7169203331");
    assert!(named.starts_with(&format!("00-{}-{}-", request.trace_id, request.span_id)), "{named}");
    store.close().await;
}

#[tokio::test]
async fn a_caller_that_records_nothing_has_nothing_recorded_here() {
    let scope =
        Scope::builder().sampler(telemetry_core::ParentBased(telemetry_core::AlwaysSample)).enter().unwrap();
    let store = Store::open().await;
    scope.clear();
    let caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    let answer = store.send(Ask::get("/books/1/related").traceparent(caller)).await;
    assert_eq!(answer.status(), 200);
    assert!(answer.headers()["traceparent"].to_str().unwrap().ends_with("-00"));
    store.close().await;
    assert!(
        scope.spans().iter().all(|span| span.name != "GET /books/{id}/related" && span.name != "GET /search")
    );
}

#[tokio::test]
async fn a_stream_is_recorded_to_its_end_and_the_task_that_feeds_it_is_part_of_it() {
    let scope = scope();
    let store = Store::open().await;
    assert_eq!(store.status(Ask::get("/export/books")).await, 200);
    let request = recorded(&scope, "GET /export/books").await;
    let trace = trace_of(&scope, "GET /export/books");
    trace.assert_ancestors("export.send", &["export.pages", "export.books", "GET /export/books"]);
    trace.assert_ancestors("db.query", &["export.pages"]);
    trace.assert_attribute_equals("export.pages", "pages", 4);
    let last = trace.iter().filter(|span| span.name == "export.send").map(SpanRecord::end_unix_nanos).max();
    assert!(request.end_unix_nanos() >= last.unwrap(), "the request is open until its body has ended");
    assert_eq!(request.outcome, Outcome::Completed);
    store.close().await;
}

#[tokio::test]
async fn a_client_that_leaves_a_stream_half_way_has_cancelled_it() {
    let scope = scope();
    let store = Store::open().await;
    // More than all buffers between the two sides hold.
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
         INSERT INTO books (title, author, subject, year, price_cents, stock)
         SELECT 'Volume ' || i || ' of a very long series about very little', 'Anonymous', 'rest', 2000, 1, 1 FROM n";
    store.server.state().pool.run(move |connection| Ok(connection.execute_batch(many)?)).await.unwrap();
    let mut client = TcpStream::connect(store.server.address()).await.unwrap();
    client.write_all(b"GET /export/books HTTP/1.1\r\nhost: books.example\r\n\r\n").await.unwrap();
    client.read_exact(&mut [0; 1_000]).await.unwrap();
    drop(client);
    let request = recorded(&scope, "GET /export/books").await;
    assert_eq!((request.outcome, request.status), (Outcome::Cancelled, Status::Unset));
    assert_eq!(request.attribute("http.status_code"), Some(&Value::U64(200)));
    store.close().await;
}

#[tokio::test]
async fn a_client_that_leaves_before_its_answer_has_cancelled_the_request() {
    let scope = scope();
    let store = Store::open().await;
    let pool = store.server.state().pool.clone();
    let (release, hold) = mpsc::channel::<()>();
    let hold = std::sync::Arc::new(std::sync::Mutex::new(hold));
    let busy: Vec<_> = (0..pool.state().total)
        .map(|_| {
            let (pool, hold) = (pool.clone(), hold.clone());
            tokio::spawn(async move { pool.run(move |_| Ok(hold.lock().unwrap().recv().is_err())).await })
        })
        .collect();
    let mut client = TcpStream::connect(store.server.address()).await.unwrap();
    client.write_all(b"GET /books HTTP/1.1\r\nhost: books.example\r\n\r\n").await.unwrap();
    while pool.state().waiters == 0 {
        tokio::task::yield_now().await;
    }
    drop(client);
    let request = recorded(&scope, "GET /books").await;
    assert_eq!((request.outcome, request.attribute("http.status_code")), (Outcome::Cancelled, None));
    let trace = trace_of(&scope, "GET /books");
    trace.assert_ancestors("pool.wait", &["books.list", "GET /books"]);
    assert!(trace.iter().all(|span| span.outcome == Outcome::Cancelled), "{}", scope.tree());
    scope.assert_metric_value("http_requests_total", &[("method", "GET"), ("status", "499")], 1);
    scope.assert_metric_value("http_requests_in_flight", &[], 0);
    drop(release);
    for work in busy {
        assert!(work.await.unwrap().unwrap());
    }
    store.close().await;
}

#[tokio::test]
async fn a_failing_route_is_an_error_from_the_request_down_to_the_query() {
    let scope = scope();
    let store = Store::open().await;
    assert_eq!(store.status(Ask::get("/reports/royalties")).await, 500);
    recorded(&scope, "GET /reports/royalties").await;
    let trace = trace_of(&scope, "GET /reports/royalties");
    for name in ["GET /reports/royalties", "reports.royalties", "db.query"] {
        trace.assert_status(name, Status::Error);
    }
    trace.assert_attribute_contains("db.query", "error.message", "no such table: royalties");
    trace.assert_attribute_equals("GET /reports/royalties", "http.status_code", 500);
    store.close().await;
}

#[tokio::test]
async fn what_a_client_does_wrong_is_no_error_of_the_request() {
    let scope = scope();
    let store = Store::open().await;
    for (path, status) in [("/books/9999", 404), ("/books/first", 400), ("/nowhere", 404)] {
        assert_eq!(store.status(Ask::get(path)).await, status);
    }
    assert_eq!(store.status(Ask::new(Method::POST, "/orders")).await, 401);
    store.close().await;
    let requests: Vec<_> = scope.spans().into_iter().filter(|span| span.kind == SpanKind::Server).collect();
    assert_eq!(requests.len(), 5, "with the one for the token");
    requests.assert_no_error_spans();
    requests.assert_has_span("GET");
}

#[tokio::test]
async fn requests_are_described_and_their_credentials_are_not() {
    let scope = scope();
    let store = Store::open().await;
    assert_eq!(store.status(Ask::get("/search?q=sea&token=secret").key("reader-key")).await, 200);
    let request = recorded(&scope, "GET /search").await;
    let spans = vec![request];
    spans.assert_attribute_equals("GET /search", "http.method", "GET");
    spans.assert_attribute_equals("GET /search", "http.route", "/search");
    spans.assert_attribute_equals("GET /search", "http.url", "/search?q=sea&token=REDACTED");
    spans.assert_attribute_equals("GET /search", "net.host.name", "127.0.0.1");
    spans.assert_attribute_equals("GET /search", "net.peer.ip", "127.0.0.1");
    spans.assert_attribute_equals("GET /search", "http.user_agent", "bookstore-drive");
    store.close().await;
    let all = format!("{:?}", scope.spans());
    assert!(!all.contains("reader-key") && !all.contains("secret"), "no key of a client is recorded");
}

#[tokio::test]
async fn a_round_of_the_background_task_is_a_trace_of_its_own() {
    let scope = scope();
    let store = Store::open().await;
    recorded(&scope, "restock.round").await;
    scope.clear();
    let order = Ask::new(Method::POST, "/orders").key("reader-key").token(Token::Right);
    assert_eq!(store.status(order.body(r#"{"book_id":7,"quantity":38}"#)).await, 201);
    let state = store.server.state();
    let round = restock::round(&state.pool, &state.loader).await.unwrap();
    assert_eq!(round, restock::Round { recounted: 1, restocked: 1 });
    let span = recorded(&scope, "restock.round").await;
    assert_eq!(span.parent_span_id, None);
    let trace = trace_of(&scope, "restock.round");
    trace.assert_attribute_equals("restock.round", "books.restocked", 1);
    trace.assert_ancestors("db.query", &["restock.round"]);
    store.close().await;
}

#[tokio::test]
async fn metrics_equal_the_requests_that_were_sent() {
    let scope = scope();
    let store = Store::open().await;
    let mut sent: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut count = |method: &str, status: &str| {
        *sent.entry((method.to_owned(), status.to_owned())).or_default() += 1;
    };
    count("GET", "200"); // The token.
    for number in 0..120 {
        let request = ask(number);
        let (method, calls_itself) = (request.method.clone(), request.path.ends_with("/related"));
        count(method.as_str(), store.send(request).await.status().as_str());
        if calls_itself {
            count("GET", "200");
        }
    }
    store.close().await;

    let metrics = scope.metrics();
    let family = |name: &str| metrics.families.iter().find(|family| family.name == name).unwrap();
    let mut counted = BTreeMap::new();
    for series in &family("http_requests_total").series {
        let MetricValue::Counter(total) = series.value else { panic!("a counter") };
        let label = |at: usize| series.labels[at].1.to_string();
        counted.insert((label(0), label(1)), total);
    }
    assert_eq!(counted, sent);
    let total: u64 = sent.values().sum();
    let measured = family("http_request_duration_seconds").series.iter().map(|series| match &series.value {
        MetricValue::Histogram { counts, .. } => counts.iter().sum::<u64>(),
        other => panic!("{other:?} is no histogram"),
    });
    assert_eq!(measured.sum::<u64>(), total);
    scope.assert_metric_value("http_requests_in_flight", &[], 0);

    let spans = scope.spans();
    let named = |name: &str| spans.iter().filter(|span| span.name == name).count() as f64;
    assert_eq!(spans.iter().filter(|span| span.kind == SpanKind::Server).count() as u64, total);
    // The two pages and their handlers differ in a letter.
    scope.assert_metric_value(
        "bookstore_template_renders_total",
        &[],
        named("page.home") + named("page.book"),
    );
    scope.assert_metric_value("bookstore_loader_batch_size_count", &[], named("loader.batch"));
    scope.assert_metric_value("bookstore_db_queries_total", &[], named("db.query"));
    scope.assert_metric_value("bookstore_rate_limit_hits_total", &[("backend", "sqlite")], 2);
    scope.assert_metric_value("bookstore_rate_limit_hits_total", &[("backend", "memory")], 4);
    assert_eq!(scope.accounting().dropped(), 0);
}

#[tokio::test]
async fn every_instrument_shows_at_zero_before_its_first_use() {
    let scope = scope();
    let metrics = scope.metrics();
    let names: Vec<&str> = metrics
        .families
        .iter()
        .map(|family| &*family.name)
        .filter(|name| name.starts_with("bookstore_") || name.starts_with("http_"))
        .collect();
    assert_eq!(
        names,
        [
            "bookstore_admin_actions_total",
            "bookstore_auth_total",
            "bookstore_csrf_violations_total",
            "bookstore_db_queries_total",
            "bookstore_db_query_duration_seconds",
            "bookstore_guard_denials_total",
            "bookstore_loader_batch_size",
            "bookstore_loader_loads_total",
            "bookstore_pool_in_use_connections",
            "bookstore_pool_total_connections",
            "bookstore_pool_waiters",
            "bookstore_rate_limit_hits_total",
            "bookstore_template_render_duration_seconds",
            "bookstore_template_renders_total",
            "http_request_duration_seconds",
            "http_requests_in_flight",
            "http_requests_total",
        ]
    );
}

#[tokio::test]
async fn the_pool_shows_in_the_gauges_as_it_is() {
    let scope = scope();
    let store = Store::open().await;
    let pool = store.server.state().pool.clone();
    recorded(&scope, "restock.round").await;
    scope.assert_metric_value("bookstore_pool_total_connections", &[], 4);
    let (release, hold) = mpsc::channel::<()>();
    let busy = tokio::spawn({
        let pool = pool.clone();
        async move { pool.run(move |_| Ok(hold.recv().is_err())).await }
    });
    while pool.state().in_use != 1 {
        tokio::task::yield_now().await;
    }
    scope.assert_metric_value("bookstore_pool_in_use_connections", &[], 1);
    scope.assert_metric_value("bookstore_pool_waiters", &[], 0);
    drop(release);
    assert!(busy.await.unwrap().unwrap());
    store.close().await;
}

#[tokio::test]
async fn with_telemetry_off_the_store_serves_and_records_nothing() {
    let scope = Scope::builder().disabled().enter().unwrap();
    let store = Store::open().await;
    let answer = store.send(Ask::get("/books/1/related")).await;
    assert_eq!(answer.status(), 200);
    assert!(!answer.headers().contains_key("traceparent"));
    store.close().await;
    assert!(scope.spans().is_empty());
    assert_eq!(scope.accounting().started, 0);
}
