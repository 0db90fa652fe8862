//! The settings of the core.

use std::time::Duration;

use super::kind::Kind;
use super::otel::{Equivalent, PROPAGATORS as OTEL_PROPAGATORS, SDK_DISABLED, TRACES_SAMPLER};
use super::table::{DefaultValue, Setting};
use crate::evidence::{DEFAULT_KEEP, MAX_KEEP};
use crate::metric::process::SUPPORTED;
use crate::propagate::PROPAGATORS;

/// The names a sink can be chosen by without registering one.
pub const SINKS: &[&str] = &["prometheus", "stdout", "memory", "tty", "auto", "chrome"];

/// The names of sinks that are not of the core: a program registers them with the integration they come with.
pub(super) const INTEGRATION_SINKS: &[&str] = &["sqlite", "otlp", "viewer"];

/// The rows, in the order of the documentation.
pub(super) const ROWS: &[Setting] = &[
    Setting::new("ENABLED", Kind::Bool, "Whether anything is recorded.")
        .default(DefaultValue::Fixed("false"))
        .equivalents(&[Equivalent::Mapped(SDK_DISABLED)]),
    Setting::new(
        "SERVICE_NAME",
        Kind::Text,
        "The name of the service, `service.name` of its resource. A `service.name` among the resource attributes \
         of a higher tier comes first.",
    )
    .default(DefaultValue::Computed { shown: "the executable's name", find: executable_name })
    .equivalents(&[Equivalent::Same("OTEL_SERVICE_NAME")]),
    Setting::new(
        "RESOURCE_ATTRIBUTES",
        Kind::Attributes,
        "What else is known of the service, on everything it sends.",
    )
    .equivalents(&[Equivalent::Same("OTEL_RESOURCE_ATTRIBUTES")]),
    Setting::new(
        "SAMPLE_RATIO",
        Kind::Float { min: 0.0, max: 1.0 },
        "The share of traces recorded among those that begin here; a trace that began elsewhere follows the \
         decision taken there.",
    )
    .default(DefaultValue::Fixed("0.01"))
    .equivalents(&[Equivalent::Mapped(TRACES_SAMPLER)]),
    Setting::new(
        "SAMPLE_MAX_PER_SECOND",
        Kind::Integer { min: 0, max: u16::MAX as i64, power_of_two: false },
        "The most traces recorded in any second, of those that begin here and that `SAMPLE_RATIO` would record; they may \
         come all at once.",
    )
    .default(DefaultValue::Unset("none: no limit")),
    Setting::new(
        "KEEP_FAILED",
        Kind::Bool,
        "Whether traces that the sampler does not want are kept where a span of them has failed; every trace is recorded \
         for that.",
    )
    .default(DefaultValue::Fixed("false")),
    Setting::new(
        "KEEP_SLOWER_THAN",
        Kind::Duration { min: Duration::from_micros(1), max: Duration::from_secs(3_600) },
        "From which duration of their local root on traces are kept that the sampler does not want; every trace is \
         recorded for that.",
    )
    .default(DefaultValue::Unset("none: slow ones are not kept")),
    Setting::new(
        "KEEP_MAX_SPANS",
        Kind::Integer { min: 1, max: 16_777_216, power_of_two: false },
        "How many spans of such traces wait for their local root to end, at about 1 KiB each.",
    )
    .default(DefaultValue::Fixed("16384")),
    Setting::new(
        "KEEP_MAX_AGE",
        Kind::Duration { min: Duration::from_millis(10), max: Duration::from_secs(3_600) },
        "How long such a trace waits for that at the most.",
    )
    .default(DefaultValue::Fixed("30s")),
    Setting::new(
        "DRAIN_INTERVAL",
        Kind::Duration { min: Duration::from_millis(10), max: Duration::from_secs(300) },
        "How often spans and metrics are handed to the sinks.",
    )
    .default(DefaultValue::Fixed("1s")),
    Setting::new(
        "EXTRACT_TRACEPARENT",
        Kind::Bool,
        "Whether a request's `traceparent` header is continued.",
    )
    .default(DefaultValue::Fixed("true")),
    Setting::new(
        "PROPAGATORS",
        Kind::Choices(PROPAGATORS),
        "By which headers contexts are read from requests and written to those that go out. Baggage of strangers goes on to \
         every host that is called.",
    )
    .default(DefaultValue::Fixed("tracecontext"))
    .equivalents(&[Equivalent::Mapped(OTEL_PROPAGATORS)]),
    Setting::new(
        "SEMCONV_STABILITY_OPT_IN",
        Kind::Text,
        "Which of OpenTelemetry's conventions that have become stable are followed, separated by commas: `http` for \
         the stable names of requests, `http/dup` for the old ones too. Others mean nothing here.",
    )
    .default(DefaultValue::Unset("none: the names before that"))
    .equivalents(&[Equivalent::Same("OTEL_SEMCONV_STABILITY_OPT_IN")]),
    Setting::new(
        "SINKS",
        Kind::Choices(SINKS),
        "Where spans and metrics go. A sink registered by the program under a name can be chosen too; `sqlite`, \
         `otlp` and `viewer` come with integrations, to be registered under those names.",
    )
    .default(DefaultValue::Fixed("prometheus")),
    Setting::new(
        "CHROME_PATH",
        Kind::Text,
        "The trace file that the sink `chrome` makes, for Perfetto and `chrome://tracing`.",
    )
    .default(DefaultValue::Fixed("trace.json")),
    Setting::new(
        "SPAN_RING_CAPACITY",
        Kind::Integer { min: 256, max: 16_777_216, power_of_two: true },
        "How many spans fit between two drains, at 384 bytes each.",
    )
    .default(DefaultValue::Fixed("16384")),
    Setting::new(
        "AUTO_LOG_CORRELATION",
        Kind::Bool,
        "Whether log lines written inside a span carry its identifiers, by the integrations for `tracing` and `log`.",
    )
    .default(DefaultValue::Fixed("true")),
    Setting::new(
        "PROCESS_METRICS",
        Kind::Bool,
        "Whether the process's own figures (`process_cpu_seconds_total`, memory, file descriptors, threads) are among the \
         metrics.",
    )
    .default(DefaultValue::Computed { shown: "`true` on Linux, else `false`", find: has_process_metrics }),
    Setting::new(
        "FILTER",
        Kind::Filter,
        "Which call sites record, as in `info,bookstore=debug,bookstore::db=off`; what no directive fits is off.",
    )
    .default(DefaultValue::Unset("none: everything records")),
    Setting::new(
        "CRASH_EVIDENCE_DIRECTORY",
        Kind::Text,
        "Where the process leaves what it was doing when it dies, as `docs/crash-evidence.md` describes.",
    )
    .default(DefaultValue::Unset("none: nothing is left")),
    Setting::new(
        "CRASH_EVIDENCE_RING_IN_FILE",
        Kind::Bool,
        "Whether the span ring lies in that file, so that it survives `kill -9` too.",
    )
    .default(DefaultValue::Fixed("true")),
    Setting::new(
        "CRASH_EVIDENCE_SIGNALS",
        Kind::Bool,
        "Whether handlers for `SIGSEGV`, `SIGABRT` and their like are put in, to note what the process dies of.",
    )
    .default(DefaultValue::Fixed("false")),
    Setting::new(
        "CRASH_EVIDENCE_KEEP",
        Kind::Integer { min: 1, max: MAX_KEEP as i64, power_of_two: false },
        "How many crashes and reports of panics are kept in that directory; the oldest go first.",
    )
    .default(DefaultValue::Fixed("10")),
];

const _: () = assert!(DEFAULT_KEEP == 10);

fn has_process_metrics() -> String {
    SUPPORTED.to_string()
}

/// The executable's name without its extension, or `unknown_service` where the system does not tell.
fn executable_name() -> String {
    std::env::current_exe()
        .ok()
        .and_then(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .filter(|name| !name.trim().is_empty())
        .unwrap_or_else(|| "unknown_service".to_owned())
}
