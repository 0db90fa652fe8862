//! The fixed mix: twenty requests, over and over, each time about other books.

use http::Method;

const BOOKS: u32 = 48;
const SUBJECTS: [&str; 6] = ["sea", "crime", "future", "manners", "myth", "nature"];

/// A request to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Its method.
    pub method: Method,
    /// Its path and query.
    pub path: String,
    /// The API key to send.
    pub key: Option<&'static str>,
    /// Whether the token against forgery is sent, and if so whether the right one.
    pub token: Token,
    /// Its JSON body.
    pub body: Option<String>,
    /// Its `traceparent`.
    pub traceparent: Option<String>,
}

impl Ask {
    /// A request without a key, a token or a body.
    pub fn new(method: Method, path: &str) -> Self {
        Self { method, path: path.to_owned(), key: None, token: Token::None, body: None, traceparent: None }
    }

    /// A request for a page.
    pub fn get(path: &str) -> Self {
        Self::new(Method::GET, path)
    }

    /// The same request with a key.
    #[must_use]
    pub fn key(self, key: &'static str) -> Self {
        Self { key: Some(key), ..self }
    }

    /// The same request with a token.
    #[must_use]
    pub fn token(self, token: Token) -> Self {
        Self { token, ..self }
    }

    /// The same request as a part of a trace.
    #[must_use]
    pub fn traceparent(self, traceparent: &str) -> Self {
        Self { traceparent: Some(traceparent.to_owned()), ..self }
    }

    /// The same request with a JSON body.
    #[must_use]
    pub fn body(self, json: &str) -> Self {
        Self { body: Some(json.to_owned()), ..self }
    }
}

/// What to send as a token against forgery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// None.
    None,
    /// The one the server gave.
    Right,
    /// Another.
    Wrong,
}

/// The request with this number, from 0: always the same.
pub fn ask(number: u32) -> Ask {
    let round = number / 20;
    // Each round moves on by one book, so every book has its turn at every place of the mix.
    let book = (round + (number % 20) * 7) % BOOKS + 1;
    let subject = SUBJECTS[(round as usize + number as usize) % SUBJECTS.len()];
    match number % 20 {
        0 => get("/"),
        1 => get(&format!("/books?page={}&sort=title", round % 5)),
        2 => get(&format!("/books/{book}")),
        14 => get(&format!("/books/{book}/stock")),
        3 | 17 => get(&format!("/books/{book}/page")),
        4 => get(&format!("/search?q={subject}")),
        5 => post("/orders", "reader-key", Token::Right, format!("{{\"book_id\":{book},\"quantity\":1}}")),
        6 => get("/books/9999"),
        7 => get(&format!("/books/{book}/related")),
        8 => Ask { key: Some("trial-key"), ..get(&format!("/search?q={subject}")) },
        9 => get("/export/books"),
        10 => get("/reports/royalties"),
        11 => Ask::new(Method::POST, "/orders").token(Token::Right).body("{}"),
        12 => post("/orders", "reader-key", Token::Wrong, format!("{{\"book_id\":{book},\"quantity\":1}}")),
        13 => get("/books?sort=popularity"),
        15 => post("/orders", "trial-key", Token::Right, format!("{{\"book_id\":{book},\"quantity\":1}}")),
        16 => post(&restock(book), "keeper-key", Token::None, "{\"copies\":5}".to_owned()),
        18 => post(&restock(book), "reader-key", Token::None, "{\"copies\":5}".to_owned()),
        _ => get("/books/first"),
    }
}

fn restock(book: u32) -> String {
    format!("/admin/books/{book}/restock")
}

fn get(path: &str) -> Ask {
    Ask::get(path).key("reader-key")
}

fn post(path: &str, key: &'static str, token: Token, body: String) -> Ask {
    Ask { token, body: Some(body), ..Ask::new(Method::POST, path).key(key) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_same_number_asks_for_the_same_and_every_book_has_its_turn() {
        let all: Vec<Ask> = (0..2_000).map(ask).collect();
        assert_eq!(all, (0..2_000).map(ask).collect::<Vec<_>>());
        let paths: BTreeSet<&str> = all.iter().map(|ask| ask.path.as_str()).collect();
        for book in 1..=BOOKS {
            let read = paths.contains(format!("/books/{book}").as_str());
            let shown = paths.contains(format!("/books/{book}/page").as_str());
            assert!(read || shown, "nobody looks at book {book}");
        }
    }
}
