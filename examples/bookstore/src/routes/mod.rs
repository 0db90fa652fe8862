//! The handlers, one file for each thing a client wants.

pub mod admin;
pub mod browse;
pub mod csrf;
pub mod export;
pub mod orders;
pub mod pages;
pub mod related;
pub mod reports;
pub mod stock;
