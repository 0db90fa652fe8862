//! The settings as a user meets them.

mod mistakes;
mod tiers;
