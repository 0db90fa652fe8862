//! Instruments: what every metrics library is asked to do, one file a library.

pub(crate) mod cases;
mod contestants;
mod exposition;
mod fastmetrics;
mod limits;
mod limits_table;
mod limits_text;
mod measured;
pub(crate) mod metrics_rs;
mod metriken;
mod opentelemetry;
mod ours;
mod prometheus;
mod prometheus_client;

/// The method every request of the cases has. Known when the program is compiled, as methods are, so that no library
/// has to copy it.
const METHOD: &str = "GET";
/// Its route: a template, known when the program is compiled.
const ROUTE: &str = "/books/{id}";

/// What a library's text is to show: series of a counter with two labels, and of a histogram with one.
const COUNTERS: usize = 1_000;
const HISTOGRAMS: usize = 100;
/// Observations in each of those histograms.
const OBSERVED: usize = 100;

/// The total of a counter of the text: long enough numbers, each another.
const fn total(number: usize) -> u64 {
    number as u64 * 7_919
}
