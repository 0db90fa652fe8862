//! What the environment says, and what is wrong with it.

use telemetry_core::settings::{Environment, Resolved, Resolver};
use telemetry_otlp::{OtlpSink, SETTINGS};

fn resolved(variables: &[(&str, &str)]) -> Result<Resolved, String> {
    let environment: Environment = variables.iter().copied().collect();
    Resolver::new().rows(SETTINGS).environment(environment).resolve().map_err(|e| e.to_string())
}

fn sink(variables: &[(&str, &str)]) -> Result<OtlpSink, String> {
    OtlpSink::from_settings(&resolved(variables)?).map_err(|e| e.to_string())
}

/// Where traces and metrics go.
fn addresses(variables: &[(&str, &str)]) -> (String, String) {
    let shown = format!("{:?}", sink(variables).unwrap());
    let [traces, metrics] = ["traces: ", "metrics: "].map(|signal| after(&shown, &[signal, "address: "]));
    (traces, metrics)
}

/// What stands behind these words, each behind the one before, up to the next comma or blank.
fn after(shown: &str, words: &[&str]) -> String {
    let rest = words.iter().fold(shown, |rest, word| &rest[rest.find(word).unwrap() + word.len()..]);
    rest.split([',', ' ']).next().unwrap().to_owned()
}

/// A variable without its prefix, the field that shows it, and two values with how they are shown.
type Shown = (&'static str, &'static str, [(&'static str, &'static str); 2]);

/// Of each variable there is for all signals and for each: two values, and how they are shown.
const SHOWN: [Shown; 7] = [
    ("PROTOCOL", "protocol: ", [("http/json", "HttpJson"), ("GRPC", "Grpc")]),
    ("HEADERS", "headers: ", [("a=1", "[\"a\"]"), ("b=2", "[\"b\"]")]),
    ("TIMEOUT", "timeout: ", [("1500", "1.5s"), ("250", "250ms")]),
    ("COMPRESSION", "gzip: ", [("gzip", "true"), ("None", "false")]),
    ("CERTIFICATE", "roots: ", [("Cargo.toml", "Cargo.toml"), ("src/lib.rs", "src/lib.rs")]),
    ("ENDPOINT", "address: ", [("http://one/v1", "http://one/v1"), ("http://two/v1", "http://two/v1")]),
    ("INSECURE", "address: ", [("true", "http://box:1/"), ("false", "https://box:1/")]),
];

/// Four places that a value can stand in, from the one that counts most; with whether it is for all signals.
const PLACES: [(&str, bool); 4] = [
    ("TELEMETRY_OTLP_TRACES_", false),
    ("TELEMETRY_OTLP_", true),
    ("OTEL_EXPORTER_OTLP_TRACES_", false),
    ("OTEL_EXPORTER_OTLP_", true),
];

#[test]
fn every_variable_follows_the_precedence_of_the_standard_and_of_the_tiers() {
    for (name, field, [one, two]) in SHOWN {
        // A bare endpoint is one for gRPC.
        let base: &[(&str, &str)] = if name == "INSECURE" {
            &[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "box:1")]
        } else {
            &[]
        };
        // A timeout of ours has units, where the standard counts milliseconds.
        let written = |prefix: &str, value: &str| match name {
            "TIMEOUT" if prefix.starts_with("TELEMETRY") => format!("{value}ms"),
            _ => value.to_owned(),
        };
        for (higher, (above, above_is_for_all)) in PLACES.iter().enumerate() {
            for (below, _) in &PLACES[higher + 1..] {
                let variables = [
                    (format!("{above}{name}"), written(above, one.0)),
                    (format!("{below}{name}"), written(below, two.0)),
                ];
                let mut all: Vec<(&str, &str)> = base.to_vec();
                all.extend(variables.iter().map(|(name, value)| (name.as_str(), value.as_str())));
                let resolved = resolved(&all).unwrap();
                let shown = match OtlpSink::from_settings(&resolved) {
                    Ok(sink) => format!("{sink:?}"),
                    // Neither file holds a certificate; the message names the one that was looked at.
                    Err(error) if name == "CERTIFICATE" => {
                        format!("traces: {}", error.to_string().replace("OTLP_CERTIFICATE", "roots"))
                    }
                    Err(error) => panic!("{error}"),
                };
                // An endpoint for all signals gets the path of the signal.
                let path = if name == "ENDPOINT" && *above_is_for_all { "/v1/traces" } else { "" };
                let found = after(&shown, &["traces: ", field]);
                assert_eq!(found, format!("{}{path}", one.1), "{variables:?}: {shown}");
            }
        }
    }
}

