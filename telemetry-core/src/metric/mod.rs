//! Instruments, their registry and their exposition.
//!
//! [`metric!`](crate::metric!) declares [`Counter`]s, [`Gauge`]s and [`Histogram`]s as statics. They show from the
//! first scrape on, at zero; updates never lock, allocate or panic, and do nothing until telemetry is enabled.
//!
//! | what | how |
//! |---|---|
//! | counters, histograms | a cell for each series and thread, written by that thread alone, summed when read |
//! | gauges | one slot a series, shared |
//! | labels of fixed sets ([`Label`]) | the series is found by index |
//! | string labels | the series is found in a hash table that is read without locks; [`Counter::series`] resolves it once |
//!
//! Memory: 8 bytes for each cell and each live thread that updates instruments, a counter series having one cell and a
//! histogram series two more than it has bounds, rounded up to eight. A thread's block reaches as far as the instruments it uses, rounded
//! up to a power of two. When a thread ends its cells are folded into one total, under the mutex readers hold, so no
//! counter falls; updates made while a thread is torn down after that go to the total directly. A cell that has an
//! [exemplar](snapshot::Exemplar) takes some 80 bytes more, in each store that has one.
//!
//! Instruments whose names are known only when the program runs, or whose series are to be removed again, are made by a
//! [registry](dynamic).
//!
//! Past its limit of series (1,000 unless declared otherwise) an instrument with string labels counts further label
//! sets together in one series, every label `_other` and `otel_metric_overflow="true"` beside them.
//!
//! # Examples
//! ```
//! use telemetry_core::{Label, metric};
//!
//! #[derive(Label)]
//! enum Outcome {
//!     Hit,
//!     NotFound,
//! }
//!
//! metric! {
//!     /// Books looked up, by outcome.
//!     pub static LOOKUPS: Counter = "library_lookups_total" { outcome: Outcome };
//!
//!     /// Time taken by queries, by statement.
//!     pub static QUERIES: Histogram = "library_query_seconds" { statement: str, cached: bool },
//!         buckets = [0.001, 0.01, 0.1], limit = 50;
//! }
//!
//! LOOKUPS.with(Outcome::NotFound).inc();
//! QUERIES.with(("select", true)).observe(0.02);
//! // The labels by name, and a series resolved once.
//! let select = QUERIES.series(QueriesLabels { cached: false, statement: "select" });
//! select.observe(0.03);
//!
//! assert_eq!(Outcome::VALUES, ["hit", "not_found"]);
//! assert_eq!(metric::check(), []);
//! ```

pub(crate) mod base2;
mod bucket_index;
pub(crate) mod buckets;
pub(crate) mod calls;
mod cells;
mod chain;
mod collect;
mod counter;
pub mod dynamic;
mod exemplar;
pub mod exposition;
mod gauge;
mod hash;
mod histogram;
pub(crate) mod instrument;
pub(crate) mod labels;
mod local;
pub mod manifest;
mod observed;
pub(crate) mod own;
mod pairs;
mod place;
pub mod process;
pub(crate) mod registry;
mod round;
pub(crate) mod rules;
mod sampler;
mod series;
pub mod snapshot;
mod store;
#[cfg(test)]
mod tests;
mod update;
pub(crate) mod view;

pub use buckets::{DEFAULT_BUCKETS, exponential, linear};
pub use collect::SeriesOverflow;
pub use counter::{Counter, CounterSeries, CounterWith};
pub(crate) use exemplar::{Moment, set_moment};
pub use gauge::{Gauge, GaugeHold, GaugeSeries, GaugeWith};
pub use histogram::{Histogram, HistogramSeries, HistogramTimer, HistogramWith};
pub use labels::{DEFAULT_SERIES_LIMIT, Label, LabelSet, OVERFLOW_LABEL, OVERFLOW_VALUE};
pub(crate) use local::{begin_anew, halt, switch};
pub use observed::{AlreadyFollowed, Following};
pub use registry::{RegistryConflict, check};
pub use sampler::{SamplerError, SamplerGuard, register_sampler};
pub(crate) use store::{GLOBAL, MetricStore};
