//! Requests to an axum router in process: what a layer around it costs, each library's own.

pub(crate) mod cases;
mod contestants;
mod layers;
mod service;
