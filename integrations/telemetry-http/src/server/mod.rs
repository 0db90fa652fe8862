//! Requests that come in.

mod asked;
mod begin;
mod body;
mod caller;
mod exchange;
mod excluded;
mod future;
mod hooks;
mod inside;
mod layer;
mod names;
mod options;
mod request_id;
mod request_span;
mod route;
mod running;
mod trust;

pub use body::ResponseBody;
pub use excluded::ExcludedError;
pub use future::ResponseFuture;
pub use hooks::{Hooks, RequestHead, ResponseHead};
pub use layer::{TelemetryLayer, TelemetryService};
pub use request_id::RequestId;
pub use request_span::RequestSpan;
pub use trust::Inbound;
