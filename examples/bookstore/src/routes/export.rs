//! The whole catalogue as a stream: a line of JSON a book, read page by page while the client takes it.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http_body_util::channel::{Channel, Sender};
use telemetry_core::{Context, step, trace};

use crate::app::AppState;
use crate::db::{self, Book, Pool, StoreError};

/// Books in one chunk of the body.
const CHUNK: u32 = 12;
/// Chunks read ahead of the client.
const AHEAD: usize = 1;

/// `GET /export/books`: all books, as newline-delimited JSON. A failure half-way breaks the body off.
#[trace(name = "export.books")]
pub async fn books(State(state): State<AppState>) -> Response {
    let (sender, body) = Channel::new(AHEAD);
    tokio::spawn(Context::current().wrap_future(send_pages(state.pool, sender)));
    ([(CONTENT_TYPE, "application/x-ndjson")], Body::new(body)).into_response()
}

/// Sends page after page until the last, a failure, or the client's leaving.
#[trace(name = "export.pages", attrs(pages: u64), bind = span)]
async fn send_pages(pool: Pool, mut sender: Sender<Bytes, StoreError>) {
    let mut last = 0;
    for pages in 0.. {
        span.pages(pages);
        match pool.run(move |connection| db::page_after(connection, last, CHUNK)).await {
            Ok(page) => {
                let Some(end) = page.last() else { return };
                last = end.id;
                let lines = lines(&page);
                if step!("export.send", bytes = lines.len() => sender.send_data(lines)).await.is_err() {
                    return;
                }
            }
            Err(failure) => {
                sender.abort(failure);
                return;
            }
        }
    }
}

fn lines(books: &[Book]) -> Bytes {
    let mut text = Vec::new();
    for book in books {
        // A book is plain text and numbers, which JSON always takes, and writing to memory does not fail.
        let _ = serde_json::to_writer(&mut text, book);
        text.push(b'\n');
    }
    Bytes::from(text)
}
