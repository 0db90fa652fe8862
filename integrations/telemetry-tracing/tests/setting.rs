//! `TELEMETRY_AUTO_LOG_CORRELATION` turns the fields of log lines off: for the process, so in a process of its own.

mod support;

use support::Written;
use telemetry_core::settings::{Environment, Resolver};
use telemetry_core::{LogFields, configure, span};
use telemetry_tracing::Correlated;

#[span]
fn logs() -> LogFields {
    tracing::info!("shelved");
    LogFields::current().expect("the helper gives them whatever the setting says")
}

fn start(correlation: &'static str) -> telemetry_core::Bootstrap {
    let environment = Environment::from([
        ("TELEMETRY_ENABLED", "1"),
        ("TELEMETRY_SAMPLE_RATIO", "1"),
        ("TELEMETRY_SINKS", "memory"),
        ("TELEMETRY_AUTO_LOG_CORRELATION", correlation),
    ]);
    configure(Resolver::new().environment(environment), None).unwrap().unwrap()
}

#[test]
fn the_setting_turns_them_off_and_on() {
    let written = Written::default();
    let format = tracing_subscriber::fmt().json().with_writer(written.clone());
    let subscriber = format.map_event_format(Correlated::json).finish();
    let _default = tracing::subscriber::set_default(subscriber);

    let off = start("off");
    assert!(!off.settings.auto_log_correlation);
    logs();
    drop(off);
    let on = start("on");
    let fields = logs();
    LogFields::set_automatic(false);
    logs();
    drop(on);

    let lines = written.json();
    assert_eq!(lines.len(), 3);
    for line in [&lines[0], &lines[2]] {
        assert!(LogFields::NAMES.iter().all(|name| line.get(name).is_none()), "{line}");
    }
    for (name, value) in fields.pairs() {
        assert_eq!(lines[1][name], value.to_string(), "{}", lines[1]);
    }
}
