//! Mistakes in every tier, as a user meets them.

use std::time::Duration;

use crate::settings::*;

/// A value that is refused: the setting, the variable (or `code`), the value, what the message says is accepted.
type Bad = (&'static str, &'static str, &'static str, &'static str);

const BOOL: &str = "1, 0, true, false, yes, no, on or off";
const RATIO: &str = "a number from 0 to 1";
const LIMIT: &str = "an integer from 0 to 65535";
const INTERVAL: &str = "a duration from 0.01s to 300s, in seconds or with a unit (us, ms, s, m, h)";
const CAPACITY: &str = "a power of two from 256 to 16777216";
const PROPAGATORS: &str = "a comma-separated list of tracecontext, baggage, b3, b3multi, none, each once";
const TEXT: &str = "a text that is not blank";
const NAMES: &str =
    "a comma-separated list of prometheus, stdout, memory, tty, auto, chrome, kafka, each once";
const FILTER: &str = "directives separated by commas, each a level (off, error, warn, info, debug, trace), a path, path=level, [span]=level or path[span]=level";
const PAIRS: &str = "key=value pairs separated by commas, percent-encoded";
const SAMPLERS: &str = "always_on, always_off or traceidratio, each also with parentbased_ before it";

/// One array a run, since a variable holds one value at a time.
const BAD_IN_ENVIRONMENT: &[&[Bad]] = &[
    &[
        ("ENABLED", "TELEMETRY_ENABLED", "maybe", BOOL),
        ("SERVICE_NAME", "TELEMETRY_SERVICE_NAME", "  ", TEXT),
        ("RESOURCE_ATTRIBUTES", "TELEMETRY_RESOURCE_ATTRIBUTES", "team", PAIRS),
        ("SAMPLE_RATIO", "TELEMETRY_SAMPLE_RATIO", "1.01", RATIO),
        ("SAMPLE_MAX_PER_SECOND", "TELEMETRY_SAMPLE_MAX_PER_SECOND", "65536", LIMIT),
        ("DRAIN_INTERVAL", "TELEMETRY_DRAIN_INTERVAL", "9ms", INTERVAL),
        ("EXTRACT_TRACEPARENT", "TELEMETRY_EXTRACT_TRACEPARENT", "2", BOOL),
        ("PROPAGATORS", "TELEMETRY_PROPAGATORS", "tracecontext,jaeger", PROPAGATORS),
        ("SINKS", "TELEMETRY_SINKS", "stdout,,memory", NAMES),
        ("SPAN_RING_CAPACITY", "TELEMETRY_SPAN_RING_CAPACITY", "1023", CAPACITY),
        ("AUTO_LOG_CORRELATION", "TELEMETRY_AUTO_LOG_CORRELATION", "t", BOOL),
        ("PROCESS_METRICS", "TELEMETRY_PROCESS_METRICS", "most", BOOL),
        ("FILTER", "TELEMETRY_FILTER", "bookstore=loud", FILTER),
    ],
    &[
        ("RESOURCE_ATTRIBUTES", "TELEMETRY_RESOURCE_ATTRIBUTES", "team=%zz", PAIRS),
        ("SAMPLE_RATIO", "TELEMETRY_SAMPLE_RATIO", "NaN", RATIO),
        ("DRAIN_INTERVAL", "TELEMETRY_DRAIN_INTERVAL", "301", INTERVAL),
        ("SINKS", "TELEMETRY_SINKS", "stdout,stdout", NAMES),
        ("SPAN_RING_CAPACITY", "TELEMETRY_SPAN_RING_CAPACITY", "128", CAPACITY),
    ],
    &[
        ("SAMPLE_RATIO", "TELEMETRY_SAMPLE_RATIO", "inf", RATIO),
        ("DRAIN_INTERVAL", "TELEMETRY_DRAIN_INTERVAL", "infs", INTERVAL),
        ("SINKS", "TELEMETRY_SINKS", "stdot", NAMES),
        ("SPAN_RING_CAPACITY", "TELEMETRY_SPAN_RING_CAPACITY", "33554432", CAPACITY),
    ],
    &[
        ("SAMPLE_RATIO", "TELEMETRY_SAMPLE_RATIO", "-0.1", RATIO),
        ("DRAIN_INTERVAL", "TELEMETRY_DRAIN_INTERVAL", "5 parsecs", INTERVAL),
        ("SINKS", "TELEMETRY_SINKS", "Stdout", NAMES),
        ("SPAN_RING_CAPACITY", "TELEMETRY_SPAN_RING_CAPACITY", "1e4", CAPACITY),
    ],
    &[
        ("SAMPLE_RATIO", "TELEMETRY_SAMPLE_RATIO", "50%", RATIO),
        ("DRAIN_INTERVAL", "TELEMETRY_DRAIN_INTERVAL", "-1s", INTERVAL),
        (
            "SPAN_RING_CAPACITY",
            "TELEMETRY_SPAN_RING_CAPACITY",
            "99999999999999999999999999999999999999999",
            CAPACITY,
        ),
    ],
];

