//! The service itself.

use std::future::Future;
use std::io;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use telemetry_core::{Span, step, trace};
use telemetry_http::{MetricsService, TelemetryLayer};
use tokio::net::TcpListener;

/// Books there are.
const BOOKS: i64 = 48;
/// Every so many books there is one whose shelf is being counted.
const COUNTED: i64 = 16;

/// What is known of a book's copies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stock {
    /// The book's number.
    pub book: i64,
    /// Copies on the shelf.
    pub copies: u32,
    /// Which shelf that is.
    pub shelf: String,
}

/// The service: `GET /stock/{book}`, and its metrics where there are any.
pub fn router(layer: TelemetryLayer, metrics: Option<MetricsService>) -> Router {
    let router = Router::new().route("/stock/{book}", get(stock)).layer(layer);
    match metrics {
        Some(metrics) => router.route_service("/metrics", metrics),
        None => router,
    }
}

/// Serves until told to stop; requests under way end first.
///
/// # Errors
/// The listener fails.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    until: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    axum::serve(listener, router).with_graceful_shutdown(until).await
}

/// `GET /stock/{book}`: 200 with the stock, 404 for a book nobody knows, 503 while its shelf is being counted.
#[trace(name = "stock.answer", attrs(book.id = book))]
async fn stock(Path(book): Path<i64>) -> Response {
    if !(1..=BOOKS).contains(&book) {
        return StatusCode::NOT_FOUND.into_response();
    }
    if book % COUNTED == 0 {
        Span::current().event("shelf.counted");
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    Json(count(book)).into_response()
}

/// Counts the copies of a book.
#[trace(name = "stock.count", attrs(book.id = book, stock.copies: u64), bind = span)]
fn count(book: i64) -> Stock {
    let shelf = {
        let _step = step!("stock.locate");
        format!("{}{}", char::from(b'A' + (book % 6) as u8), book / 6)
    };
    let copies = (book * 7 % 23) as u32;
    span.stock_copies(u64::from(copies));
    Stock { book, copies, shelf }
}
