//! The guide, compiled: every block of Rust in a chapter, and in the repository's README, is a test of this crate.
//!
//! The chapters are the files beside this folder, to be read there; `tests/pages.rs` holds their links together.
#![forbid(unsafe_code)]

/// A module for each chapter, with the chapter as its documentation.
macro_rules! chapters {
    ($($name:ident = $file:literal;)+) => {$(
        #[cfg(doctest)]
        #[doc = include_str!(concat!("../", $file))]
        mod $name {}
    )+};
}

chapters! {
    start = "start.md";
    spans = "spans.md";
    metrics = "metrics.md";
    asynchronous = "async.md";
    http = "http.md";
    logs = "logs.md";
    sampling = "sampling.md";
    sinks = "sinks.md";
    looking = "looking.md";
    testing = "testing.md";
    production = "production.md";
    choosing = "choosing.md";
    errors = "errors.md";
    coming_from = "coming-from.md";
    readme = "../README.md";
}