const BAD_IN_STANDARD: &[&[Bad]] = &[
    &[
        ("ENABLED", "OTEL_SDK_DISABLED", "yes", "true or false"),
        ("SERVICE_NAME", "OTEL_SERVICE_NAME", " ", TEXT),
        ("RESOURCE_ATTRIBUTES", "OTEL_RESOURCE_ATTRIBUTES", "a=b,", PAIRS),
        ("SAMPLE_RATIO", "OTEL_TRACES_SAMPLER", "sometimes", SAMPLERS),
        ("PROPAGATORS", "OTEL_PROPAGATORS", "tracecontext,b4", PROPAGATORS),
    ],
    &[("RESOURCE_ATTRIBUTES", "OTEL_RESOURCE_ATTRIBUTES", "=b", PAIRS)],
];

fn bad_in_code() -> Vec<(&'static str, SettingValue, &'static str, &'static str)> {
    vec![
        ("ENABLED", 1_u64.into(), "1", BOOL),
        ("SERVICE_NAME", "".into(), "", TEXT),
        ("SAMPLE_RATIO", f64::NAN.into(), "NaN", RATIO),
        ("DRAIN_INTERVAL", Duration::from_secs(301).into(), "301s", INTERVAL),
        ("EXTRACT_TRACEPARENT", "perhaps".into(), "perhaps", BOOL),
        ("SINKS", ["stdout", "printer"].into(), "stdout,printer", NAMES),
        ("SPAN_RING_CAPACITY", 1023_usize.into(), "1023", CAPACITY),
        ("AUTO_LOG_CORRELATION", 0.5.into(), "0.5", BOOL),
        ("FILTER", "=debug".into(), "=debug", FILTER),
    ]
}

fn resolver() -> Resolver {
    Resolver::new().choices("SINKS", ["kafka"])
}

fn of(bad: &[Bad]) -> Environment {
    bad.iter().map(|(_, variable, value, _)| (*variable, *value)).collect()
}

/// Setting, tier, variable, value and what is accepted, of every error.
fn facts(errors: &SettingsErrors) -> Vec<(String, Tier, Option<String>, String, String)> {
    let facts = errors.iter().map(|error| match error {
        SettingError::Invalid { setting, from, value, accepted, .. } => {
            (setting.clone(), from.tier, from.variable.clone(), value.clone(), accepted.clone())
        }
        other => panic!("another error: {other}"),
    });
    facts.collect()
}

fn expected(bad: &[Bad], tier: Tier) -> Vec<(String, Tier, Option<String>, String, String)> {
    bad.iter()
        .map(|(setting, variable, value, accepted)| {
            let variable = Some((*variable).to_owned());
            ((*setting).to_owned(), tier, variable, (*value).to_owned(), (*accepted).to_owned())
        })
        .collect()
}

#[test]
fn bad_values_of_the_environment_are_reported_at_once() {
    for bad in BAD_IN_ENVIRONMENT {
        let errors = resolver().environment(of(bad)).resolve().unwrap_err();
        assert_eq!(facts(&errors), expected(bad, Tier::Environment));
    }
}

#[test]
fn bad_values_of_standard_variables_are_reported_at_once() {
    for bad in BAD_IN_STANDARD {
        let errors = resolver().environment(of(bad)).resolve().unwrap_err();
        assert_eq!(facts(&errors), expected(bad, Tier::OpenTelemetry));
    }
}

