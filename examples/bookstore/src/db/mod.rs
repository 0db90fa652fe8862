//! The database: a pool of `SQLite` connections, the schema, and every query the service makes.

mod books;
mod orders;
mod pool;
mod query;
mod schema;
mod seed;

pub use books::{
    Book, Order as SortOrder, adjust_stock, by_ids, list, page_after, random_token, search, set_price,
};
pub use orders::{
    NewOrder, OrderRefused, PlacedOrder, cancel, place, recompute_popularity, restock_low_shelves, royalties,
};
pub use pool::{Pool, PoolState};
pub use schema::create as create_schema;
pub use seed::fill as seed;

/// Why the database could not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// `SQLite` refused or failed.
    #[error("the database failed")]
    Sqlite(#[from] rusqlite::Error),
    /// The pool is closed, or the runtime is stopping.
    #[error("the database is closed")]
    Closed,
}
