//! Being built.

pub mod assertions;
pub mod tree;
