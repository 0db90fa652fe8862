//! Every route, over TCP.

mod support;

use bookstore::drive::{Ask, Token};
use http::Method;
use support::Store;
use telemetry_core::testing::Scope;

/// The status of an answer, and its body as JSON; null where it is none.
async fn json(store: &Store, ask: Ask) -> (u16, serde_json::Value) {
    let answer = store.send(ask).await;
    (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap_or_default())
}

fn post(path: &str) -> Ask {
    Ask::new(Method::POST, path)
}

/// A store whose instruments are no other test's.
async fn open() -> (Scope, Store) {
    let scope = Scope::new();
    (scope, Store::open().await)
}

#[tokio::test]
async fn the_catalogue_lists_finds_and_shows_books() {
    let (_scope, store) = open().await;
    let (status, page) = json(&store, Ask::get("/books?page=1&sort=title")).await;
    assert_eq!((status, page.as_array().unwrap().len()), (200, 10));
    assert_eq!(json(&store, Ask::get("/books?page=99")).await, (200, serde_json::json!([])));
    assert_eq!(store.status(Ask::get("/books?sort=weight")).await, 400);

    let (status, book) = json(&store, Ask::get("/books/1")).await;
    assert_eq!((status, book["author"].as_str()), (200, Some("Herman Melville")));
    let (status, missing) = json(&store, Ask::get("/books/9999")).await;
    assert_eq!((status, missing["error"].as_str()), (404, Some("no book has the number 9999")));
    assert_eq!(store.status(Ask::get("/books/first")).await, 400);

    let (status, found) = json(&store, Ask::get("/search?q=wells")).await;
    assert_eq!(status, 200);
    assert!(found.as_array().unwrap().iter().all(|book| book["author"] == "H. G. Wells"), "{found}");
    assert_eq!(store.status(Ask::get("/search?q=%20")).await, 400);
    assert_eq!(store.status(Ask::get("/search")).await, 400);
    store.close().await;
}

#[tokio::test]
async fn pages_are_html_and_escape_what_they_show() {
    let (_scope, store) = open().await;
    for (path, expected) in
        [("/", "<h1>Bookstore</h1>"), ("/books/47/page", "The Sea Around &lt;Us&gt; &amp; Other Proofs")]
    {
        let answer = store.send(Ask::get(path)).await;
        assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
        assert!(String::from_utf8_lossy(answer.body()).contains(expected), "{path}");
    }
    assert_eq!(store.status(Ask::get("/books/9999/page")).await, 404);
    store.close().await;
}

#[tokio::test]
async fn related_books_come_from_a_call_to_the_search_service() {
    let (_scope, store) = open().await;
    let (status, related) = json(&store, Ask::get("/books/1/related")).await;
    let related = related.as_array().unwrap();
    assert_eq!(status, 200);
    assert!(!related.is_empty() && related.iter().all(|book| book["id"] != 1));
    assert_eq!(store.status(Ask::get("/books/9999/related")).await, 404);
    store.close().await;
}

