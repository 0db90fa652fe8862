//! The JSON interface.

mod answer;
mod failure;
mod listing;
mod live;
mod parameters;
mod routes;
mod state;

pub(crate) use failure::Failure;
pub(crate) use routes::routes;
pub(crate) use state::ApiState;
