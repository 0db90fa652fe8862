//! The rows this crate adds to the table of settings: every `OTEL_EXPORTER_OTLP_*` variable and a few of our own.
//!
//! What is named after a signal comes before what is for all, within a tier; a higher tier comes before both.

use std::time::Duration;

use telemetry_core::settings::{
    DefaultValue, Environment, Equivalent, Kind, Mapping, Reading, Setting, SettingValue,
};

use crate::endpoint;

const PROTOCOLS: &[&str] = &["grpc", "http/protobuf", "http/json"];
const COMPRESSIONS: &[&str] = &["gzip", "none"];
const TEMPORALITIES: &[&str] = &["cumulative", "delta", "lowmemory"];
const HEADERS_FORM: &str = "name=value pairs separated by commas, percent-encoded, each name and value as HTTP \
                            headers may have them, and no name that is the exporter's own (content-type, \
                            content-length, transfer-encoding and the like)";
/// Headers by which the exporter frames its requests: another value would break every one of them.
const OWN_HEADERS: &[&str] = &[
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
const TIMEOUT: Kind = Kind::Duration { min: Duration::from_millis(1), max: Duration::from_secs(3600) };
/// The same in the standard's milliseconds, and those of the interval between metrics.
const TIMEOUT_MILLIS: Millis = Millis { min: 1, accepted: "an integer from 1 to 3600000, in milliseconds" };
const INTERVAL_MILLIS: Millis = Millis { min: 0, accepted: "an integer from 0 to 3600000, in milliseconds" };
const PATH: Kind = Kind::Text;

/// Three rows: a setting for all signals, and one for each of them, which comes before it.
macro_rules! rows {
    ($name:literal, $kind:expr, $default:expr, $meaning:literal $(, $finish:ident)?) => {
        [
            row!("", $name, $kind, concat!($meaning, "."), $default $(, $finish)?),
            row!("TRACES_", $name, $kind, concat!($meaning, ", for traces."), FOR_ALL $(, $finish)?),
            row!("METRICS_", $name, $kind, concat!($meaning, ", for metrics."), FOR_ALL $(, $finish)?),
        ]
    };
}

macro_rules! row {
    ($signal:literal, $name:literal, $kind:expr, $meaning:expr, $default:expr) => {
        Setting::new(concat!("OTLP_", $signal, $name), $kind, $meaning)
            .default($default)
            .equivalents(&[Equivalent::Same(concat!("OTEL_EXPORTER_OTLP_", $signal, $name))])
    };
    ($signal:literal, $name:literal, $kind:expr, $meaning:expr, $default:expr, secret) => {
        row!($signal, $name, $kind, $meaning, $default).secret()
    };
    ($signal:literal, $name:literal, $kind:expr, $meaning:expr, $default:expr, milliseconds) => {
        row!($signal, $name, $kind, $meaning, $default).equivalents(&[Equivalent::Mapped(Mapping {
            variables: &[concat!("OTEL_EXPORTER_OTLP_", $signal, $name)],
            meaning: "an integer, in milliseconds",
            read: |environment| {
                milliseconds(environment, concat!("OTEL_EXPORTER_OTLP_", $signal, $name), &TIMEOUT_MILLIS)
            },
        })])
    };
}

const FOR_ALL: DefaultValue = DefaultValue::Unset("that for all signals");

const ENDPOINT: [Setting; 3] = [
    row!(
        "",
        "ENDPOINT",
        Kind::Checked { accepted: endpoint::ACCEPTED, check: endpoint::is_accepted },
        "Where the collector is. Over HTTP `v1/traces` and `v1/metrics` are appended to its path; for `grpc` the path \
         counts for nothing, and without a scheme `OTLP_INSECURE` decides.",
        DefaultValue::Unset("`http://localhost:4318`, or `http://localhost:4317` for `grpc`")
    ),
    row!(
        "TRACES_",
        "ENDPOINT",
        Kind::Checked { accepted: endpoint::ACCEPTED, check: endpoint::is_accepted },
        "Where traces go. Over HTTP the address is taken as it is, nothing is appended.",
        FOR_ALL
    ),
    row!(
        "METRICS_",
        "ENDPOINT",
        Kind::Checked { accepted: endpoint::ACCEPTED, check: endpoint::is_accepted },
        "Where metrics go. Over HTTP the address is taken as it is, nothing is appended.",
        FOR_ALL
    ),
];

const PROTOCOL: [Setting; 3] = rows!(
    "PROTOCOL",
    Kind::Choice(PROTOCOLS),
    DefaultValue::Fixed("http/protobuf"),
    "The transport and the encoding"
);
const HEADERS: [Setting; 3] = rows!(
    "HEADERS",
    Kind::CheckedAttributes { accepted: HEADERS_FORM, check: is_header },
    DefaultValue::Unset("none"),
    "Headers of every request, or metadata of every call",
    secret
);
const TIMEOUTS: [Setting; 3] = rows!(
    "TIMEOUT",
    TIMEOUT,
    DefaultValue::Fixed("10s"),
    "How long one attempt at a request may take",
    milliseconds
);
const COMPRESSION: [Setting; 3] = rows!(
    "COMPRESSION",
    Kind::Choice(COMPRESSIONS),
    DefaultValue::Fixed("none"),
    "How requests are compressed"
);
const INSECURE: [Setting; 3] = rows!(
    "INSECURE",
    Kind::Bool,
    DefaultValue::Fixed("false"),
    "Whether a `grpc` endpoint without a scheme is spoken to without TLS"
);
const CERTIFICATE: [Setting; 3] = rows!(
    "CERTIFICATE",
    PATH,
    DefaultValue::Unset("the roots of Mozilla's programme"),
    "A PEM file with the certificates to trust the collector by"
);
const CLIENT_KEY: [Setting; 3] = rows!(
    "CLIENT_KEY",
    PATH,
    DefaultValue::Unset("none"),
    "A PEM file with the key of the client, where the collector asks who it is"
);
const CLIENT_CERTIFICATE: [Setting; 3] = rows!(
    "CLIENT_CERTIFICATE",
    PATH,
    DefaultValue::Unset("none"),
    "A PEM file with the certificates of the client, its own first"
);

const OTHERS: [Setting; 6] = [
    Setting::new(
        "OTLP_METRICS_TEMPORALITY_PREFERENCE",
        Kind::Choice(TEMPORALITIES),
        "Since when counters and histograms count in a request: the start (`cumulative`) or the last request that was \
         taken (`delta`, `lowmemory`).",
    )
    .default(DefaultValue::Fixed("cumulative"))
    .equivalents(&[Equivalent::Same("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE")]),
    Setting::new(
        "OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
        Kind::Choice(&["explicit_bucket_histogram"]),
        "Histograms have the buckets they were declared with.",
    )
    .default(DefaultValue::Fixed("explicit_bucket_histogram"))
    .equivalents(&[Equivalent::Mapped(Mapping {
        variables: &[HISTOGRAMS],
        meaning: "`base2_exponential_bucket_histogram` has no counterpart and is left aside with a warning",
        read: histogram_aggregation,
    })]),
    Setting::new(
        "OTLP_METRICS_INTERVAL",
        Kind::Duration { min: Duration::ZERO, max: Duration::from_secs(3600) },
        "The shortest time between two requests with metrics; what a flush or the shutdown finds waiting is sent then.",
    )
    .default(DefaultValue::Fixed("0s"))
    .equivalents(&[Equivalent::Mapped(Mapping {
        variables: &[INTERVAL],
        meaning: "an integer, in milliseconds",
        read: |environment| milliseconds(environment, INTERVAL, &INTERVAL_MILLIS),
    })]),
    Setting::new(
        "OTLP_MAX_BATCH_SPANS",
        Kind::Integer { min: 1, max: 65_536, power_of_two: false },
        "The most spans in one request.",
    )
    .default(DefaultValue::Fixed("1024")),
    Setting::new(
        "OTLP_MAX_REQUEST_BYTES",
        Kind::Integer { min: 1024, max: 1 << 30, power_of_two: false },
        "The largest request, before compression; a larger one is sent in parts. A gRPC server takes 4 MiB unless told \
         otherwise.",
    )
    .default(DefaultValue::Fixed("4194304")),
    Setting::new(
        "OTLP_RETRY_TIME",
        Kind::Duration { min: Duration::ZERO, max: Duration::from_secs(3600) },
        "How long a request is tried again, from its first attempt on, before it is given up, one with metrics after \
         5 s at most; with 0 it is not.",
    )
    .default(DefaultValue::Fixed("60s")),
];

const HISTOGRAMS: &str = "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION";
const INTERVAL: &str = "OTEL_METRIC_EXPORT_INTERVAL";

/// Every row, as [`register`](crate::register) adds them to the table.
pub const SETTINGS: &[Setting] = &joined([
    ENDPOINT,
    PROTOCOL,
    HEADERS,
    TIMEOUTS,
    COMPRESSION,
    INSECURE,
    CERTIFICATE,
    CLIENT_KEY,
    CLIENT_CERTIFICATE,
]);

const fn joined<const GROUPS: usize>(groups: [[Setting; 3]; GROUPS]) -> [Setting; 33] {
    let mut all = [OTHERS[0]; 33];
    let mut at = 0;
    while at < GROUPS * 3 {
        all[at] = groups[at / 3][at % 3];
        at += 1;
    }
    while at < all.len() {
        all[at] = OTHERS[at - GROUPS * 3];
        at += 1;
    }
    all
}

/// Whether a pair can be a header: a token of RFC 9110 with a value of visible characters and blanks, and none of the
/// exporter's own.
fn is_header(name: &str, value: &str) -> bool {
    http::HeaderName::from_bytes(name.as_bytes()).is_ok_and(|name| !OWN_HEADERS.contains(&name.as_str()))
        && value.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'))
}

/// A range of lengths of time as the standard writes them, in whole milliseconds up to an hour.
struct Millis {
    min: u64,
    accepted: &'static str,
}

const HOUR_MILLIS: u64 = 3_600_000;

fn milliseconds(environment: &Environment, variable: &'static str, range: &Millis) -> Reading {
    let value = match environment.get(variable) {
        None => return Reading::Absent,
        Some(Ok(value)) => value.to_owned(),
        Some(Err(value)) => value,
    };
    match value.trim().parse() {
        Ok(millis) if (range.min..=HOUR_MILLIS).contains(&millis) => {
            Reading::Value { variable, value: SettingValue::Duration(Duration::from_millis(millis)) }
        }
        _ => Reading::Invalid { variable, value, accepted: range.accepted },
    }
}

fn histogram_aggregation(environment: &Environment) -> Reading {
    let variable = HISTOGRAMS;
    let value = match environment.get(variable) {
        None => return Reading::Absent,
        Some(Ok(value)) => value.to_owned(),
        Some(Err(value)) => value,
    };
    match value.trim().to_ascii_lowercase().as_str() {
        "explicit_bucket_histogram" => Reading::Absent,
        "base2_exponential_bucket_histogram" => Reading::NoCounterpart { variable, value },
        _ => Reading::Invalid {
            variable,
            value,
            accepted: "explicit_bucket_histogram or base2_exponential_bucket_histogram",
        },
    }
}
