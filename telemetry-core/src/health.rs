//! How telemetry itself fares, as a report one can print.

use std::fmt::{self, Display};
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::drain::{DrainHealth, SinkHealth};
use crate::metric::RegistryConflict;
use crate::pipeline::{self, Accounting};

/// How the pipeline of the process fares: what [`Telemetry::health`](crate::Telemetry::health) and [`health()`] give.
///
/// Printed, it is a few lines for a person; [`to_json`](Self::to_json) has the same for a program. What is counted here
/// is also among the metrics, as `telemetry_*`; the last error of a sink and the times of the drain are only here.
/// Figures of one part agree with each other; between parts a span may be on its way.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use telemetry_core::sink::MemorySink;
/// use telemetry_core::{Telemetry, span};
///
/// #[span]
/// fn work() {}
///
/// let telemetry = Telemetry::builder().service_name("books").sink(MemorySink::new()).start()?;
/// work();
/// telemetry.drain_now(Duration::from_secs(5))?;
/// let health = telemetry.health();
/// assert_eq!((health.spans.taken, health.sinks[0].figures.delivered, health.lost()), (1, 1, 0));
/// assert!(health.to_string().starts_with("telemetry of books: running for "));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Health {
    /// `service.name`; none while no pipeline runs.
    pub service: Option<String>,
    /// Whether spans and instruments are recorded.
    pub is_enabled: bool,
    /// Where every span went.
    pub spans: Accounting,
    /// The ring.
    pub ring: RingHealth,
    /// The drain's worker; none while no pipeline runs.
    pub drain: Option<DrainHealth>,
    /// Every sink, in the order they were added.
    pub sinks: Vec<SinkHealth>,
    /// Declarations of instruments that clash; of each two the first one counts.
    pub conflicts: Vec<RegistryConflict>,
}

/// How the ring of spans fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RingHealth {
    /// Slots it has, or will have from the first span on; each takes 384 bytes.
    pub capacity: usize,
    /// Slots that are reserved, open or waiting for the drain.
    pub occupied: u64,
    /// Whether there is a ring: not before the first span, nor after its memory could not be had.
    pub is_operational: bool,
}

/// How the pipeline of the process fares just now, also while none runs.
///
/// ```
/// println!("{}", telemetry_core::health());
/// ```
pub fn health() -> Health {
    pipeline::health()
}

impl Health {
    /// Spans lost so far: those the ring dropped and those the sinks did. One that two sinks missed counts twice.
    pub fn lost(&self) -> u64 {
        self.spans.dropped() + self.sinks.iter().map(|sink| sink.figures.dropped_total()).sum::<u64>()
    }

