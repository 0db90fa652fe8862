//! The switch turns the pairs off: for the process, so in a process of its own.

use std::sync::Mutex;

use log::kv::Key;
use log::{Log, Metadata, Record};
use telemetry_core::testing::Scope;
use telemetry_core::{LogFields, span};
use telemetry_log::Correlated;

/// Keeps whether each record has a trace identifier.
#[derive(Default)]
struct Seen(Mutex<Vec<bool>>);

impl Log for Seen {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        self.0.lock().unwrap().push(record.key_values().get(Key::from_str("trace_id")).is_some());
    }

    fn flush(&self) {}
}

#[span]
fn logs(logger: &Correlated<Seen>) {
    logger.log(&Record::builder().args(format_args!("shelved")).build());
}

#[test]
fn the_switch_turns_them_off_and_on() {
    let _scope = Scope::new();
    let logger = Correlated::new(Seen::default());
    for on in [true, false, true] {
        LogFields::set_automatic(on);
        logs(&logger);
    }
    assert_eq!(*logger.inner().0.lock().unwrap(), [true, false, true]);
}
