//! Requests that go out.

mod body;
mod call;
mod layer;
#[cfg(feature = "reqwest")]
mod reqwest;
mod span;

pub use body::CallBody;
pub use call::call;
pub use layer::{ClientFuture, ClientLayer, ClientService};
#[cfg(feature = "reqwest")]
pub use reqwest::{ReqwestFuture, SendTraced};
pub use span::Resend;
