//! Books kept in memory, and the loader that reads many at once.

mod loader;
mod shelf;

pub use loader::{LoadError, Loader};
pub use shelf::Shelf;
#[cfg(test)]
pub(crate) use shelf::shelf_book;
