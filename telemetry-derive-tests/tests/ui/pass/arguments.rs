//! Every argument of the attributes.
use telemetry_core::{span, trace};

const NAME: &str = "books.load";

mod names {
    pub static LOAD: &str = "books.load";
}

#[trace(name = "books.load", kind = client, root, err = off, attrs(), crate = telemetry_core)]
fn literal() -> Result<(), String> {
    Ok(())
}

#[trace(name = NAME, kind = internal,)]
fn constant() {}

#[trace(name = names::LOAD, kind = producer)]
fn path() {}

#[trace(type = names::Shelf, kind = consumer)]
fn of_type() {}

#[span(err = String::as_str, kind = server)]
fn mapped() -> Result<(), String> {
    Ok(())
}

#[span()]
fn empty() {}

fn main() {
    literal().unwrap();
    constant();
    path();
    of_type();
    mapped().unwrap();
    empty();
}