#[test]
fn bad_values_of_the_file_are_reported_at_once() {
    for bad in BAD_IN_ENVIRONMENT.iter().chain(BAD_IN_STANDARD) {
        let lines = bad.iter().map(|(_, variable, value, _)| format!("{variable}='{value}'\n"));
        let errors =
            resolver().dotenv(DotEnv::text(".env", lines.collect::<String>())).resolve().unwrap_err();
        assert_eq!(facts(&errors), expected(bad, Tier::DotEnv));
    }
}

#[test]
fn bad_values_of_code_are_reported_at_once() {
    let mut values = Values::new();
    let mut expected = Vec::new();
    for (setting, value, shown, accepted) in bad_in_code() {
        values = values.set(setting, value);
        expected.push((setting.to_owned(), Tier::Code, None, shown.to_owned(), accepted.to_owned()));
    }
    assert_eq!(facts(&resolver().values(&values).resolve().unwrap_err()), expected);
}

#[test]
fn one_setting_bad_in_every_tier_is_reported_in_every_tier() {
    let environment = Environment::from([
        ("TELEMETRY_SAMPLE_RATIO", "a"),
        ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "2"),
    ]);
    let errors = Resolver::new()
        .value("SAMPLE_RATIO", -1.0)
        .environment(environment)
        .dotenv(DotEnv::text("conf/.env", "TELEMETRY_SAMPLE_RATIO=b\nTELEMETRY_SINKS=spoilt line"))
        .resolve()
        .unwrap_err();
    assert_eq!(
        errors.to_string(),
        "line 2 of conf/.env (TELEMETRY_SINKS) is malformed, expected NAME=value, with quotes around blanks\n\
         SAMPLE_RATIO from code: \"-1\" is not accepted, expected a number from 0 to 1\n\
         SAMPLE_RATIO from TELEMETRY_SAMPLE_RATIO in the environment: \"a\" is not accepted, expected a number from \
         0 to 1\n\
         SAMPLE_RATIO from OTEL_TRACES_SAMPLER_ARG in the standard environment: \"2\" is not accepted, expected a \
         number from 0 to 1\n\
         SAMPLE_RATIO from TELEMETRY_SAMPLE_RATIO in the .env file: \"b\" is not accepted, expected a number from 0 \
         to 1"
    );
}

#[test]
fn a_bad_value_is_reported_even_where_a_higher_tier_hides_it() {
    let environment = Environment::from([("TELEMETRY_SPAN_RING_CAPACITY", "1023")]);
    let errors =
        Resolver::new().value("SPAN_RING_CAPACITY", 1024_u32).environment(environment).resolve().unwrap_err();
    assert_eq!(errors.iter().map(SettingError::tier).collect::<Vec<_>>(), [Tier::Environment]);
}

#[test]
fn an_unknown_sink_is_named_with_the_nearest_known_one() {
    let errors = resolver()
        .environment(Environment::from([("TELEMETRY_SINKS", "memory,kafak")]))
        .resolve()
        .unwrap_err();
    assert_eq!(
        errors.to_string(),
        format!(
            "SINKS from TELEMETRY_SINKS in the environment: \"memory,kafak\" is not accepted at \"kafak\", did you \
             mean kafka?, expected {NAMES}"
        )
    );
}

#[test]
fn a_registered_sink_can_be_chosen() {
    let settings = resolver().value("SINKS", " kafka , auto ").resolve().unwrap().settings();
    assert_eq!(settings.sinks, ["kafka", "auto"]);
}

#[test]
fn words_that_are_known_already_are_listed_once() {
    let resolver = resolver().choices("SINKS", ["auto", "kafka", "tty"]).value("SINKS", "paper");
    let errors = resolver.resolve().unwrap_err().to_string();
    assert!(errors.ends_with(&format!("expected {NAMES}")), "{errors}");
}

#[test]
fn a_sink_of_an_integration_is_refused_until_it_is_registered() {
    for name in ["sqlite", "otlp"] {
        assert_eq!(
            resolver().value("SINKS", name).resolve().unwrap_err().to_string(),
            format!(
                "SINKS from code: \"{name}\" is not accepted, expected {NAMES}; {name} comes with an \
                 integration, to be registered under that name"
            )
        );
        let registered = resolver().choices("SINKS", [name]).value("SINKS", name).resolve().unwrap();
        assert_eq!(registered.settings().sinks, [name]);
    }
}

