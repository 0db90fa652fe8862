//! What filters let through, and what is refused as one.

use super::*;

fn filter(text: &str) -> Filter {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn message(text: &str) -> String {
    text.parse::<Filter>().expect_err(text).to_string()
}

#[test]
fn the_longest_path_decides_whatever_the_order() {
    for text in ["warn,bookstore=debug,bookstore::db=off", "bookstore::db=off,bookstore=debug,warn"] {
        let filter = filter(text);
        assert!(filter.allows("bookstore", "load", Level::Debug));
        assert!(filter.allows("bookstore::api::v1", "load", Level::Debug));
        assert!(!filter.allows("bookstore::api", "load", Level::Trace));
        assert!(!filter.allows("bookstore::db", "load", Level::Error));
        assert!(!filter.allows("bookstore::db::pool", "load", Level::Error));
        assert!(filter.allows("hyper", "load", Level::Warn));
        assert!(!filter.allows("hyper", "load", Level::Info));
    }
}

#[test]
fn what_no_directive_fits_is_off() {
    let filter = filter("bookstore=debug");
    assert!(!filter.allows("hyper", "load", Level::Error));
    assert!(!filter.allows("bookstores", "load", Level::Error), "a path fits whole segments");
    assert!(Filter::EVERYTHING.allows("hyper", "load", Level::Trace));
}

#[test]
fn a_bare_path_lets_everything_through_and_a_hyphen_is_an_underscore() {
    let filter = filter("my-shop::db, hyper");
    assert!(filter.allows("my_shop::db", "load", Level::Trace));
    assert!(filter.allows("hyper", "load", Level::Trace));
    assert!(!filter.allows("my_shop", "load", Level::Error));
}

#[test]
fn spans_are_chosen_by_name() {
    let filter = filter("off,[books.load]=debug,bookstore=info,bookstore[GET /a,b=c]=off,[every]");
    assert!(filter.allows("hyper", "books.load", Level::Debug));
    assert!(!filter.allows("hyper", "books.load", Level::Trace));
    assert!(!filter.allows("hyper", "books.store", Level::Error));
    assert!(filter.allows("bookstore", "books.load", Level::Debug), "the name decides");
    assert!(!filter.allows("bookstore", "books.store", Level::Debug));
    assert!(!filter.allows("bookstore", "GET /a,b=c", Level::Error));
    assert!(filter.allows("bookstore", "GET /a", Level::Info));
    assert!(filter.allows("hyper", "every", Level::Trace));
}

#[test]
fn the_later_of_two_alike_counts() {
    assert!(filter("off,debug").allows("any", "load", Level::Debug));
    let filter = filter("bookstore=off,bookstore[load]=info,bookstore=warn");
    assert!(filter.allows("bookstore", "store", Level::Warn));
    assert!(filter.allows("bookstore", "load", Level::Info));
}

#[test]
fn a_filter_shown_reads_back_as_the_same() {
    for text in ["off", "TRACE", "debug,bookstore=Off,[load]=warn,bookstore::db[load]=info", "my-shop"] {
        let filter = filter(text);
        assert_eq!(filter.to_string().parse(), Ok(filter.clone()), "{filter}");
    }
    assert_eq!(
        filter("bookstore::db=off,bookstore=debug,info").to_string(),
        "info,bookstore=debug,bookstore::db=off"
    );
}

#[test]
fn every_mistake_is_named_with_what_is_accepted() {
    assert_eq!(
        message("bookstore=debgu"),
        "\"debgu\" in \"bookstore=debgu\" is no level, did you mean debug?, expected off, error, warn, info, debug or trace"
    );
    assert_eq!(
        message("info,book store=warn"),
        "\"book store\" in \"book store=warn\" is no module path, expected names joined by `::`, such as bookstore::db"
    );
    assert_eq!(message("debug,"), format!("directive 2 is empty, expected {FORM}"));
    assert_eq!(
        message("[load=debug"),
        "the span in \"[load=debug\" is not written as [name], expected [span]=level or path[span]=level"
    );
    assert_eq!(
        message("a[load{id=7}]=debug"),
        "\"a[load{id=7}]=debug\" asks for attributes, and spans are filtered by path, name and level alone"
    );
    let refused = [
        "",
        " ",
        "a=",
        "=debug",
        "a=loud",
        "a:b=debug",
        "a::=debug",
        "::a",
        "a=b=c",
        "7=debug",
        "3",
        "a[]=info",
        "a[b]c",
        "a[b][c]=info",
        "a]b=info",
        "a[b]=",
        ",",
    ];
    for text in refused {
        assert!(text.parse::<Filter>().is_err(), "{text:?} is taken");
    }
}

#[test]
fn levels_are_words_in_any_case_and_ordered_by_importance() {
    assert_eq!("WARN".parse(), Ok(Level::Warn));
    assert_eq!(
        "debgu".parse::<Level>().unwrap_err().to_string(),
        "\"debgu\" is no level, did you mean debug?, expected error, warn, info, debug or trace"
    );
    assert!(Level::Error < Level::Warn && Level::Debug < Level::Trace);
    assert_eq!(Level::default(), Level::Info);
}
