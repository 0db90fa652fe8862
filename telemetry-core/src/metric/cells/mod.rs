//! The memory behind counters and histograms: blocks of 64-bit cells, one writer each, summed when read.
//!
//! ```text
//!   thread ── owner ──▶ block of its own ──┐ the thread's end
//!   thread ── owner ──▶ block of its own ──┤ folds it in       ┌──▶ a read: blocks + retired
//!                                          └────▶ retired ─────┘
//! ```
//!
//! A [`Ledger`] holds the blocks of all threads and the totals of those that have ended; an [`Owner`] is a thread's
//! side of one. Blocks are made, replaced and folded under the ledger's mutex, and read under it, so that a read finds
//! every update once. Updates take no lock: with one writer a cell needs no more than a load and a store.
//!
//! Why no read of a count ever falls: two reads are ordered by the mutex, and a later one sees a cell at the same value
//! or a newer one (relaxed loads of one cell never go back); growing copies a block by its only writer, folding moves
//! its values to the retired totals, both inside the mutex. `loom_tests.rs` checks it under every interleaving.
//!
//! Nothing here knows what an instrument is; compiled alone for loom.

mod block;
mod layout;
mod ledger;
#[cfg(all(test, loom))]
mod loom_tests;
mod owner;
#[cfg(not(loom))]
mod published;
#[cfg(all(test, not(loom)))]
mod tests;

#[cfg(not(loom))]
pub(crate) use block::Block;
#[cfg(not(loom))]
pub(crate) use block::StaticView;
pub(crate) use layout::Layout;
pub(crate) use ledger::{Change, Ledger};
pub(crate) use owner::Owner;
#[cfg(not(loom))]
pub(crate) use published::Published;
