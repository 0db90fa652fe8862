//! The tests of the macros stand in `tests/`, each file a crate of its own, as users' crates are.
#![forbid(unsafe_code)]
