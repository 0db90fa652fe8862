//! Queries on orders.

use rusqlite::{Connection, TransactionBehavior, params};
use serde::{Deserialize, Serialize};
use telemetry_core::trace;

use super::StoreError;
use super::query::{self, Sql};

const ORDERS_SINCE: Sql = Sql("SELECT count(*) FROM orders WHERE customer = ? AND placed_at > ?");
const SHELF: Sql = Sql("SELECT price_cents, stock FROM books WHERE id = ?");
const ADJUST_STOCK: Sql = Sql("UPDATE books SET stock = stock + ? WHERE id = ?");
const INSERT: Sql = Sql("INSERT INTO orders (customer, book_id, quantity, placed_at) VALUES (?, ?, ?, ?)");
const DELETE: Sql = Sql("DELETE FROM orders WHERE id = ? RETURNING book_id, quantity");
const RECOMPUTE_POPULARITY: Sql = Sql("UPDATE books SET popularity = sold.copies \
     FROM (SELECT book_id, sum(quantity) AS copies FROM orders GROUP BY book_id) AS sold \
     WHERE books.id = sold.book_id AND books.popularity <> sold.copies");
const RESTOCK_LOW_SHELVES: Sql = Sql("UPDATE books SET stock = stock + ? WHERE stock < ? RETURNING id");
const ROYALTIES: Sql = Sql("SELECT coalesce(sum(cents), 0) FROM royalties");

const LOW_STOCK: i64 = 5;
const RESTOCK: i64 = 40;

/// What a customer asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewOrder {
    /// The book's number.
    pub book_id: i64,
    /// How many copies.
    pub quantity: i64,
}

/// What a customer gets back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PlacedOrder {
    /// The order's number.
    pub id: i64,
    /// The book's number.
    pub book_id: i64,
    /// How many copies.
    pub quantity: i64,
    /// What it costs altogether, in cents.
    pub total_cents: i64,
}

/// Why an order was not placed though the database works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OrderRefused {
    /// There is no such book.
    #[error("no book has the number {0}")]
    NoSuchBook(i64),
    /// Not enough copies.
    #[error("{wanted} copies are wanted and {left} are left")]
    OutOfStock {
        /// Copies wanted.
        wanted: i64,
        /// Copies left.
        left: i64,
    },
    /// The customer has ordered enough for one day.
    #[error("the customer has placed all of today's {0} orders")]
    Quota(u32),
}

