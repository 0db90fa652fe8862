//! Which request goes where.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post};
use telemetry_http::{MetricsService, TelemetryLayer};

use super::AppState;
use crate::guard;
use crate::routes::{admin, browse, csrf, export, orders, pages, related, reports, stock};

/// The whole service: every route recorded, and the metrics beside them where there are any.
pub fn router(state: AppState, layer: TelemetryLayer, metrics: Option<MetricsService>) -> Router {
    let router = Router::new()
        .route("/", get(pages::home))
        .route("/books", get(browse::list))
        .route("/books/{id}", get(browse::one))
        .route("/books/{id}/page", get(pages::book))
        .route("/books/{id}/related", get(related::related))
        .route("/books/{id}/stock", get(stock::stock))
        .route("/search", get(browse::search))
        .route("/csrf", get(csrf::issue))
        .route("/orders", post(orders::place))
        .route("/export/books", get(export::books))
        .route("/reports/royalties", get(reports::royalties))
        .route("/admin/books/{id}/price", post(admin::set_price))
        .route("/admin/books/{id}/restock", post(admin::restock))
        .route("/admin/orders/{id}", delete(admin::cancel_order))
        .layer(from_fn_with_state(state.clone(), guard::limit))
        .layer(layer)
        .with_state(state);
    match metrics {
        Some(metrics) => router.route_service("/metrics", metrics),
        None => router,
    }
}
