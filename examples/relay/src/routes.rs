//! The one route.

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::routing::post;
use axum::{Json, Router};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use telemetry_http::TelemetryLayer;

use crate::client::Client;

/// What to post where.
#[derive(Debug, Deserialize)]
struct Errand {
    url: String,
    #[serde(default)]
    arguments: serde_json::Value,
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Done {
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// The service, recorded by a layer.
pub fn router(layer: TelemetryLayer) -> Router {
    Router::new().route("/test", post(relay)).layer(layer).with_state(Client::new())
}

/// Does every errand in its turn. Answers 200 when all were answered, whatever their status, 502 when one was not, and
/// 400 when the request is no list of errands.
async fn relay(
    State(client): State<Client>,
    errands: Result<Json<Vec<Errand>>, JsonRejection>,
) -> Result<(StatusCode, Json<Vec<Done>>), (StatusCode, String)> {
    let Json(errands) = errands.map_err(|refused| (StatusCode::BAD_REQUEST, refused.body_text()))?;
    let mut done = Vec::with_capacity(errands.len());
    for Errand { url, arguments } in errands {
        done.push(match client.post(&url, arguments.to_string().into_bytes()).await {
            Ok(status) => Done { url, status: Some(status.as_u16()), error: None },
            Err(failure) => Done { url, status: None, error: Some(failure.to_string()) },
        });
    }
    let failed = done.iter().any(|done| done.error.is_some());
    Ok((if failed { StatusCode::BAD_GATEWAY } else { StatusCode::OK }, Json(done)))
}