#[tokio::test]
async fn an_order_needs_a_known_client_the_token_and_copies() {
    let (_scope, store) = open().await;
    let order = || post("/orders").body(r#"{"book_id":3,"quantity":2}"#);
    assert_eq!(store.status(order().token(Token::Right)).await, 401);
    assert_eq!(store.status(order().token(Token::Right).key("guessed")).await, 401);
    assert_eq!(store.status(order().key("reader-key")).await, 403);
    assert_eq!(store.status(order().token(Token::Wrong).key("reader-key")).await, 403);

    let placed = json(&store, order().token(Token::Right).key("reader-key")).await;
    assert_eq!(placed, (201, serde_json::json!({"id":1,"book_id":3,"quantity":2,"total_cents":1798})));
    assert_eq!(json(&store, Ask::get("/books/3")).await.1["stock"], 38, "the cache has forgotten the book");

    let bad = |body| post("/orders").token(Token::Right).key("reader-key").body(body);
    assert_eq!(store.status(bad(r#"{"book_id":3,"quantity":0}"#)).await, 400);
    assert_eq!(store.status(bad(r#"{"book_id":3,"quantity":99}"#)).await, 409);
    assert_eq!(store.status(bad(r#"{"book_id":9999,"quantity":1}"#)).await, 404);
    assert_eq!(store.status(bad(r#"{"book_id":3}"#)).await, 422);
    store.close().await;
}

#[tokio::test]
async fn a_trial_client_runs_out_of_orders_and_then_of_requests() {
    let (_scope, store) = open().await;
    let order = || post("/orders").token(Token::Right).key("trial-key").body(r#"{"book_id":3,"quantity":1}"#);
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(json(&store, order()).await);
    }
    assert_eq!(answers.iter().map(|answer| answer.0).collect::<Vec<_>>(), [201, 201, 429, 429]);
    assert_eq!(answers[2].1["error"], "the customer has placed all of today's 2 orders");
    for _ in 0..4 {
        assert_eq!(store.status(Ask::get("/books/1").key("trial-key")).await, 200);
    }
    let refused = store.send(Ask::get("/books/1").key("trial-key")).await;
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(store.status(Ask::get("/books/1").key("reader-key")).await, 200);
    store.close().await;
}

#[tokio::test]
async fn the_back_office_is_open_to_the_keeper_only() {
    let (_scope, store) = open().await;
    let restock = || post("/admin/books/3/restock").body(r#"{"copies":5}"#);
    assert_eq!(store.status(restock()).await, 403);
    assert_eq!(store.status(restock().key("reader-key")).await, 403);
    assert_eq!(store.status(restock().key("keeper-key")).await, 204);
    assert_eq!(json(&store, Ask::get("/books/3")).await.1["stock"], 45);

    let price = |id: u32, body| post(&format!("/admin/books/{id}/price")).key("keeper-key").body(body);
    assert_eq!(store.status(price(3, r#"{"price_cents":777}"#)).await, 204);
    assert_eq!(json(&store, Ask::get("/books/3")).await.1["price_cents"], 777);
    assert_eq!(store.status(price(3, r#"{"price_cents":0}"#)).await, 400);
    assert_eq!(store.status(price(9999, r#"{"price_cents":1}"#)).await, 404);

    let order = post("/orders").token(Token::Right).key("reader-key").body(r#"{"book_id":3,"quantity":2}"#);
    let id = json(&store, order).await.1["id"].as_i64().unwrap();
    let cancel = || Ask::new(Method::DELETE, &format!("/admin/orders/{id}")).key("keeper-key");
    assert_eq!(store.status(cancel()).await, 204);
    assert_eq!(store.status(cancel()).await, 404);
    assert_eq!(json(&store, Ask::get("/books/3")).await.1["stock"], 45);
    store.close().await;
}

#[tokio::test]
async fn the_export_streams_every_book_once() {
    let (_scope, store) = open().await;
    let answer = store.send(Ask::get("/export/books")).await;
    assert_eq!(answer.headers()["content-type"], "application/x-ndjson");
    assert_eq!(answer.headers().get("content-length"), None, "a stream does not know its length");
    let text = String::from_utf8(answer.body().to_vec()).unwrap();
    let ids: Vec<i64> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_i64().unwrap())
        .collect();
    assert_eq!(ids, (1..=48).collect::<Vec<_>>());
    store.close().await;
}

#[tokio::test]
async fn a_failing_report_is_500_and_keeps_the_reason_to_itself() {
    let (_scope, store) = open().await;
    let answer = json(&store, Ask::get("/reports/royalties")).await;
    assert_eq!(answer, (500, serde_json::json!({"error":"something went wrong on our side"})));
    store.close().await;
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused() {
    let (_scope, store) = open().await;
    assert_eq!(store.status(Ask::get("/nowhere")).await, 404);
    assert_eq!(store.status(Ask::new(Method::DELETE, "/books")).await, 405);
    store.close().await;
}
