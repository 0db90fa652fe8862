//! Requests that go out.

mod call;
mod layer;
mod span;

pub use call::call;
pub use layer::{ClientFuture, ClientLayer, ClientService};
pub use span::Resend;
