//! Contexts that cross processes: the W3C Trace Context headers, levels 1 and 2.
//!
//! [`extract`] reads the headers of a request into a [`Remote`]; [`Remote::hold`] keeps the trace's state for as long
//! as the request lasts; a span under it ([`SpanBuilder::remote`](crate::SpanBuilder::remote)) continues the trace, and
//! [`inject`] names whatever span is current in the headers of requests that go out.
//!
//! ```
//! use telemetry_core::propagate::{extract, inject};
//! # use telemetry_core::{CallSite, Origin, Site, SpanBuilder, SpanKind, testing::Scope};
//! # static SITE: CallSite = CallSite::new(Site {
//! #     name: "request", kind: SpanKind::Server, keys: &[], constants: &[],
//! #     origin: &Origin { crate_name: "app", crate_version: "1.0.0", module: "app", file: "app.rs" }, line: 1,
//! # });
//! # let scope = Scope::new();
//! let inbound = [
//!     ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
//!     ("tracestate", "rojo=1"),
//! ];
//! let held = extract(&inbound).unwrap().hold();
//! let _span = SpanBuilder::new(&SITE).remote(&held).enter();
//!
//! let mut outbound: Vec<(String, String)> = Vec::new();
//! inject(&mut outbound);
//! assert!(outbound[0].1.starts_with("00-0af7651916cd43dd8448eb211c80319c-"));
//! assert_ne!(outbound[0].1[36..52], inbound[0].1[36..52]);
//! assert_eq!(outbound[1], ("tracestate".to_owned(), "rojo=1".to_owned()));
//! ```

mod carrier;
mod found;
mod hex;
pub(crate) mod kept;
mod member;
pub(crate) mod otel;
mod remote;
#[cfg(test)]
mod tests;
mod traceparent;
mod tracestate;

pub use carrier::{
    Extract, Inject, TRACEPARENT, TRACESTATE, extract, extract_with, inject, inject_context, inject_span,
};
pub(crate) use found::Found;
pub use kept::dropped_states;
pub(crate) use kept::hold_locks;
pub use member::Keys;
pub use remote::{Held, Remote};
pub use traceparent::{TRACEPARENT_BYTES, format_traceparent, parse_traceparent};
pub use tracestate::{MAX_MEMBERS, TraceState, TraceStateError};
