//! The pages for people: small, complete, and safe whatever a book is called.

mod book;
mod escape;
mod home;

pub use book::render as book;
pub use escape::Escaped;
pub use home::render as home;
