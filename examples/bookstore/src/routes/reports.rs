//! Reports for the bookkeepers.

use axum::Json;
use axum::extract::State;
use telemetry_core::trace;

use crate::app::{AppError, AppState};
use crate::db;

/// `GET /reports/royalties`: what is owed to the authors, in cents.
///
/// # Errors
/// Always, until its table exists: see [`db::royalties`].
#[trace(name = "reports.royalties")]
pub async fn royalties(State(state): State<AppState>) -> Result<Json<serde_json::Value>, AppError> {
    let cents = state.pool.run(|connection| db::royalties(connection)).await?;
    Ok(Json(serde_json::json!({ "royalties_cents": cents })))
}
