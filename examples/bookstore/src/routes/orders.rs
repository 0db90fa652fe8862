//! Buying books.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use telemetry_core::trace;

use crate::app::{AppError, AppState};
use crate::db::{self, NewOrder, OrderRefused, PlacedOrder};
use crate::guard::{Client, CsrfChecked};
use crate::instruments::{Backend, RATE_LIMIT_HITS};

/// `POST /orders`: buys copies of a book.
///
/// # Errors
/// Nobody known, a forged request, a refusal of the store, or a failure of the database.
#[trace(name = "orders.place", attrs(client.name = client.name, book.id = order.book_id))]
pub async fn place(
    State(state): State<AppState>,
    client: Client,
    _checked: CsrfChecked,
    Json(order): Json<NewOrder>,
) -> Result<(StatusCode, Json<PlacedOrder>), AppError> {
    if !(1..=100).contains(&order.quantity) {
        return Err(AppError::Invalid("`quantity` is not a number from 1 to 100"));
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs() as i64);
    let placed = state
        .pool
        .run(move |connection| db::place(connection, &client.name, order, client.plan.orders_per_day, now))
        .await?;
    if matches!(placed, Err(OrderRefused::Quota(_))) {
        RATE_LIMIT_HITS.with(Backend::Sqlite).inc();
    }
    let placed = placed?;
    state.loader.forget(order.book_id);
    Ok((StatusCode::CREATED, Json(placed)))
}
