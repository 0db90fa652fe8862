//! Every form of a label.
#![forbid(unsafe_code)]
#![deny(warnings, clippy::all, clippy::pedantic, clippy::nursery)]

use telemetry_core::Label;

#[derive(Label)]
enum Outcome {
    Hit,
    NotFound,
    #[label(rename = "gave up")]
    GaveUp,
    #[cfg(any())]
    Nowhere,
}

#[derive(Label)]
#[label(rename_all = "SCREAMING_SNAKE_CASE")]
enum Method {
    Get = 7,
    PatchAll = 3,
}

fn main() {
    assert_eq!(Outcome::VALUES, ["hit", "not_found", "gave up"]);
    assert_eq!([Outcome::Hit, Outcome::NotFound, Outcome::GaveUp].map(|outcome| outcome.index()), [0, 1, 2]);
    assert_eq!(Method::VALUES, ["GET", "PATCH_ALL"]);
    assert_eq!([Method::Get, Method::PatchAll].map(|method| method.index()), [0, 1]);
}