#[test]
fn a_file_for_other_programs_stops_nothing() {
    let file = DotEnv::text(".env", "GREETING=hello world\nMOTTO=it's ours\nTELEMETRY_SERVICE_NAME=books\n");
    let resolved = Resolver::new().dotenv(file).resolve().unwrap();
    assert!(!resolved.settings().enabled);
    assert_eq!(resolved.settings().service_name, "books");
    assert_eq!(resolved.warnings(), []);

    let directory = DotEnv::file(env!("CARGO_MANIFEST_DIR"));
    let resolved = Resolver::new().dotenv(directory).resolve().unwrap();
    assert!(matches!(resolved.warnings(), [SettingWarning::UnreadableFile { .. }]));
}

#[test]
fn an_unknown_setting_in_code_is_an_error() {
    let errors = Resolver::new().value("SAMPLE_RATE", 0.5).resolve().unwrap_err();
    assert_eq!(errors.to_string(), "SAMPLE_RATE from code: no such setting, did you mean SAMPLE_RATIO?");
}

#[test]
fn unknown_variables_are_warnings_with_the_nearest_known_name() {
    let environment = Environment::from([
        ("TELEMETRY_SERVICE_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
        ("TELEMETRY_SAMPLE_RATE", "0.5"),
        ("OTEL_SOMETHING", "else"),
        ("PATH", "/bin"),
    ]);
    let file = DotEnv::text(".env", "TELEMETRY_SINK=stdout\n");
    let resolved = Resolver::new().environment(environment).dotenv(file).resolve().unwrap();
    let warnings: Vec<String> = resolved.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "TELEMETRY_SAMPLE_RATE in the environment names no setting, did you mean TELEMETRY_SAMPLE_RATIO?",
            "TELEMETRY_SERVICE_PORT_8080_TCP in the environment names no setting",
            "TELEMETRY_SINK in the .env file names no setting, did you mean TELEMETRY_SINKS?",
        ]
    );
    assert_eq!(resolved.settings(), Resolver::new().resolve().unwrap().settings());
}

#[test]
fn the_user_of_an_address_is_masked() {
    const ROW: Setting = Setting::new(
        "COLLECTOR",
        Kind::Checked { accepted: "an address without user", check: |text| !text.contains('@') },
        "Where it goes.",
    );
    for (given, shown) in [
        ("http://me:pass@box/in", "http://***@box/in"),
        ("http://me:p@ss@box?x=@", "http://***@box?x=@"),
        ("me:pass@box", "me:pass@box"),
        ("http://box/@me", "http://box/@me"),
    ] {
        let environment = Environment::from([("TELEMETRY_COLLECTOR", given)]);
        let errors = Resolver::new().rows(&[ROW]).environment(environment).resolve().unwrap_err();
        let expected = format!("{shown:?} is not accepted, expected an address without user");
        assert!(errors.to_string().ends_with(&expected), "{errors}");
    }
}

#[test]
fn secrets_are_masked_in_errors_and_in_what_is_shown() {
    const TOKENS: Setting = Setting::new("TOKENS", Kind::Choices(&["hush-1"]), "Tokens.").secret();
    let with_tokens = Resolver::new().table(Table::builtin().with(&[TOKENS]).unwrap());
    let errors = with_tokens.clone().value("TOKENS", "hush-2").resolve().unwrap_err();
    assert!(errors.to_string().starts_with("TOKENS from code: \"***\" is not accepted, expected "));
    assert!(!format!("{errors:?}").contains("hush-2"));

    let resolved = with_tokens.value("TOKENS", "hush-1").resolve().unwrap();
    let token = resolved.get("TOKENS").unwrap();
    assert_eq!(token.to_string(), "***");
    assert_eq!(format!("{token:?}"), "TOKENS=*** (code)");
    assert_eq!(token.value().as_list(), Some(&["hush-1".to_owned()][..]));
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf_8_is_an_error() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    let name = OsString::from_vec(b"b\xffoks".to_vec());
    let environment = Environment::from([("TELEMETRY_SERVICE_NAME", name)]);
    let errors = Resolver::new().environment(environment).resolve().unwrap_err();
    assert_eq!(
        errors.to_string(),
        "SERVICE_NAME from TELEMETRY_SERVICE_NAME in the environment: \"b\u{fffd}oks\" is not accepted, expected a \
         text that is not blank in UTF-8"
    );
}
