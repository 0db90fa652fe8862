//! Every form of a declaration, under the strictest lints and without unsafe code.
#![forbid(unsafe_code)]
#![deny(warnings, clippy::all, clippy::pedantic, clippy::nursery, missing_docs, unreachable_pub, unused_qualifications)]
#![deny(single_use_lifetimes, elided_lifetimes_in_paths, trivial_casts, unused_results, missing_debug_implementations)]

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use telemetry_core::metric::{CounterSeries, exponential, linear};
use telemetry_core::testing::Scope;
use telemetry_core::{Label, metric};

#[derive(Clone, Copy, Debug, Label)]
enum Method {
    Get,
    Post,
}

const FINE: [f64; 3] = linear(0.1, 0.1);
const SLICE: &[f64] = &[1.0, 2.0];
const NAME: &str = "waited_seconds_total";

metric! {
    /// Jobs done.
    static JOBS: Counter = "jobs_total";

    /// Requests answered.
    ///
    /// By method.
    static REQUESTS: Counter = "requests_total" { method: Method, ok: bool };

    /// Hits by name.
    static HITS: Counter = "hits_total" { r#type: &str, method: Method, other: str }, limit = 20;

    /// One label.
    static QUEUED: Gauge = "queued_jobs" { queue: str };

    /// Memory.
    static MEMORY: Gauge = "memory_bytes", unit = "bytes";

    /// Literal buckets.
    static LITERAL: Histogram = "literal_seconds", buckets = [0.1, 1, 1e3], unit = "seconds";

    /// Constant buckets.
    static CONSTANT: Histogram = "constant_seconds", buckets = FINE;

    /// Buckets in a slice.
    static SLICED: Histogram = "sliced_seconds" { method: Method }, buckets = SLICE;

    /// Computed buckets.
    static COMPUTED: Histogram = "computed_seconds", buckets = exponential::<8>(0.001, 2.0);

    /// A constant name.
    static NAMED: Counter = NAME;

    /// A computed name, which ends in its unit.
    static JOINED: Histogram = concat!("joined", "_pages"), unit = "pages";

    #[doc = concat!("Computed ", "help.")]
    static HELPED: Gauge = "helped_bytes";

    /// Not compiled.
    #[cfg(any())]
    static NOWHERE: Counter = "nowhere_total" { missing: Missing };

    /// No semicolon at the end.
    static LAST: Gauge = "last_value"
}

mod inner {
    telemetry_core::metric! {
        /// Seen from outside.
        pub(crate) static VISIBLE: Counter = "visible_total" { ok: bool };
    }
}

fn main() {
    JOBS.inc();
    REQUESTS.with((Method::Get, true)).inc();
    REQUESTS.with(RequestsLabels { ok: false, method: Method::Post }).add(2);
    let kept: CounterSeries = REQUESTS.series((Method::Get, false));
    kept.inc();
    let name = String::from("a");
    HITS.with((&name, Method::Get, "b")).inc();
    HITS.with(HitsLabels { r#type: &name, method: Method::Get, other: "c" }).inc();
    QUEUED.with("mail").set(1.0);
    QUEUED.with(&name).inc();
    QUEUED.with(&Cow::Borrowed("x")).dec();
    QUEUED.with(&Arc::<str>::from("y")).dec();
    MEMORY.set(1.0);
    drop(LITERAL.start_timer());
    CONSTANT.observe_duration(Duration::from_millis(1));
    SLICED.with(Method::Get).observe(1.0);
    COMPUTED.observe(0.5);
    LAST.add(1.0);
    inner::VISIBLE.with(true).inc();

    // Inside a function too.
    metric! {
        /// Local.
        static LOCAL: Counter = "local_total" { ok: bool };
    }
    LOCAL.with(false).inc();

    assert_eq!(metric::check(), []);
    let metrics = Scope::new().metrics();
    let described = |name: &str| {
        let family = metrics.families.iter().find(|family| family.name == name).unwrap();
        (family.help.to_string(), family.unit.clone().unwrap_or_default().to_string())
    };
    assert_eq!(described("waited_seconds_total"), ("A constant name.".into(), "seconds".into()));
    assert_eq!(described("joined_pages").1, "pages");
    assert_eq!(described("helped_bytes"), ("Computed help.".into(), "bytes".into()));
    NAMED.inc();
    JOINED.observe(1.0);
    HELPED.inc();
}
