//! What a trace comes to: its tree in rows, the time each span spent itself, and the critical path.

mod critical;
mod own;
mod tree;

pub(crate) use critical::critical_path;
pub(crate) use own::own_nanos;
pub(crate) use tree::{Row, RowOf, rows};

#[cfg(test)]
pub(crate) mod fixtures;
