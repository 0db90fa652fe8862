//! Books like another, found by asking a service over HTTP.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use telemetry_core::trace;

use crate::app::{AppError, AppState};
use crate::outgoing::Found;

/// `GET /books/{id}/related`: other books on the subject.
///
/// # Errors
/// No such book, the loader failed, or the other service did.
#[trace(name = "books.related", attrs(book.id = id))]
pub async fn related(
    State(state): State<AppState>,
    Path(id): Path<i64>,
) -> Result<Json<Vec<Found>>, AppError> {
    let book = state.loader.load(id).await?.ok_or(AppError::NotFound { kind: "book", id })?;
    let mut found = state.outgoing.search(&Arc::clone(&book).subject).await?;
    found.retain(|other| other.id != id);
    Ok(Json(found))
}
