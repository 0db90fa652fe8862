//! metriken: const statics, and its sharded forms where two threads meet. It writes no text itself.

use metriken::{AtomicCounterHistogram, Counter, CounterFamily, Gauge, ShardedCounterGroup, metric};
use metriken::{CounterMember, ShardedCounterHistogram};

use super::contestants::{Counted, Instrument, gauge};
use super::{METHOD, ROUTE};
use crate::measure::{Contestant, Role};

const NAME: &str = "metriken";
const SHARDED: &str = "metriken sharded";
/// The histograms are log-linear and keep no sum.
const WITHOUT_SUM: &str = "metriken (no sum)";
const SHARDED_WITHOUT_SUM: &str = "metriken sharded (no sum)";
/// Each power of two is eight buckets.
const GROUPING: u8 = 3;
/// Values are whole nanoseconds of 64 bits.
const LARGEST: u8 = 64;

#[metric(name = "peers_counter")]
static COUNTER: Counter = Counter::new();
#[metric(name = "peers_counters")]
static COUNTERS: ShardedCounterGroup = ShardedCounterGroup::new(1);
#[metric(name = "peers_by_route")]
static BY_ROUTE: CounterFamily = CounterFamily::new();
#[metric(name = "peers_gauge")]
static GAUGE: Gauge = Gauge::new();
#[metric(name = "peers_histogram")]
static HISTOGRAM: AtomicCounterHistogram = AtomicCounterHistogram::new(GROUPING, LARGEST);
#[metric(name = "peers_histogram_sharded")]
static SHARDED_HISTOGRAM: ShardedCounterHistogram = ShardedCounterHistogram::new(GROUPING, LARGEST);

pub(super) fn counter() -> Instrument {
    Instrument::counter(NAME, Role::Peer, || COUNTER.increment(), || COUNTER.value())
}

pub(super) fn counter_sharded() -> Instrument {
    Instrument::counter(
        SHARDED,
        Role::Peer,
        || COUNTERS.increment(0),
        || COUNTERS.value(0).unwrap_or_default(),
    )
}

pub(super) fn kept() -> Instrument {
    let kept: &CounterMember<'_> =
        Box::leak(Box::new(BY_ROUTE.member([("method", METHOD), ("route", ROUTE)])));
    Instrument::counter(NAME, Role::Peer, || kept.increment(), || kept.value())
}

pub(super) fn gauge_set() -> Contestant {
    gauge(NAME, Role::Peer, |value| GAUGE.set(value), || GAUGE.value() as f64)
}

fn nanos(seconds: f64) -> u64 {
    (seconds * 1e9) as u64
}

fn counted(histogram: Option<&metriken::histogram::Histogram>) -> Counted {
    Counted::total(histogram.map_or(0, |histogram| histogram.as_slice().iter().sum()))
}

pub(super) fn histogram() -> Instrument {
    Instrument::histogram(
        WITHOUT_SUM,
        Role::Peer,
        |value| HISTOGRAM.increment(nanos(value)).is_ok(),
        || counted(HISTOGRAM.load().as_ref()),
    )
}

pub(super) fn histogram_sharded() -> Instrument {
    Instrument::histogram(
        SHARDED_WITHOUT_SUM,
        Role::Peer,
        |value| SHARDED_HISTOGRAM.increment(nanos(value)).is_ok(),
        || counted(SHARDED_HISTOGRAM.load().as_ref()),
    )
}
