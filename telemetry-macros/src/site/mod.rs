//! The call site of a span: what `#[trace]`, `#[span]` and `step!` have in common.

pub(crate) mod decision;
pub(crate) mod declared;
pub(crate) mod expand;
pub(crate) mod model;
pub(crate) mod off;
pub(crate) mod parse;
mod room;
