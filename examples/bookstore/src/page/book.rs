//! The page of one book.

use telemetry_core::span;

use super::Escaped;
use crate::db::Book;
use crate::instruments::{TEMPLATE_RENDER_DURATION, TEMPLATE_RENDERS};

/// The whole page.
#[span(name = "page.book", attrs(book.id = book.id))]
pub fn render(book: &Book) -> String {
    TEMPLATE_RENDERS.inc();
    let _timer = TEMPLATE_RENDER_DURATION.start_timer();
    let title = Escaped(&book.title);
    let author = Escaped(&book.author);
    let subject = Escaped(&book.subject);
    let (year, era) = if book.year < 0 { (-book.year, " BC") } else { (book.year, "") };
    let (euros, cents) = (book.price_cents / 100, book.price_cents % 100);
    let shelf = match book.stock {
        0 => "sold out".to_owned(),
        1 => "the last copy".to_owned(),
        copies => format!("{copies} copies"),
    };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title}</title></head>\n<body>\n\
         <h1>{title}</h1>\n<p>by {author}, {year}{era}</p>\n\
         <p data-subject=\"{subject}\">{euros}.{cents:02} €, {shelf}</p>\n\
         <p><a href=\"/books/{id}/related\">Related books</a></p>\n</body>\n</html>\n",
        id = book.id,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::shelf_book;

    #[test]
    fn a_hostile_title_stays_text() {
        let mut book = shelf_book(7);
        book.title = "</title><script>alert(1)</script>".into();
        book.subject = "\" onload=\"x".into();
        let page = render(&book);
        assert!(!page.contains("<script>"), "{page}");
        assert!(page.contains("data-subject=\"&quot; onload=&quot;x\""), "{page}");
    }

    #[test]
    fn price_year_and_stock_read_well() {
        let mut book = shelf_book(7);
        (book.price_cents, book.year, book.stock) = (1205, -700, 0);
        let page = render(&book);
        assert!(page.contains("12.05 €, sold out") && page.contains("700 BC"), "{page}");
    }
}
