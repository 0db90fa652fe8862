//! Pages for people.

use axum::extract::{Path, State};
use axum::response::Html;
use telemetry_core::trace;

use crate::app::{AppError, AppState};
use crate::db::{self, SortOrder};
use crate::page;

const SHOWN: u32 = 20;

/// `GET /`: the front page with the most sold books.
///
/// # Errors
/// The database failed.
#[trace(name = "pages.home")]
pub async fn home(State(state): State<AppState>) -> Result<Html<String>, AppError> {
    let books = state.pool.run(|connection| db::list(connection, SortOrder::Popularity, SHOWN, 0)).await?;
    Ok(Html(page::home(&books)))
}

/// `GET /books/{id}/page`: the page of one book.
///
/// # Errors
/// No such book, or the loader failed.
#[trace(name = "pages.book", attrs(book.id = id))]
pub async fn book(State(state): State<AppState>, Path(id): Path<i64>) -> Result<Html<String>, AppError> {
    let book = state.loader.load(id).await?.ok_or(AppError::NotFound { kind: "book", id })?;
    Ok(Html(page::book(&book)))
}