    /// The report as a JSON object; lengths of time are in seconds.
    ///
    /// # Examples
    /// ```
    /// let report: serde_json::Value = serde_json::from_str(&telemetry_core::health().to_json())?;
    /// assert_eq!(report["ring"]["capacity"], 16_384);
    /// assert_eq!(report["drain"], serde_json::Value::Null);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn to_json(&self) -> String {
        let spans = &self.spans;
        json!({
            "service": self.service,
            "enabled": self.is_enabled,
            "lost": self.lost(),
            "spans": {
                "started": spans.started,
                "taken": spans.taken,
                "in_flight": spans.in_flight,
                "undecided": spans.undecided,
                "not_kept": spans.not_kept,
                "dropped": counts(spans.dropped_by_reason()),
                "late_writes": spans.late_writes,
            },
            "ring": {
                "capacity": self.ring.capacity,
                "occupied": self.ring.occupied,
                "operational": self.ring.is_operational,
            },
            "drain": self.drain.as_ref().map(drain_json),
            "sinks": self.sinks.iter().map(sink_json).collect::<Vec<_>>(),
            "conflicts": self.conflicts.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
        .to_string()
    }
}

fn drain_json(drain: &DrainHealth) -> Json {
    json!({
        "uptime": drain.uptime.as_secs_f64(),
        "interval": drain.interval.as_secs_f64(),
        "ticks": drain.ticks,
        "last_tick": drain.last_tick.as_secs_f64(),
        "longest_tick": drain.longest_tick.as_secs_f64(),
        "all_ticks": drain.all_ticks.as_secs_f64(),
        "since_last_tick": drain.since_last_tick.map(|since| since.as_secs_f64()),
    })
}

fn sink_json(sink: &SinkHealth) -> Json {
    let figures = &sink.figures;
    json!({
        "sink": figures.sink,
        "state": sink.state.as_str(),
        "taken": figures.taken,
        "delivered": figures.delivered,
        "dropped": counts(figures.dropped_by_reason()),
        "queued": figures.queued,
        "queued_batches": sink.queued_batches,
        "queue_capacity": sink.queue_capacity,
        "replaced_snapshots": figures.replaced_snapshots,
        "errors": figures.errors,
        "last_error": sink.last_error,
        "since_last_error": sink.since_last_error.map(|since| since.as_secs_f64()),
        "busy_for": sink.busy_for.map(|since| since.as_secs_f64()),
    })
}

fn counts(reasons: impl IntoIterator<Item = (&'static str, u64)>) -> Json {
    reasons
        .into_iter()
        .map(|(reason, count)| (reason.to_owned(), Json::from(count)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// The report in lines, the last one without its end.
impl Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { spans, ring, .. } = self;
        f.write_str("telemetry")?;
        if let Some(service) = &self.service {
            write!(f, " of {service}")?;
        }
        match &self.drain {
            Some(drain) => write!(f, ": running for {}", Short(drain.uptime))?,
            None => f.write_str(": not running")?,
        }
        f.write_str(if self.is_enabled { ", " } else { ", disabled, " })?;
        match self.lost() {
            0 => f.write_str("nothing lost")?,
            1 => f.write_str("1 span lost")?,
            lost => write!(f, "{lost} spans lost")?,
        }
        write!(f, "\n  spans  {} started = {} taken", spans.started, spans.taken)?;
        write!(f, " + {} in flight + {} dropped", spans.in_flight, spans.dropped())?;
        reasons(f, spans.dropped_by_reason())?;
        if spans.not_kept > 0 {
            write!(f, " + {} not kept", spans.not_kept)?;
        }
        if spans.undecided > 0 {
            write!(f, "; of those in flight {} undecided", spans.undecided)?;
        }
        if spans.late_writes > 0 {
            write!(f, "; {} writes came late", spans.late_writes)?;
        }
        write!(f, "\n  ring   {} slots, ", ring.capacity)?;
        if ring.is_operational {
            let percent = ring.occupied as f64 * 100.0 / ring.capacity as f64;
            write!(f, "{} occupied ({percent:.1} %)", ring.occupied)?;
        } else {
            f.write_str("not allocated")?;
        }
        if let Some(drain) = &self.drain {
            write!(f, "\n  drain  every {}, {} ticks", Short(drain.interval), drain.ticks)?;
            if let Some(since) = drain.since_last_tick {
                write!(f, ", the last {} ago in {}", Short(since), Short(drain.last_tick))?;
                write!(f, ", the longest in {}", Short(drain.longest_tick))?;
            }
        }
        self.sinks.iter().try_for_each(|health| sink(f, health))?;
        self.conflicts.iter().try_for_each(|conflict| write!(f, "\n  clash  {conflict}"))
    }
}

fn sink(f: &mut fmt::Formatter<'_>, sink: &SinkHealth) -> fmt::Result {
    let figures = &sink.figures;
    write!(f, "\n  sink   {} ({}): {} taken", figures.sink, sink.state.as_str(), figures.taken)?;
    write!(f, " = {} delivered + {} dropped", figures.delivered, figures.dropped_total())?;
    reasons(f, figures.dropped_by_reason())?;
    write!(f, " + {} queued", figures.queued)?;
    write!(f, "; {} of {} batches wait", sink.queued_batches, sink.queue_capacity)?;
    if let Some(busy) = sink.busy_for {
        write!(f, "; busy for {}", Short(busy))?;
    }
    if let (Some(error), Some(since)) = (&sink.last_error, sink.since_last_error) {
        let s = if figures.errors == 1 { "" } else { "s" };
        write!(f, "\n         {} error{s}; the last fault {} ago: {error}", figures.errors, Short(since))?;
    }
    Ok(())
}

/// The reasons that occurred, in brackets.
fn reasons(
    f: &mut fmt::Formatter<'_>,
    reasons: impl IntoIterator<Item = (&'static str, u64)>,
) -> fmt::Result {
    let seen: Vec<_> = reasons
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(reason, count)| format!("{reason} {count}"))
        .collect();
    if seen.is_empty() { Ok(()) } else { write!(f, " ({})", seen.join(", ")) }
}

/// A length of time with at most two decimals.
struct Short(Duration);

impl Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whole lengths of time, such as an interval, have none.
        if self.0.subsec_nanos() == 0 { write!(f, "{:?}", self.0) } else { write!(f, "{:.2?}", self.0) }
    }
}
