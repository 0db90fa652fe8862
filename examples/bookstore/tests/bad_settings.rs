//! What is said of more than a hundred bad settings: each message stands in `bad_settings.txt`, to be read.
//!
//! The bookstore looks, because it has the settings of all integrations.

use std::path::Path;

use telemetry_core::settings::{Environment, Resolver, SettingValue};
use telemetry_otlp::OtlpSink;
use telemetry_sqlite::SqliteSink;

/// A variable and values of it that are refused, each by itself.
const BAD: &[(&str, &[&str])] = &[
    ("TELEMETRY_ENABLED", &["maybe", "2", "tru", "enabled"]),
    ("TELEMETRY_SERVICE_NAME", &["  "]),
    ("TELEMETRY_RESOURCE_ATTRIBUTES", &["team", "=books", "team=books,", "team=%zz", "team=%"]),
    ("TELEMETRY_SAMPLE_RATIO", &["1.01", "-0.1", "NaN", "inf", "50%", "1/100", "0,5", "half"]),
    ("TELEMETRY_SAMPLE_MAX_PER_SECOND", &["-1", "65536", "ten", "10/s"]),
    ("TELEMETRY_KEEP_FAILED", &["errors"]),
    ("TELEMETRY_KEEP_SLOWER_THAN", &["0", "2h", "slow"]),
    ("TELEMETRY_KEEP_MAX_SPANS", &["0", "16k"]),
    ("TELEMETRY_KEEP_MAX_AGE", &["1ms", "never"]),
    ("TELEMETRY_DRAIN_INTERVAL", &["9ms", "0", "301", "6m", "-1s", "5 parsecs", "1s500ms", "NaN", "s"]),
    ("TELEMETRY_EXTRACT_TRACEPARENT", &["sometimes"]),
    ("TELEMETRY_PROPAGATORS", &["jaeger", "b3,b3", "tracecontex", "b3 multi", ","]),
    ("OTEL_PROPAGATORS", &["w3c", "tracecontext,,b3"]),
    (
        "TELEMETRY_SINKS",
        &["stdot", "Stdout", "prometheus,", "tty,,stdout", "tty,tty", "promethius", "kafka", ","],
    ),
    ("TELEMETRY_CHROME_PATH", &[" "]),
    (
        "TELEMETRY_SPAN_RING_CAPACITY",
        &["1023", "0", "128", "33554432", "-256", "1e4", "16k", "16384.0", "many"],
    ),
    ("TELEMETRY_AUTO_LOG_CORRELATION", &["t"]),
    ("TELEMETRY_PROCESS_METRICS", &["some"]),
    ("TELEMETRY_FILTER", &["bookstore=loud", "bookstore=debgu", "[=info", "a=b=c", "books tore=info", ","]),
    ("OTEL_SDK_DISABLED", &["yes", "1"]),
    ("OTEL_SERVICE_NAME", &["\t"]),
    ("OTEL_RESOURCE_ATTRIBUTES", &["service.name"]),
    ("OTEL_TRACES_SAMPLER", &["sometimes", "parentbased_", "always", "traceidratio,0.1"]),
    (
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        &[
            "collector:port",
            "ftp://collector",
            "http://",
            "://collector",
            "htp://collector:4318",
            "http://user:secret@collector",
            "http://collector:0",
            "http://collector:70000",
            "http://collector:",
            "http://col lector",
            "http://collector?key=1",
            "http://collector#here",
            "unix:///run/collector.sock",
            "http:///v1/traces",
            " ",
        ],
    ),
    ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &["grpc://collector:4317", "/v1/traces"]),
    ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", &["http://collector:99999/v1/metrics"]),
    ("TELEMETRY_OTLP_ENDPOINT", &["http://[::1"]),
    (
        "OTEL_EXPORTER_OTLP_PROTOCOL",
        &["http", "http/protobuff", "htpp/json", "protobuf", "grpc,http/json", "thrift"],
    ),
    ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", &["gprc"]),
    (
        "OTEL_EXPORTER_OTLP_HEADERS",
        &[
            "authorization",
            "=secret",
            "a b=secret",
            "a=secret,",
            "a=%zz",
            "a=secret%0d%0ab",
            "é=secret",
            "a=%c3%a9",
            "a:b=secret",
            "authorization: Bearer secret",
            "Content-Length=3",
        ],
    ),
    ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", &["api-key"]),
    ("OTEL_EXPORTER_OTLP_TIMEOUT", &["ten", "10s", "-1", "1.5", "0", "99999999999", "18446744073709551616"]),
    ("TELEMETRY_OTLP_TIMEOUT", &["0", "2h", "10 seconds"]),
    ("OTEL_EXPORTER_OTLP_COMPRESSION", &["zstd", "gzp", "true"]),
    ("OTEL_EXPORTER_OTLP_INSECURE", &["maybe"]),
    ("OTEL_EXPORTER_OTLP_CERTIFICATE", &["  "]),
    ("OTEL_EXPORTER_OTLP_CLIENT_KEY", &["\t"]),
    ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", &["sum", "detla"]),
    ("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", &["summary"]),
    ("OTEL_METRIC_EXPORT_INTERVAL", &["1m", "-5"]),
    ("TELEMETRY_OTLP_METRICS_INTERVAL", &["2h"]),
    ("TELEMETRY_OTLP_MAX_BATCH_SPANS", &["0", "65537", "1k"]),
    ("TELEMETRY_OTLP_MAX_REQUEST_BYTES", &["1000", "4MiB"]),
    ("TELEMETRY_OTLP_RETRY_TIME", &["-1s", "a while"]),
    ("TELEMETRY_SQLITE_PATH", &[" ", "/no/such/folder/telemetry.sqlite", "/", "Cargo.toml"]),
    ("TELEMETRY_SQLITE_MAX_AGE", &["1m", "7d", "-1h", "week"]),
    ("TELEMETRY_SQLITE_MAX_BYTES", &["1000", "1GiB", "-1"]),
    ("TELEMETRY_VIEWER_ADDRESS", &["4381", "localhost:4381", "127.0.0.1", "http://127.0.0.1:4381"]),
    ("TELEMETRY_VIEWER_ALLOW_ANY_PEER", &["local"]),
    ("TELEMETRY_VIEWER_ALLOW_HOSTS", &["desk,,viewer"]),
    ("TELEMETRY_VIEWER_MAX_SPANS", &["0", "1k"]),
];

