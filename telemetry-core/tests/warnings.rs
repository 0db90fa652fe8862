//! What a start from settings that are wrong tells on standard error.
//!
//! One test in a program of its own, which starts itself again with such settings.

use std::process::Command;

use telemetry_core::settings::{Environment, Resolver};
use telemetry_core::{ConfigureError, configure};

const CHILD: &str = "WARNINGS_CHILD";

#[test]
fn warnings_are_told_beside_errors() {
    if std::env::var_os(CHILD).is_some() {
        let environment =
            Environment::from([("TELEMETRY_SAMPLE_RATE", "0.5"), ("TELEMETRY_DRAIN_INTERVAL", "1ms")]);
        let error = configure(Resolver::new().environment(environment), None).unwrap_err();
        assert!(matches!(error, ConfigureError::Settings(_)), "{error}");
        return;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.arg("--nocapture").env(CHILD, "1").output().unwrap();
    assert!(output.status.success());
    let stderr = String::from_utf8_lossy(&output.stderr);
    let warning =
        "TELEMETRY_SAMPLE_RATE in the environment names no setting, did you mean TELEMETRY_SAMPLE_RATIO?";
    assert!(stderr.contains(warning), "{stderr}");
}
