//! How many copies of a book there are, as another service knows.

use axum::Json;
use axum::extract::{Path, State};
use telemetry_core::trace;

use crate::app::{AppError, AppState};
use crate::inventory::Stock;

/// `GET /books/{id}/stock`: the copies of a book, asked of the inventory.
///
/// # Errors
/// No such book here or there, the loader failed, or the inventory did.
#[trace(name = "books.stock", attrs(book.id = id))]
pub async fn stock(State(state): State<AppState>, Path(id): Path<i64>) -> Result<Json<Stock>, AppError> {
    let unknown = AppError::NotFound { kind: "book", id };
    state.loader.load(id).await?.ok_or(AppError::NotFound { kind: "book", id })?;
    Ok(Json(state.inventory.stock(id).await?.ok_or(unknown)?))
}
