//! Queries on books.

use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::query::{self, Sql};

macro_rules! select_books {
    ($rest:literal) => {
        Sql(concat!(
            "SELECT id, title, author, subject, year, price_cents, stock, popularity FROM books ",
            $rest
        ))
    };
}

const LIST_BY_ID: Sql = select_books!("ORDER BY id LIMIT ? OFFSET ?");
const LIST_BY_TITLE: Sql = select_books!("ORDER BY title, id LIMIT ? OFFSET ?");
const LIST_BY_POPULARITY: Sql = select_books!("ORDER BY popularity DESC, id LIMIT ? OFFSET ?");
// The numbers go as one JSON parameter, so that one cached statement serves every count.
const BY_IDS: Sql = select_books!("WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id");
const PAGE_AFTER: Sql = select_books!("WHERE id > ? ORDER BY id LIMIT ?");
const SEARCH: Sql = Sql(
    "SELECT id FROM books WHERE title LIKE ?1 ESCAPE '\\' OR author LIKE ?1 ESCAPE '\\' OR subject LIKE ?1 ESCAPE '\\' \
     ORDER BY popularity DESC, id LIMIT ?2",
);
const SET_PRICE: Sql = Sql("UPDATE books SET price_cents = ? WHERE id = ?");
const ADJUST_STOCK: Sql = Sql("UPDATE books SET stock = stock + ? WHERE id = ?");
const RANDOM_TOKEN: Sql = Sql("SELECT lower(hex(randomblob(16)))");

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
    const fn sql(self) -> Sql {
        match self {
            Self::Id => LIST_BY_ID,
            Self::Title => LIST_BY_TITLE,
            Self::Popularity => LIST_BY_POPULARITY,
        }
    }
}

/// One page of the catalogue.
///
/// # Errors
/// The database failed.
pub fn list(connection: &Connection, order: Order, limit: u32, offset: u32) -> Result<Vec<Book>, StoreError> {
    query::rows(connection, order.sql(), params![limit, offset], book)
}

/// The books with these numbers; numbers of no book are passed over. The order is by number.
///
/// # Errors
/// The database failed.
pub fn by_ids(connection: &Connection, ids: &[i64]) -> Result<Vec<Book>, StoreError> {
    let ids = serde_json::Value::from(ids).to_string();
    query::rows(connection, BY_IDS, [ids], book)
}

/// The numbers of the books whose title, author or subject contains the text, the most sold first.
///
/// # Errors
/// The database failed.
pub fn search(connection: &Connection, text: &str, limit: u32) -> Result<Vec<i64>, StoreError> {
    query::rows(connection, SEARCH, params![contains(text), limit], |row| row.get(0))
}

/// The next books after a number, in the order of numbers: a page of a walk over all of them.
///
/// # Errors
/// The database failed.
pub fn page_after(connection: &Connection, id: i64, limit: u32) -> Result<Vec<Book>, StoreError> {
    query::rows(connection, PAGE_AFTER, params![id, limit], book)
}

/// Sets a book's price; false when there is no such book.
///
/// # Errors
/// The database failed, or refused the price.
pub fn set_price(connection: &Connection, id: i64, price_cents: i64) -> Result<bool, StoreError> {
    Ok(query::change(connection, SET_PRICE, params![price_cents, id])? == 1)
}

/// Adds copies to a book's stock; false when there is no such book.
///
/// # Errors
/// The database failed, or the stock would fall below zero.
pub fn adjust_stock(connection: &Connection, id: i64, copies: i64) -> Result<bool, StoreError> {
    Ok(query::change(connection, ADJUST_STOCK, params![copies, id])? == 1)
}

/// Thirty-two hexadecimal digits nobody can guess, from `SQLite`'s generator.
///
/// # Errors
/// The database failed.
pub fn random_token(connection: &Connection) -> Result<String, StoreError> {
    Ok(query::first(connection, RANDOM_TOKEN, [], |row| row.get(0))?.unwrap_or_default())
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
