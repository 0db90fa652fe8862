//! The routes.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};

use super::answer::Detail;
use super::failure::Failure;
use super::listing::Listed;
use super::live::live;
use super::parameters::{Listing, Parameters, seconds, trace_id};
use super::state::ApiState;
use crate::health::{Health, health};
use crate::plot::{Plot, plot};

/// Over how long the health page looks back for what is recent.
const HEALTH_SECONDS: u64 = 300;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/api/traces", get(traces))
        .route("/api/traces/{id}", get(trace))
        .route("/api/metrics", get(metrics))
        .route("/api/health", get(read_health))
        .route("/api/live", get(live))
        .fallback(nothing)
        .method_not_allowed_fallback(not_allowed)
}

async fn traces(State(state): State<ApiState>, parameters: Parameters) -> Result<Json<Listed>, Failure> {
    let listing = Listing::of(parameters)?;
    Ok(Json(state.read(move |source| listing.list(source)).await?))
}

async fn trace(State(state): State<ApiState>, Path(id): Path<String>) -> Result<Json<Detail>, Failure> {
    let id = trace_id(&id)?;
    let detail = state.read(move |source| Ok(source.trace(id)?.and_then(|trace| Detail::of(&trace)))).await?;
    let gone =
        || Failure::new(StatusCode::NOT_FOUND, &format_args!("trace {id} is not here, or not any more"));
    detail.map(Json).ok_or_else(gone)
}

async fn metrics(State(state): State<ApiState>, parameters: Parameters) -> Result<Json<Vec<Plot>>, Failure> {
    let seconds = seconds(parameters)?;
    let plots = state.read(move |source| Ok(source.metrics(seconds)?.into_iter().map(plot).collect()));
    Ok(Json(plots.await?))
}

async fn read_health(State(state): State<ApiState>) -> Result<Json<Health>, Failure> {
    let read =
        state.read(|source| Ok(health(source.about()?, &source.metrics(HEALTH_SECONDS)?, source.pipeline())));
    Ok(Json(read.await?))
}

async fn nothing() -> impl IntoResponse {
    Failure::new(StatusCode::NOT_FOUND, &"there is nothing here")
}

async fn not_allowed() -> impl IntoResponse {
    Failure::new(StatusCode::METHOD_NOT_ALLOWED, &"the viewer only answers GET and HEAD")
}