/// Variables that are refused together.
const BAD_TOGETHER: &[&[(&str, &str)]] = &[
    &[("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318")],
    &[("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"), ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "collector:4318")],
    &[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/no/such/file.pem"),
    ],
    &[("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector"), ("OTEL_EXPORTER_OTLP_CERTIFICATE", "Cargo.toml")],
    &[("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector"), ("OTEL_EXPORTER_OTLP_CERTIFICATE", "src")],
    &[("OTEL_EXPORTER_OTLP_CLIENT_KEY", "key.pem")],
    &[("OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE", "chain.pem")],
    &[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector"),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "Cargo.toml"),
        ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "Cargo.toml"),
    ],
    &[("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "2")],
    &[
        ("TELEMETRY_SAMPLE_RATIO", "2"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "x"),
        ("TELEMETRY_SQLITE_MAX_AGE", "x"),
    ],
];

/// Settings and values of them that code may not set.
fn bad_in_code() -> Vec<(&'static str, SettingValue)> {
    vec![
        ("ENABLED", 3.into()),
        ("SAMPLE_RATIO", f64::NAN.into()),
        ("SAMPLE_RATIO", 1.5.into()),
        ("SPAN_RING_CAPACITY", 1000.into()),
        ("DRAIN_INTERVAL", std::time::Duration::from_secs(301).into()),
        ("SINKS", ["stdout", "kafka"].into()),
        ("SAMPLE_RATE", 0.5.into()),
        ("OTLP_PROTOCOL", "http".into()),
        ("OTLP_HEADERS", SettingValue::Attributes(vec![("a b".to_owned(), "secret".to_owned())])),
        ("OTLP_ENDPOINT", true.into()),
        ("OTLP_ENDPIONT", "http://collector".into()),
        ("OTLP_MAX_BATCH_SPANS", 0.into()),
        ("SQLITE_MAX_BYTES", (-5).into()),
        ("SQLITE_PATH", "".into()),
    ]
}

/// What is said of settings nothing is wrong with, which fails the test.
const ACCEPTED: &str = "accepted";

/// What is said of settings; a sink is made of those that are accepted by themselves.
fn said(resolver: &Resolver) -> String {
    let resolver = resolver
        .clone()
        .rows(telemetry_otlp::SETTINGS)
        .rows(telemetry_sqlite::SETTINGS)
        .rows(telemetry_viewer::SETTINGS)
        .choices("SINKS", ["otlp", "sqlite", "viewer"]);
    let resolved = match resolver.resolve() {
        Err(errors) => return errors.to_string(),
        Ok(resolved) => resolved,
    };
    if let Err(error) = OtlpSink::from_settings(&resolved) {
        return error.to_string();
    }
    match SqliteSink::from_settings(&resolved) {
        Err(error) => error.to_string().replace(env!("CARGO_MANIFEST_DIR"), "{here}"),
        Ok(_) => ACCEPTED.to_owned(),
    }
}

fn in_environment(variables: &[(&str, &str)]) -> (String, String) {
    let given: Vec<String> = variables.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    let environment: Environment = variables.iter().copied().collect();
    (given.join(" "), said(&Resolver::new().environment(environment)))
}

fn all() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (variable, values) in BAD {
        all.extend(values.iter().map(|value| in_environment(&[(variable, value)])));
    }
    all.extend(BAD_TOGETHER.iter().map(|variables| in_environment(variables)));
    for (setting, value) in bad_in_code() {
        // A header's value is a secret here too.
        let shown = if setting == "OTLP_HEADERS" { "…".to_owned() } else { format!("{value:?}") };
        all.push((format!("code: {setting} = {shown}"), said(&Resolver::new().value(setting, value))));
    }
    all
}

#[test]
fn each_of_more_than_a_hundred_bad_settings_has_its_clear_message() {
    let all = all();
    assert!(all.len() > 100, "{}", all.len());
    let accepted: Vec<&String> =
        all.iter().filter(|(_, said)| said == ACCEPTED).map(|(given, _)| given).collect();
    assert!(accepted.is_empty(), "{accepted:#?}");
    for (given, said) in &all {
        assert!(!said.contains("secret"), "{given}: {said}");
        // One mistake, one line; where there are several, each has its own.
        assert!(said.lines().all(|line| line.len() > 30), "{given}: {said}");
    }
    let lines: Vec<String> =
        all.iter().map(|(given, said)| format!("{given}\n    {}\n", said.replace('\n', "\n    "))).collect();
    let text = lines.concat();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad_settings.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    for (line, (now, kept)) in text.lines().zip(kept.lines()).enumerate() {
        assert_eq!(now, kept, "line {} of {}", line + 1, path.display());
    }
    assert_eq!(text.len(), kept.len(), "{}", path.display());
}
