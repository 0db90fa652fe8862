//! A service that does nothing but pass traces on.
//!
//! `POST /test` takes a JSON list of `{"url", "arguments"}` and posts each one's `arguments`, as JSON, to its `url`,
//! within the trace of the request it serves. This is the service that the W3C's conformance suite for Trace Context
//! drives, and one that a relay can drive in turn: what it posts may itself be such a list.
#![forbid(unsafe_code)]

pub mod args;
mod client;
mod routes;

pub use routes::router;
