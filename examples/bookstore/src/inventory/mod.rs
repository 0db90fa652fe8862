//! The second service: how many copies of a book there are, and where.
//!
//! The bookstore calls it over HTTP, in the same trace. `bookstore inventory` runs it, as a process of its own.

mod client;
mod process;
mod service;

pub use client::{Inventory, InventoryError};
pub use process::{Child, ChildError};
pub use service::{Stock, router, serve};
