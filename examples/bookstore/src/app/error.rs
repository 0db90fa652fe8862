//! Everything a request can fail by, and the answer to each.

use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};

use crate::cache::LoadError;
use crate::db::{OrderRefused, StoreError};
use crate::guard::{AuthError, CsrfViolation, GuardDenial};
use crate::inventory::InventoryError;
use crate::outgoing::OutgoingError;

/// Why a request was not answered as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppError {
    /// The request makes no sense.
    #[error("{0}")]
    Invalid(&'static str),
    /// There is no such thing.
    #[error("no {kind} has the number {id}")]
    NotFound {
        /// What was looked for.
        kind: &'static str,
        /// The number asked for.
        id: i64,
    },
    /// Nobody is known by this request.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The request may be forged.
    #[error(transparent)]
    Csrf(#[from] CsrfViolation),
    /// Not for this client.
    #[error(transparent)]
    Guard(#[from] GuardDenial),
    /// Too many requests; the time to wait.
    #[error("too many requests")]
    RateLimited(Duration),
    /// The order cannot be placed.
    #[error(transparent)]
    Order(#[from] OrderRefused),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The loader failed.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The other service failed.
    #[error(transparent)]
    Outgoing(#[from] OutgoingError),
    /// The inventory failed.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
}

impl AppError {
    /// The status of the answer.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::NotFound { .. } | Self::Order(OrderRefused::NoSuchBook(_)) => StatusCode::NOT_FOUND,
            Self::Auth(_) => StatusCode::UNAUTHORIZED,
            Self::Csrf(_) | Self::Guard(_) => StatusCode::FORBIDDEN,
            Self::RateLimited(_) | Self::Order(OrderRefused::Quota(_)) => StatusCode::TOO_MANY_REQUESTS,
            Self::Order(OrderRefused::OutOfStock { .. }) => StatusCode::CONFLICT,
            Self::Store(_) | Self::Load(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Inventory(InventoryError::Nowhere) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Outgoing(_) | Self::Inventory(_) => StatusCode::BAD_GATEWAY,
        }
    }
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        let status = self.status();
        // What went wrong inside is for the operator, who finds it in the trace.
        let message = if status.is_server_error() {
            "something went wrong on our side".to_owned()
        } else {
            self.to_string()
        };
        let mut response = (status, Json(serde_json::json!({ "error": message }))).into_response();
        if let Self::RateLimited(wait) = self {
            let seconds = wait.as_secs().saturating_add(1);
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
