//! For tests of programs that use this library: isolated scopes, assertions over what was recorded, trees as text.

pub mod assertions;
mod scope;
pub mod tree;

pub use scope::{Scope, ScopeBuilder};
