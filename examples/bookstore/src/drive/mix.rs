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
    // Seven has no factor in common with 48, so every book has its turn.
    let book = (number * 7) % BOOKS + 1;
    let subject = SUBJECTS[(round as usize + number as usize) % SUBJECTS.len()];
    match number % 20 {
        0 => get("/"),
        1 => get(&format!("/books?page={}&sort=title", round % 5)),
        2 | 14 => get(&format!("/books/{book}")),
        3 | 17 => get(&format!("/books/{book}/page")),
        4 => get(&format!("/search?q={subject}")),
        5 => post("/orders", "reader-key", Token::Right, format!("{{\"book_id\":{book},\"quantity\":1}}")),
        6 => get("/books/9999"),
        7 => get(&format!("/books/{book}/related")),
        8 => Ask { key: Some("trial-key"), ..get(&format!("/search?q={subject}")) },
        9 => get("/export/books"),
        10 => get("/reports/royalties"),
        11 => Ask { key: None, ..post("/orders", "", Token::Right, "{}".to_owned()) },
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
    Ask {
        method: Method::GET,
        path: path.to_owned(),
        key: Some("reader-key"),
        token: Token::None,
        body: None,
    }
}

fn post(path: &str, key: &'static str, token: Token, body: String) -> Ask {
    Ask { method: Method::POST, path: path.to_owned(), key: Some(key), token, body: Some(body) }
}
