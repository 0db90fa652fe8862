//! The back office.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::Deserialize;
use telemetry_core::trace;

use crate::app::{AppError, AppState};
use crate::db;
use crate::guard::Admin;
use crate::instruments::{ADMIN_ACTIONS, Action, Model};

/// A new price.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// In cents.
    pub price_cents: i64,
}

/// More copies.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// How many.
    pub copies: i64,
}

/// `POST /admin/books/{id}/price`: sets a price.
///
/// # Errors
/// No administrator, a price of nothing, no such book, or a failure of the database.
#[trace(name = "admin.set_price", attrs(book.id = id, price_cents = price.price_cents))]
pub async fn set_price(
    State(state): State<AppState>,
    _admin: Admin,
    Path(id): Path<i64>,
    Json(price): Json<Price>,
) -> Result<StatusCode, AppError> {
    if price.price_cents < 1 {
        return Err(AppError::Invalid("`price_cents` is not a number from 1 upwards"));
    }
    let known = state.pool.run(move |connection| db::set_price(connection, id, price.price_cents)).await?;
    changed(&state, id, known, Action::SetPrice)
}

/// `POST /admin/books/{id}/restock`: puts copies on the shelf.
///
/// # Errors
/// No administrator, no copies, no such book, or a failure of the database.
#[trace(name = "admin.restock", attrs(book.id = id, copies = delivery.copies))]
pub async fn restock(
    State(state): State<AppState>,
    _admin: Admin,
    Path(id): Path<i64>,
    Json(delivery): Json<Delivery>,
) -> Result<StatusCode, AppError> {
    if !(1..=10_000).contains(&delivery.copies) {
        return Err(AppError::Invalid("`copies` is not a number from 1 to 10000"));
    }
    let known = state.pool.run(move |connection| db::adjust_stock(connection, id, delivery.copies)).await?;
    changed(&state, id, known, Action::Restock)
}

/// `DELETE /admin/orders/{id}`: takes an order back.
///
/// # Errors
/// No administrator, no such order, or a failure of the database.
#[trace(name = "admin.cancel_order", attrs(order.id = id))]
pub async fn cancel_order(
    State(state): State<AppState>,
    _admin: Admin,
    Path(id): Path<i64>,
) -> Result<StatusCode, AppError> {
    let book = state.pool.run(move |connection| db::cancel(connection, id)).await?;
    state.loader.forget(book.ok_or(AppError::NotFound { kind: "order", id })?);
    ADMIN_ACTIONS.with((Model::Order, Action::Cancel)).inc();
    Ok(StatusCode::NO_CONTENT)
}

fn changed(state: &AppState, id: i64, known: bool, action: Action) -> Result<StatusCode, AppError> {
    if !known {
        return Err(AppError::NotFound { kind: "book", id });
    }
    state.loader.forget(id);
    ADMIN_ACTIONS.with((Model::Book, action)).inc();
    Ok(StatusCode::NO_CONTENT)
}
