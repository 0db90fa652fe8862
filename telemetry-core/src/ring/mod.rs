//! The span ring: fixed slots, many producers, one consumer.
//!
//! Every slot is a token that is in exactly one place at any time:
//!
//! ```text
//!   free word of its run ──claim (compare-and-swap)──▶ a producer's reservation ──open──▶ the span
//!          ▲                                             │        (plain store)            │ close
//!          │◀──────── given back at thread end ──────────┤                                 ▼ (Release)
//!          │◀──────── reclaimed when others starve ──────┘                             complete
//!          └──────────────────────── freed by the consumer ◀────────────────────────────── ┘
//! ```
//!
//! The run taken by one compare-and-swap has one owner; inside it the owner opens spans with plain stores. Nothing
//! here knows what a span means: it hands out slots and hands them back.

mod ahead;
mod barrier;
mod claim;
mod consumer;
mod producer;
mod slot;
mod wake;

pub(crate) use ahead::prefetch_ahead;
pub(crate) use claim::Ring;
pub(crate) use consumer::Sweep;
#[cfg(not(loom))]
pub(crate) use producer::COLD;
pub(crate) use producer::{Drop as DropReason, Producer};
pub(crate) use slot::{ATTRIBUTE_BYTES, EVENT_BYTES, NAME_BYTES};
pub(crate) use slot::{Body, Slot, state};
pub(crate) use wake::Wake;

#[cfg(all(test, loom))]
mod loom_tests;
#[cfg(all(test, not(loom)))]
mod tests;