/// Takes the copies from the shelf and writes the order down, both or neither.
///
/// `now` is in seconds since the Unix epoch; the quota counts the orders of the day before it.
///
/// # Errors
/// The database failed. A refusal is no error of the database: it is the inner result.
#[trace(name = "store.place_order", attrs(book.id = order.book_id, order.quantity = order.quantity))]
pub fn place(
    connection: &mut Connection,
    customer: &str,
    order: NewOrder,
    orders_per_day: u32,
    now: i64,
) -> Result<Result<PlacedOrder, OrderRefused>, StoreError> {
    // Immediate, since a transaction that reads first and then writes can find the lock taken and must start over.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let since = now - 86_400;
    let today: Option<u32> =
        query::first(&transaction, ORDERS_SINCE, params![customer, since], |row| row.get(0))?;
    if today >= Some(orders_per_day) {
        return Ok(Err(OrderRefused::Quota(orders_per_day)));
    }
    let shelf = query::first(&transaction, SHELF, [order.book_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let Some((price_cents, left)): Option<(i64, i64)> = shelf else {
        return Ok(Err(OrderRefused::NoSuchBook(order.book_id)));
    };
    if left < order.quantity {
        return Ok(Err(OrderRefused::OutOfStock { wanted: order.quantity, left }));
    }
    query::change(&transaction, ADJUST_STOCK, params![-order.quantity, order.book_id])?;
    let row = params![customer, order.book_id, order.quantity, now];
    query::change(&transaction, INSERT, row)?;
    let id = transaction.last_insert_rowid();
    transaction.commit()?;
    let total_cents = price_cents.saturating_mul(order.quantity);
    Ok(Ok(PlacedOrder { id, book_id: order.book_id, quantity: order.quantity, total_cents }))
}

/// Takes an order back and returns its copies to the shelf. Gives the book's number, or none for no such order.
///
/// # Errors
/// The database failed.
#[trace(name = "store.cancel_order", attrs(order.id = id))]
pub fn cancel(connection: &mut Connection, id: i64) -> Result<Option<i64>, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let order = query::first(&transaction, DELETE, [id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let Some((book_id, quantity)): Option<(i64, i64)> = order else { return Ok(None) };
    query::change(&transaction, ADJUST_STOCK, params![quantity, book_id])?;
    transaction.commit()?;
    Ok(Some(book_id))
}

/// Counts the copies sold of every book anew. Returns the books whose figure changed.
///
/// # Errors
/// The database failed.
pub fn recompute_popularity(connection: &Connection) -> Result<usize, StoreError> {
    query::change(connection, RECOMPUTE_POPULARITY, [])
}

/// Fills up every shelf that is nearly empty. Returns the numbers of its books.
///
/// # Errors
/// The database failed.
pub fn restock_low_shelves(connection: &Connection) -> Result<Vec<i64>, StoreError> {
    query::rows(connection, RESTOCK_LOW_SHELVES, [RESTOCK, LOW_STOCK], |row| row.get(0))
}

/// The royalties owed, in cents.
///
/// # Errors
/// Always, for now: the migration that creates the table `royalties` has yet to be written, so `SQLite` refuses the
/// query. The service shows by it what a failing route looks like.
pub fn royalties(connection: &Connection) -> Result<i64, StoreError> {
    Ok(query::first(connection, ROYALTIES, [], |row| row.get(0))?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{by_ids, create_schema, seed};

    const NOW: i64 = 1_800_000_000;

    fn store() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        create_schema(&connection).unwrap();
        seed(&mut connection).unwrap();
        connection
    }

    fn stock(connection: &Connection, id: i64) -> i64 {
        by_ids(connection, &[id]).unwrap()[0].stock
    }

    #[test]
    fn an_order_takes_copies_and_its_cancellation_returns_them() {
        let mut store = store();
        let order = NewOrder { book_id: 3, quantity: 4 };
        let placed = place(&mut store, "ada", order, 10, NOW).unwrap().unwrap();
        assert_eq!(placed.total_cents, 4 * 899);
        assert_eq!(stock(&store, 3), 36);
        assert_eq!(cancel(&mut store, placed.id).unwrap(), Some(3));
        assert_eq!(stock(&store, 3), 40);
        assert_eq!(cancel(&mut store, placed.id).unwrap(), None);
    }

    #[test]
    fn a_refused_order_changes_nothing() {
        let mut store = store();
        let refused = |store: &mut Connection, book_id, quantity| {
            place(store, "ada", NewOrder { book_id, quantity }, 10, NOW).unwrap().unwrap_err()
        };
        assert_eq!(refused(&mut store, 9999, 1), OrderRefused::NoSuchBook(9999));
        assert_eq!(refused(&mut store, 1, 41), OrderRefused::OutOfStock { wanted: 41, left: 40 });
        assert_eq!(stock(&store, 1), 40);
    }

    #[test]
    fn the_quota_counts_one_day() {
        let mut store = store();
        let order = NewOrder { book_id: 1, quantity: 1 };
        assert!(place(&mut store, "ada", order, 1, NOW).unwrap().is_ok());
        assert_eq!(place(&mut store, "ada", order, 1, NOW + 1).unwrap(), Err(OrderRefused::Quota(1)));
        assert!(place(&mut store, "bob", order, 1, NOW + 1).unwrap().is_ok());
        assert!(place(&mut store, "ada", order, 1, NOW + 86_400).unwrap().is_ok());
    }

    #[test]
    fn popularity_follows_the_orders_and_low_shelves_are_filled() {
        let mut store = store();
        place(&mut store, "ada", NewOrder { book_id: 7, quantity: 38 }, 10, NOW).unwrap().unwrap();
        assert_eq!(recompute_popularity(&store).unwrap(), 1);
        assert_eq!(recompute_popularity(&store).unwrap(), 0);
        assert_eq!(by_ids(&store, &[7]).unwrap()[0].popularity, 38);
        assert_eq!(restock_low_shelves(&store).unwrap(), [7]);
        assert_eq!(stock(&store, 7), 42);
    }

    #[test]
    fn royalties_fail_with_the_databases_own_words() {
        let failure = royalties(&store()).unwrap_err();
        let source = std::error::Error::source(&failure).unwrap().to_string();
        assert!(source.contains("no such table: royalties"), "{source}");
    }
}
