//! Calls of traced functions, counted and timed: what `metrics` asks for.
//!
//! All functions share two metrics, each under its span's name: one dashboard and one alert serve them all.
//!
//! | metric | is |
//! |---|---|
//! | `function_calls_total{span_name, outcome}` | calls that have ended: `ok`, `error`, `panic` or `cancelled` |
//! | `function_duration_seconds{span_name}` | how long they took, 16 buckets from 100 µs to 10 s |
//!
//! The name of a span is the label `span_name`, as in the metrics that an OpenTelemetry collector makes of spans; those
//! know sampled spans only. Every linked function shows at zero from the first scrape on, as instruments of `metric!` do.
//! Beyond 2,000 functions the rest is counted together, see [`OVERFLOW_LABEL`](super::OVERFLOW_LABEL).

use std::fmt;
use std::sync::OnceLock;

use linkme::distributed_slice;

use super::counter::{Counter, CounterSeries};
use super::hash::Digest;
use super::histogram::{Histogram, HistogramSeries};
use super::instrument::{Core, Declared, OFF};
use super::labels::LabelSet;
use super::store::MetricStore;

/// The functions that are measured, put together by the linker.
#[doc(hidden)]
#[distributed_slice]
pub static CALLS: [&'static Calls];

/// Functions that have series of their own.
const MAX_FUNCTIONS: usize = 2_000;

/// Upper bounds in seconds: three or four to a power of ten.
static BOUNDS: [f64; 16] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

static COUNTS: Counter<CountLabels> = Counter::new(Declared {
    name: "function_calls_total",
    help: "Calls of traced functions that have ended, by the name of their span and by outcome.",
    unit: None,
    crate_name: env!("CARGO_PKG_NAME"),
    crate_version: env!("CARGO_PKG_VERSION"),
});

static DURATIONS: Histogram<DurationLabels> = Histogram::new(
    Declared {
        name: "function_duration_seconds",
        help: "How long calls of traced functions took, by the name of their span.",
        unit: Some("seconds"),
        crate_name: env!("CARGO_PKG_NAME"),
        crate_version: env!("CARGO_PKG_VERSION"),
    },
    &BOUNDS,
);

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallOutcome {
    /// It returned, and no error.
    Ok,
    /// It returned an error.
    Error,
    /// It panicked.
    Panic,
    /// Its future was dropped before it was ready.
    Cancelled,
}

impl CallOutcome {
    const ALL: [Self; 4] = [Self::Ok, Self::Error, Self::Panic, Self::Cancelled];

    const fn text(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Panic => "panic",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The calls of one function.
///
/// An update finds its series by two loads, once the first one has looked them up.
pub struct Calls {
    name: &'static str,
    series: OnceLock<Series>,
}

/// The series of one function.
#[derive(Clone, Copy)]
struct Series {
    /// By outcome, in their order.
    counts: [CounterSeries; CallOutcome::ALL.len()],
    durations: HistogramSeries,
}

impl Calls {
    /// Those of the function whose span has this name.
    pub const fn new(name: &'static str) -> Self {
        Self { name, series: OnceLock::new() }
    }

    /// Whether calls are counted: where metrics are off, nobody need look at the clock.
    #[inline(always)]
    pub(crate) fn are_counted() -> bool {
        DURATIONS.core().gate() != OFF
    }

    /// Counts a call that has ended.
    pub(crate) fn count(&'static self, outcome: CallOutcome, nanos: u64) {
        let Series { counts, durations } = self.series();
        counts[outcome as usize].inc();
        durations.observe(nanos as f64 * 1e-9);
    }

    #[inline]
    fn series(&'static self) -> Series {
        self.series.get().copied().unwrap_or_else(|| self.find())
    }

    #[cold]
    fn find(&'static self) -> Series {
        let series = Series {
            counts: CallOutcome::ALL.map(|outcome| COUNTS.series([self.name, outcome.text()])),
            durations: DURATIONS.series([self.name]),
        };
        // Inside the slow path of another update there is nothing to be found, and that is not to be kept.
        if series.counts.iter().all(|count| count.is_somewhere()) && series.durations.is_somewhere() {
            let _ = self.series.set(series);
        }
        series
    }
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calls").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The instruments that measured functions need: none where no function is measured.
pub(super) fn declared() -> impl Iterator<Item = &'static Core> {
    [COUNTS.core(), DURATIONS.core()].into_iter().filter(|_| !CALLS.is_empty())
}

/// Makes the series of every linked function, so that they show before the first call.
pub(super) fn show(store: &'static MetricStore) {
    let add = |core, texts: &[&str]| {
        let digests: Vec<Digest> = texts.iter().map(|text| Digest::of(text)).collect();
        let _ = store.add_series(core, &digests, texts);
    };
    for calls in CALLS {
        for outcome in CallOutcome::ALL {
            add(COUNTS.core(), &[calls.name, outcome.text()]);
        }
        add(DURATIONS.core(), &[calls.name]);
    }
}

/// `span_name`, `outcome`.
enum CountLabels {}

impl LabelSet for CountLabels {
    type Values<'a> = [&'a str; 2];
    type Texts<'v> = [&'v str; 2];
    const NAMES: &'static [&'static str] = &["span_name", "outcome"];
    const VALUES: &'static [&'static [&'static str]] = &[&[], &[]];
    const ENUMERATED: bool = false;
    const LIMIT: usize = MAX_FUNCTIONS * CallOutcome::ALL.len();

    fn index(_: &[&str; 2]) -> usize {
        0
    }

    fn texts<'v>(values: &'v [&str; 2]) -> [&'v str; 2] {
        *values
    }
}

/// `span_name`.
enum DurationLabels {}

impl LabelSet for DurationLabels {
    type Values<'a> = [&'a str; 1];
    type Texts<'v> = [&'v str; 1];
    const NAMES: &'static [&'static str] = &["span_name"];
    const VALUES: &'static [&'static [&'static str]] = &[&[]];
    const ENUMERATED: bool = false;
    const LIMIT: usize = MAX_FUNCTIONS;

    fn index(_: &[&str; 1]) -> usize {
        0
    }

    fn texts<'v>(values: &'v [&str; 1]) -> [&'v str; 1] {
        *values
    }
}