#[test]
fn words_are_taken_in_any_case_as_the_standard_asks() {
    for (variable, value, shown) in [
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "Delta", "temporality: Delta"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "LowMemory", "temporality: Delta"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "Cumulative", "temporality: Cumulative"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "HTTP/JSON", "protocol: HttpJson"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "60000", "metrics_interval: 60s"),
        ("TELEMETRY_OTLP_METRICS_INTERVAL", "500ms", "metrics_interval: 500ms"),
    ] {
        let sink = format!("{:?}", sink(&[(variable, value)]).unwrap());
        assert!(sink.contains(shown), "{variable}={value}: {sink}");
    }
}

#[test]
fn endpoints_follow_the_precedence_of_the_standard_and_of_the_tiers() {
    let both = |address: &str| (format!("{address}/v1/traces"), format!("{address}/v1/metrics"));
    assert_eq!(addresses(&[]), both("http://localhost:4318"));
    let all = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://box:4318/base/");
    assert_eq!(addresses(&[all]), both("http://box:4318/base"));
    let traces = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces/in");
    let only_traces = ("http://traces/in".to_owned(), both("http://box:4318/base").1);
    assert_eq!(addresses(&[all, traces]), only_traces);
    // Ours is of a higher tier, whichever of the standard's there are.
    assert_eq!(addresses(&[all, traces, ("TELEMETRY_OTLP_ENDPOINT", "http://ours")]), both("http://ours"));
    let grpc = ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
    let bare = |address: &str| (format!("{address}/"), format!("{address}/"));
    assert_eq!(addresses(&[grpc]), bare("http://localhost:4317"));
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "box:4317");
    assert_eq!(addresses(&[grpc, endpoint]), bare("https://box:4317"));
    assert_eq!(
        addresses(&[grpc, endpoint, ("OTEL_EXPORTER_OTLP_INSECURE", "true")]),
        bare("http://box:4317")
    );
    let mixed = [grpc, endpoint, ("OTEL_EXPORTER_OTLP_METRICS_INSECURE", "true")];
    assert_eq!(addresses(&mixed), ("https://box:4317/".to_owned(), "http://box:4317/".to_owned()));
    let mixed = [("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "grpc")];
    assert_eq!(
        addresses(&mixed),
        ("http://localhost:4318/v1/traces".to_owned(), "http://localhost:4317/".to_owned())
    );
}

#[test]
fn every_mistake_is_named_with_its_variable_and_what_is_accepted() {
    let cases: &[(&str, &[&str], &str)] = &[
        (
            "ENDPOINT",
            &[
                "collector:port",
                "ftp://box",
                "http://",
                "http://u:p@box",
                "http://box:0",
                "http://box:70000",
                "http://b x",
                "http://box?q=1",
                "box#1",
                "unix:///tmp/x",
            ],
            "expected an address such as http://collector:4318",
        ),
        (
            "PROTOCOL",
            &["http", "grpcs", "http/proto", "grpc,http/json", "thrift"],
            "expected one of grpc, http/protobuf, http/json",
        ),
        (
            "HEADERS",
            &["a", "=b", "a b=c", "a=b,", "a=%zz", "a=b%0d%0ac", "é=x", "a=%c3%a9", "a:b=c"],
            "expected name=value pairs",
        ),
        (
            "TIMEOUT",
            &["ten", "10s", "-1", "1.5", "0", "3600001"],
            "expected an integer from 1 to 3600000, in milliseconds",
        ),
        ("COMPRESSION", &["zstd", "gzip2", "true"], "expected one of gzip, none"),
        ("INSECURE", &["maybe", "2"], "expected 1, 0, true, false, yes, no, on or off"),
        ("CERTIFICATE", &["  "], "expected a text that is not blank"),
        ("CLIENT_KEY", &["\t"], "expected a text that is not blank"),
        ("CLIENT_CERTIFICATE", &["  "], "expected a text that is not blank"),
    ];
    for (name, values, expected) in cases {
        for signal in ["", "TRACES_", "METRICS_"] {
            for value in *values {
                let variable = format!("OTEL_EXPORTER_OTLP_{signal}{name}");
                let error = sink(&[(&variable, value)]).unwrap_err();
                assert!(
                    error.contains(&variable) && error.contains(expected),
                    "{variable}={value:?}: {error}"
                );
                let shown = match *name {
                    "HEADERS" => "\"***\"".to_owned(),
                    _ => format!("{:?}", value.replace("u:p@", "***@")),
                };
                assert!(error.contains(&shown), "{variable}={value:?}: {error}");
            }
        }
    }
    for (variable, value, expected) in [
        ("TELEMETRY_OTLP_MAX_BATCH_SPANS", "0", "an integer from 1 to 65536"),
        ("TELEMETRY_OTLP_MAX_REQUEST_BYTES", "1000", "an integer from 1024 to 1073741824"),
        ("TELEMETRY_OTLP_RETRY_TIME", "-1s", "a duration from 0s to 3600s"),
        ("TELEMETRY_OTLP_TIMEOUT", "0", "a duration from 0.001s to 3600s"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "1m", "an integer from 0 to 3600000, in milliseconds"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "sum", "one of cumulative, delta, lowmemory"),
        (
            "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
            "summary",
            "explicit_bucket_histogram or base2_exponential_bucket_histogram",
        ),
    ] {
        let error = sink(&[(variable, value)]).unwrap_err();
        assert!(error.contains(variable) && error.contains(expected), "{error}");
    }
    let all = sink(&[
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "x"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "x"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "ftp://x"),
    ]);
    assert_eq!(all.unwrap_err().lines().count(), 3, "all at once");
}

