//! The application: its state, its errors, and which request goes where.

mod error;
mod router;
mod state;

pub use error::AppError;
pub use router::router;
pub use state::AppState;
