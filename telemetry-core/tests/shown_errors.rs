//! What a `main` shows that returns an error of the start: its message, whole, and not how the error is made.
//!
//! One test in a program of its own: it registers a sink and starts the process's pipeline.

use std::error::Error;

use telemetry_core::settings::{Environment, Resolver};
use telemetry_core::sink::SinkError;
use telemetry_core::{ConfigureError, StartError, Telemetry, configure, sink};

/// As `main` shows what it returns.
fn shown(error: impl Into<Box<dyn Error>>) -> String {
    let returned: Box<dyn Error> = error.into();
    format!("Error: {returned:?}")
}

fn refused<const N: usize>(variables: [(&str, &str); N]) -> ConfigureError {
    configure(Resolver::new().environment(Environment::from(variables)), None).unwrap_err()
}

#[test]
fn a_main_that_returns_an_error_of_the_start_says_what_is_wrong() {
    let settings = refused([("TELEMETRY_ENABLED", "ja"), ("TELEMETRY_KEEP_MAX_SPANS", "0")]);
    assert_eq!(
        shown(settings),
        "Error: ENABLED from TELEMETRY_ENABLED in the environment: \"ja\" is not accepted, \
         expected 1, 0, true, false, yes, no, on or off\n\
         KEEP_MAX_SPANS from TELEMETRY_KEEP_MAX_SPANS in the environment: \"0\" is not accepted, \
         expected an integer from 1 to 16777216",
    );

    sink::register_fallible("broken", || Err(SinkError::Other("no room on the disk".into()))).unwrap();
    let sink = refused([("TELEMETRY_ENABLED", "1"), ("TELEMETRY_SINKS", "broken")]);
    assert_eq!(shown(sink), "Error: the sink \"broken\" could not be made: no room on the disk");

    let telemetry = Telemetry::builder().start().unwrap();
    let second: StartError = Telemetry::builder().start().unwrap_err();
    assert_eq!(
        shown(second),
        "Error: telemetry is already running in this process: shut it down before starting it again",
    );
    drop(telemetry);
}
