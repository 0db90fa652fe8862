//! Functions of a crate of the edition 2018.
#![allow(missing_docs)]

#[path = "editions/shapes.rs"]
#[allow(
    clippy::all,
    clippy::pedantic,
    unreachable_pub,
    reason = "the shapes matter, not whether one should write them, and not how another edition would have them"
)]
// Formatted as a part of the 2024 one: editions differ in style.
#[rustfmt::skip]
mod shapes;
