//! A bookstore over HTTP and `SQLite`: the example that shows the framework in a service of ordinary shape.
//!
//! The binary of the same name serves it; the library exists so that tests can start it inside their own process.
#![forbid(unsafe_code)]

pub mod app;
pub mod args;
pub mod cache;
pub mod db;
pub mod drive;
pub mod guard;
pub mod instruments;
pub mod inventory;
pub mod outgoing;
pub mod page;
pub mod restock;
pub mod routes;
pub mod scratch;
pub mod server;
pub mod signals;
pub mod telemetry;
