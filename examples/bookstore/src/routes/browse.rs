//! Looking for books.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use telemetry_core::trace;

use crate::app::{AppError, AppState};
use crate::db::{self, Book, SortOrder};

const PAGE: u32 = 10;
const MAX_FOUND: u32 = 20;

/// The page of a list.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Listing {
    /// The page, from 0.
    pub page: u32,
    /// The order: `id`, `title` or `popularity`.
    pub sort: SortOrder,
}

/// What to search for.
#[derive(Clone, Debug, Deserialize)]
pub struct Search {
    /// A part of a title, an author or a subject.
    pub q: String,
}

/// `GET /books`: ten books.
///
/// # Errors
/// The database failed.
#[trace(name = "books.list", attrs(page = listing.page))]
pub async fn list(
    State(state): State<AppState>,
    Query(listing): Query<Listing>,
) -> Result<Json<Vec<Book>>, AppError> {
    let offset = listing.page.saturating_mul(PAGE);
    let books = state.pool.run(move |connection| db::list(connection, listing.sort, PAGE, offset)).await?;
    Ok(Json(books))
}

/// `GET /books/{id}`: one book.
///
/// # Errors
/// No such book, or the loader failed.
#[trace(name = "books.one", attrs(book.id = id))]
pub async fn one(State(state): State<AppState>, Path(id): Path<i64>) -> Result<Json<Arc<Book>>, AppError> {
    let book = state.loader.load(id).await?;
    book.map(Json).ok_or(AppError::NotFound { kind: "book", id })
}

/// `GET /search?q=`: up to twenty books that contain the text.
///
/// # Errors
/// Nothing to search for, or the database failed.
#[trace(name = "books.search", attrs(query = search.q, books.found: u64), bind = span)]
pub async fn search(
    State(state): State<AppState>,
    Query(search): Query<Search>,
) -> Result<Json<Vec<Arc<Book>>>, AppError> {
    let text = search.q.trim().to_owned();
    if text.is_empty() {
        return Err(AppError::Invalid("`q` is empty: give a part of a title, an author or a subject"));
    }
    let ids = state.pool.run(move |connection| db::search(connection, &text, MAX_FOUND)).await?;
    span.books_found(ids.len() as u64);
    Ok(Json(state.loader.load_many(&ids).await?))
}
