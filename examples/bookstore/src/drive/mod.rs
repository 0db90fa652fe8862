//! The drive: the server's own visitor, who sends it real requests in a fixed order.

mod mix;
mod summary;
mod visitor;

pub use mix::{Ask, Token, ask};
pub use summary::Summary;
pub use visitor::{DriveError, Visitor};
