//! Tokens against forged orders.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, SET_COOKIE};
use telemetry_core::trace;

use crate::app::{AppError, AppState};
use crate::db;
use crate::guard::CSRF_COOKIE;

/// `GET /csrf`: a new token, in the body and in a cookie.
///
/// # Errors
/// The database failed.
#[trace(name = "csrf.issue")]
pub async fn issue(State(state): State<AppState>) -> Result<Response, AppError> {
    let token = state.pool.run(|connection| db::random_token(connection)).await?;
    let cookie = HeaderValue::try_from(format!("{CSRF_COOKIE}={token}; Path=/; SameSite=Strict; Secure"))
        .map_err(|_| AppError::Invalid("the token is no header value"))?;
    let headers = [(SET_COOKIE, cookie), (CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((headers, Json(serde_json::json!({ "token": token }))).into_response())
}
