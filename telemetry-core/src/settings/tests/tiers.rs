//! Which tier counts, and what a value may look like.

use std::time::Duration;

use crate::evidence::CrashEvidence;
use crate::settings::*;

#[test]
fn defaults_are_those_documented() {
    let settings = Resolver::new().resolve().unwrap().settings();
    assert!(!settings.enabled);
    assert!(!settings.service_name.is_empty());
    assert!((settings.sample_ratio - 0.01).abs() < f64::EPSILON);
    assert_eq!(settings.drain_interval, Duration::from_secs(1));
    assert!(settings.extract_traceparent);
    assert_eq!(settings.sinks, ["prometheus"]);
    assert_eq!(settings.span_ring_capacity, 16_384);
    assert!(settings.auto_log_correlation);
    assert_eq!(settings.process_metrics, cfg!(target_os = "linux"));
    assert_eq!(settings.filter, None);
    assert_eq!(settings.crash_evidence, None);
}

#[test]
fn crash_evidence_is_what_its_four_settings_say() {
    let of = |variables: &[(&str, &str)]| {
        let environment: Environment = variables.iter().copied().collect();
        Resolver::new().environment(environment).resolve().unwrap().settings().crash_evidence
    };
    let directory = ("TELEMETRY_CRASH_EVIDENCE_DIRECTORY", "/var/evidence");
    assert_eq!(of(&[directory]), Some(CrashEvidence::in_directory("/var/evidence")));
    let all = [
        directory,
        ("TELEMETRY_CRASH_EVIDENCE_RING_IN_FILE", "no"),
        ("TELEMETRY_CRASH_EVIDENCE_SIGNALS", "1"),
        ("TELEMETRY_CRASH_EVIDENCE_KEEP", "3"),
    ];
    let expected = CrashEvidence::in_directory("/var/evidence").ring_in_file(false).signals(true).keep(3);
    assert_eq!(of(&all), Some(expected));
    assert_eq!(of(&all[1..]), None, "nothing is left without a place for it");
    let error = Resolver::new().value("CRASH_EVIDENCE_KEEP", 0_u16).resolve().unwrap_err();
    assert!(error.to_string().contains("from 1 to 1000"), "{error}");
}

#[test]
fn the_highest_tier_counts_and_is_told() {
    let file = "TELEMETRY_SERVICE_NAME=file\nTELEMETRY_SAMPLE_RATIO=0.4\n";
    let standard = [("OTEL_SERVICE_NAME", "standard")];
    let own = [("OTEL_SERVICE_NAME", "standard"), ("TELEMETRY_SERVICE_NAME", "own")];
    let with_file = Resolver::new().dotenv(DotEnv::text(".env", file));
    let with_standard = with_file.clone().environment(standard.into());
    let with_own = with_file.clone().environment(own.into());
    let with_code = with_own.clone().value("SERVICE_NAME", "code");
    for (resolver, name, tier, variable) in [
        (with_file, "file", Tier::DotEnv, Some("TELEMETRY_SERVICE_NAME")),
        (with_standard, "standard", Tier::OpenTelemetry, Some("OTEL_SERVICE_NAME")),
        (with_own, "own", Tier::Environment, Some("TELEMETRY_SERVICE_NAME")),
        (with_code, "code", Tier::Code, None),
    ] {
        let resolved = resolver.resolve().unwrap();
        let value = resolved.get("SERVICE_NAME").unwrap();
        assert_eq!(value.value().as_text(), Some(name));
        assert_eq!(value.tier(), tier);
        assert_eq!(value.provenance().variable.as_deref(), variable);
        assert_eq!(resolved.get("SAMPLE_RATIO").unwrap().tier(), Tier::DotEnv);
        assert_eq!(resolved.get("ENABLED").unwrap().tier(), Tier::Default);
    }
}

#[test]
fn standard_samplers_become_ratios() {
    let sampled = [
        ("always_on", "", 1.0),
        ("parentbased_always_on", "0.5", 1.0),
        ("always_off", "", 0.0),
        ("parentbased_always_off", "", 0.0),
        ("traceidratio", "0.25", 0.25),
        ("parentbased_traceidratio", "0.25", 0.25),
        ("traceidratio", "", 1.0),
        ("", "0.25", 0.01),
    ];
    for (sampler, argument, ratio) in sampled {
        let environment =
            Environment::from([("OTEL_TRACES_SAMPLER", sampler), ("OTEL_TRACES_SAMPLER_ARG", argument)]);
        let settings = Resolver::new().environment(environment).resolve().unwrap().settings();
        assert!((settings.sample_ratio - ratio).abs() < f64::EPSILON, "{sampler} {argument}");
    }
}

