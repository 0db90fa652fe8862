//! Queries on books.

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params, params_from_iter};
use serde::{Deserialize, Serialize};

use super::StoreError;

const COLUMNS: &str = "id, title, author, subject, year, price_cents, stock, popularity";

/// A book on the shelf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Book {
    /// Its number.
    pub id: i64,
    /// Its title.
    pub title: String,
    /// Who wrote it.
    pub author: String,
    /// What it is about, in one word.
    pub subject: String,
    /// When it appeared; negative before our era.
    pub year: i64,
    /// What it costs, in cents.
    pub price_cents: i64,
    /// How many are left.
    pub stock: i64,
    /// Copies sold, as last counted.
    pub popularity: i64,
}

/// What a list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// By number, the oldest entry first.
    #[default]
    Id,
    /// By title.
    Title,
    /// The most sold first.
    Popularity,
}

impl Order {
    const fn clause(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Title => "title, id",
            Self::Popularity => "popularity DESC, id",
        }
    }
}

/// One page of the catalogue.
///
/// # Errors
/// The database failed.
pub fn list(connection: &Connection, order: Order, limit: u32, offset: u32) -> Result<Vec<Book>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM books ORDER BY {} LIMIT ? OFFSET ?", order.clause());
    let mut statement = connection.prepare_cached(&sql)?;
    let books = statement.query_map(params![limit, offset], book)?.collect::<Result<_, _>>()?;
    Ok(books)
}

/// The books with these numbers; numbers of no book are passed over. The order is by number.
///
/// # Errors
/// The database failed.
pub fn by_ids(connection: &Connection, ids: &[i64]) -> Result<Vec<Book>, StoreError> {
    // The numbers go as one JSON parameter, so that one cached statement serves every count.
    let sql = format!("SELECT {COLUMNS} FROM books WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id");
    let mut statement = connection.prepare_cached(&sql)?;
    let ids = serde_json::Value::from(ids).to_string();
    let books = statement.query_map([ids], book)?.collect::<Result<_, _>>()?;
    Ok(books)
}

/// The numbers of the books whose title, author or subject contains the text, the most sold first.
///
/// # Errors
/// The database failed.
pub fn search(connection: &Connection, text: &str, limit: u32) -> Result<Vec<i64>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id FROM books
         WHERE title LIKE ?1 ESCAPE '\\' OR author LIKE ?1 ESCAPE '\\' OR subject LIKE ?1 ESCAPE '\\'
         ORDER BY popularity DESC, id LIMIT ?2",
    )?;
    let parameters = [Value::from(contains(text)), Value::from(i64::from(limit))];
    let ids =
        statement.query_map(params_from_iter(parameters), |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(ids)
}

/// The next books after a number, in the order of numbers: a page of a walk over all of them.
///
/// # Errors
/// The database failed.
pub fn page_after(connection: &Connection, id: i64, limit: u32) -> Result<Vec<Book>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM books WHERE id > ? ORDER BY id LIMIT ?");
    let mut statement = connection.prepare_cached(&sql)?;
    let books = statement.query_map(params![id, limit], book)?.collect::<Result<_, _>>()?;
    Ok(books)
}

/// Sets a book's price; false when there is no such book.
///
/// # Errors
/// The database failed, or refused the price.
pub fn set_price(connection: &Connection, id: i64, price_cents: i64) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached("UPDATE books SET price_cents = ? WHERE id = ?")?;
    Ok(statement.execute(params![price_cents, id])? == 1)
}

/// Adds copies to a book's stock; false when there is no such book.
///
/// # Errors
/// The database failed, or the stock would fall below zero.
pub fn adjust_stock(connection: &Connection, id: i64, copies: i64) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached("UPDATE books SET stock = stock + ? WHERE id = ?")?;
    Ok(statement.execute(params![copies, id])? == 1)
}

/// Thirty-two hexadecimal digits nobody can guess, from `SQLite`'s generator.
///
/// # Errors
/// The database failed.
pub fn random_token(connection: &Connection) -> Result<String, StoreError> {
    let mut statement = connection.prepare_cached("SELECT lower(hex(randomblob(16)))")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// The pattern for text containing `text`, with the wildcards in it taken literally.
fn contains(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

fn book(row: &Row<'_>) -> rusqlite::Result<Book> {
    Ok(Book {
        id: row.get(0)?,
        title: row.get(1)?,
        author: row.get(2)?,
        subject: row.get(3)?,
        year: row.get(4)?,
        price_cents: row.get(5)?,
        stock: row.get(6)?,
        popularity: row.get(7)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{create_schema, seed};

    fn store() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        create_schema(&connection).unwrap();
        assert_eq!(seed(&mut connection).unwrap(), 48);
        assert_eq!(seed(&mut connection).unwrap(), 0, "a filled store is left alone");
        connection
    }

    #[test]
    fn pages_follow_each_other_without_gap_or_overlap() {
        let store = store();
        let mut seen = Vec::new();
        let mut last = 0;
        loop {
            let page = page_after(&store, last, 7).unwrap();
            let Some(end) = page.last() else { break };
            last = end.id;
            seen.extend(page.iter().map(|book| book.id));
        }
        assert_eq!(seen, (1..=48).collect::<Vec<_>>());
    }

    #[test]
    fn unknown_numbers_are_passed_over() {
        let ids: Vec<i64> = by_ids(&store(), &[5, 9999, 2, 5]).unwrap().iter().map(|book| book.id).collect();
        assert_eq!(ids, [2, 5]);
    }

    #[test]
    fn wildcards_in_a_search_are_plain_text() {
        let store = store();
        assert!(search(&store, "%", 50).unwrap().is_empty());
        assert!(search(&store, "_", 50).unwrap().is_empty());
        assert!(search(&store, "\\", 50).unwrap().is_empty());
        assert!(search(&store, "';--", 50).unwrap().is_empty());
        assert_eq!(search(&store, "verne", 50).unwrap(), [2, 19]);
        assert_eq!(search(&store, "sea", 3).unwrap().len(), 3);
    }

    #[test]
    fn orders_of_a_list_differ() {
        let store = store();
        let first = |order| list(&store, order, 1, 0).unwrap().remove(0).title;
        assert_eq!(first(Order::Id), "Moby-Dick; or, The Whale");
        assert_eq!(first(Order::Title), "A Study in Scarlet");
    }

    #[test]
    fn a_price_must_be_positive() {
        let store = store();
        assert!(set_price(&store, 1, 100).unwrap());
        assert!(!set_price(&store, 9999, 100).unwrap());
        assert!(matches!(set_price(&store, 1, 0), Err(StoreError::Sqlite(_))));
    }
}
