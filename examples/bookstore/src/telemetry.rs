//! What this program does by default where its user has said nothing.

use std::io::IsTerminal;
use std::time::Duration;

use telemetry_core::settings::{Resolved, Resolver, SettingValue, Tier};
use telemetry_core::sink;
use telemetry_core::{Bootstrap, ConfigureError, configure};

use crate::args::Args;

/// One trace in twenty is recorded by a release build that serves.
const RELEASE_RATIO: f64 = 0.05;
/// How often a drive shows the traces that have come together.
const DRIVE_INTERVAL: Duration = Duration::from_millis(200);

/// Starts telemetry. Everything is recorded in a drive and by a debug build, one trace in twenty otherwise; the sinks
/// are the exposition, and the terminal for a drive and for a debug build on one. `TELEMETRY_*` settings come before
/// all that: nothing is started with `TELEMETRY_ENABLED=0`.
///
/// # Errors
/// A setting has a bad value, or telemetry cannot be started.
pub fn start(args: &Args) -> Result<Option<Bootstrap>, ConfigureError> {
    let mut resolver = Resolver::process();
    if let Some(sinks) = &args.sinks {
        resolver = resolver.value("SINKS", sinks.clone());
    }
    // Where something is wrong, `configure` says so, and of everything at once.
    if let Ok(said) = resolver.clone().choices("SINKS", sink::known()).resolve() {
        resolver = with_defaults(resolver, &said, args);
    }
    configure(resolver, Some(env!("CARGO_PKG_VERSION")))
}

fn with_defaults(mut resolver: Resolver, said: &Resolved, args: &Args) -> Resolver {
    let driving = args.drive.is_some();
    let everything = driving || cfg!(debug_assertions);
    let drawn = driving || (cfg!(debug_assertions) && std::io::stdout().is_terminal());
    let mut unless_said = |name: &str, value: SettingValue| {
        if said.get(name).is_none_or(|value| value.tier() == Tier::Default) {
            resolver = resolver.clone().value(name, value);
        }
    };
    unless_said("ENABLED", true.into());
    unless_said("SERVICE_NAME", "bookstore".into());
    unless_said("SAMPLE_RATIO", if everything { 1.0 } else { RELEASE_RATIO }.into());
    if driving {
        unless_said("DRAIN_INTERVAL", DRIVE_INTERVAL.into());
    }
    if drawn {
        unless_said("SINKS", ["prometheus", "tty"].into());
    }
    resolver
}
