//! The front page.

use std::fmt::Write;

use telemetry_core::span;

use super::Escaped;
use crate::db::Book;
use crate::instruments::{TEMPLATE_RENDER_DURATION, TEMPLATE_RENDERS};

/// The whole page, with these books on it.
#[span(name = "page.home", attrs(books = books.len()))]
pub fn render(books: &[Book]) -> String {
    TEMPLATE_RENDERS.inc();
    let _timer = TEMPLATE_RENDER_DURATION.start_timer();
    let mut page = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Bookstore</title></head>\n<body>\n\
         <h1>Bookstore</h1>\n<form action=\"/search\"><input name=\"q\"> <button>Search</button></form>\n<ul>\n",
    );
    for book in books {
        let (title, author) = (Escaped(&book.title), Escaped(&book.author));
        // Writing to a string does not fail.
        let _ = writeln!(page, "<li><a href=\"/books/{}/page\">{title}</a>, {author}</li>", book.id);
    }
    page.push_str("</ul>\n</body>\n</html>\n");
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::shelf_book;

    #[test]
    fn every_book_is_linked_and_escaped() {
        let mut second = shelf_book(2);
        second.title = "Us & <Them>".into();
        let page = render(&[shelf_book(1), second]);
        assert!(page.contains("<a href=\"/books/1/page\">Book 1</a>"));
        assert!(page.contains("<a href=\"/books/2/page\">Us &amp; &lt;Them&gt;</a>"));
    }
}