#[test]
fn what_does_not_fit_together_is_named() {
    for (variables, expected) in [
        (
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", "box:4318")][..],
            "the endpoint \"box:4318\" from OTEL_EXPORTER_OTLP_ENDPOINT in the standard environment does not suit the \
             protocol http/protobuf",
        ),
        (
            &[
                ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/no/such/file.pem"),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://box"),
            ],
            "/no/such/file.pem cannot be read",
        ),
        (
            &[
                ("OTEL_EXPORTER_OTLP_CERTIFICATE", "Cargo.toml"),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://box"),
            ],
            "Cargo.toml does not hold a certificate in PEM form",
        ),
        (
            &[
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
                ("OTEL_EXPORTER_OTLP_CERTIFICATE", "Cargo.toml"),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://box"),
            ],
            "Cargo.toml does not hold a certificate in PEM form",
        ),
        (
            &[("OTEL_EXPORTER_OTLP_CLIENT_KEY", "key.pem")],
            "OTEL_EXPORTER_OTLP_CLIENT_KEY in the standard environment stands without OTLP_CLIENT_CERTIFICATE or \
             OTLP_TRACES_CLIENT_CERTIFICATE: both are needed, or neither",
        ),
    ] {
        let error = sink(variables).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn an_aggregation_without_a_counterpart_is_a_warning() {
    let variable = "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION";
    let environment = Environment::from([(variable, "base2_exponential_bucket_histogram")]);
    let resolved = Resolver::new().rows(SETTINGS).environment(environment).resolve().unwrap();
    let [warning] = resolved.warnings() else { panic!("{:?}", resolved.warnings()) };
    assert!(warning.to_string().contains("has no counterpart"), "{warning}");
    assert!(OtlpSink::from_settings(&resolved).is_ok());
}

#[test]
fn headers_are_never_shown() {
    let builder = OtlpSink::builder().header("authorization", "Bearer secret");
    assert!(!format!("{builder:?}").contains("secret"));
    let sink = builder.build().unwrap();
    assert!(!format!("{sink:?}").contains("secret"));
    let error = OtlpSink::builder().header("authorization", "secret\n").build().unwrap_err().to_string();
    assert!(error.contains("OTLP_HEADERS") && !error.contains("secret"), "{error}");
}