#[test]
fn no_standard_variable_enables_and_one_disables() {
    let enabled = |variables: &[(&str, &str)]| {
        let environment = variables.iter().copied().collect();
        let file = DotEnv::text(".env", "TELEMETRY_ENABLED=on");
        Resolver::new().environment(environment).dotenv(file).resolve().unwrap().settings().enabled
    };
    assert!(enabled(&[]));
    assert!(!enabled(&[("OTEL_SDK_DISABLED", "TRUE")]));
    assert!(enabled(&[("OTEL_SDK_DISABLED", "TRUE"), ("TELEMETRY_ENABLED", "1")]));
    let environment =
        Environment::from([("OTEL_SDK_DISABLED", "false"), ("OTEL_TRACES_SAMPLER", "always_on")]);
    assert!(!Resolver::new().environment(environment).resolve().unwrap().settings().enabled);
}

#[test]
fn a_service_name_among_the_attributes_stands_below_one_of_its_own() {
    let name = |variables: &[(&str, &str)], file: &str| {
        let environment = variables.iter().copied().collect();
        let file = DotEnv::text(".env", file);
        let resolved = Resolver::new().environment(environment).dotenv(file).resolve().unwrap();
        (resolved.settings().service_name, resolved.get("SERVICE_NAME").unwrap().tier())
    };
    let attributes = ("OTEL_RESOURCE_ATTRIBUTES", "a=b,service.name=low%20one");
    let own = ("OTEL_SERVICE_NAME", "high");
    assert_eq!(name(&[attributes], ""), ("low one".to_owned(), Tier::OpenTelemetry));
    assert_eq!(name(&[attributes, own], ""), ("high".to_owned(), Tier::OpenTelemetry));
    let file = "TELEMETRY_SERVICE_NAME=file";
    assert_eq!(name(&[attributes], file), ("low one".to_owned(), Tier::OpenTelemetry));
    assert_eq!(name(&[], file), ("file".to_owned(), Tier::DotEnv));
}

#[test]
fn every_spelling_of_a_type_is_accepted() {
    let resolve = |name: &str, text: &str| {
        let variable = format!("BOOKS_{name}");
        let resolver = Resolver::new().prefix("BOOKS_").environment(Environment::from([(variable, text)]));
        resolver.resolve().unwrap_or_else(|errors| panic!("{errors}")).settings()
    };
    for (text, value) in [("1", true), ("Yes", true), ("ON", true), ("true", true), (" on ", true)]
        .into_iter()
        .chain([("0", false), ("no", false), ("Off", false), ("FALSE", false)])
    {
        assert_eq!(resolve("ENABLED", text).enabled, value, "{text}");
    }
    for (text, millis) in [
        ("0.01", 10),
        ("10ms", 10),
        ("10000us", 10),
        ("2s", 2_000),
        ("1.5", 1_500),
        ("1m", 60_000),
        ("300", 300_000),
        ("0.05h", 180_000),
    ] {
        assert_eq!(resolve("DRAIN_INTERVAL", text).drain_interval, Duration::from_millis(millis), "{text}");
    }
    for capacity in [256, 16_777_216] {
        assert_eq!(resolve("SPAN_RING_CAPACITY", &capacity.to_string()).span_ring_capacity, capacity);
    }
    assert_eq!(resolve("SINKS", " stdout , memory ").sinks, ["stdout", "memory"]);
    assert_eq!(
        resolve("FILTER", "bookstore=debug,bookstore::db=off").filter,
        "bookstore=debug,bookstore::db=off".parse().ok()
    );
    assert!((resolve("SAMPLE_RATIO", "1").sample_ratio - 1.0).abs() < f64::EPSILON);
    assert!((resolve("SAMPLE_RATIO", "0").sample_ratio).abs() < f64::EPSILON);
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let environment = Environment::from([("TELEMETRY_SAMPLE_RATIO", ""), ("OTEL_TRACES_SAMPLER", "")]);
    let resolved = Resolver::new().environment(environment).resolve().unwrap();
    assert_eq!(resolved.get("SAMPLE_RATIO").unwrap().tier(), Tier::Default);
}

#[test]
fn a_standard_sampler_without_counterpart_is_a_warning() {
    let environment = Environment::from([("OTEL_TRACES_SAMPLER", "parentbased_jaeger_remote")]);
    let resolved = Resolver::new().environment(environment).resolve().unwrap();
    assert_eq!(
        resolved.warnings()[0].to_string(),
        "OTEL_TRACES_SAMPLER in the standard environment: \"parentbased_jaeger_remote\" has no counterpart and \
         leaves SAMPLE_RATIO as it is"
    );
    assert_eq!(resolved.get("SAMPLE_RATIO").unwrap().tier(), Tier::Default);
}
