//! What this program does by default where its user has said nothing.

use std::io::IsTerminal;
use std::time::Duration;

use telemetry_core::settings::{Resolver, SettingsErrors, Tier};
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
    configure(with_defaults(Resolver::process(), args)?, Some(env!("CARGO_PKG_VERSION")))
}

fn with_defaults(resolver: Resolver, args: &Args) -> Result<Resolver, SettingsErrors> {
    let said = resolver.clone().choices("SINKS", sink::known()).resolve()?;
    let unsaid = |name| said.get(name).is_none_or(|value| value.tier() == Tier::Default);
    let everything = args.drive.is_some() || cfg!(debug_assertions);
    let on_terminal = cfg!(debug_assertions) && std::io::stdout().is_terminal();
    let mut resolver = resolver;
    if unsaid("ENABLED") {
        resolver = resolver.value("ENABLED", true);
    }
    if unsaid("SERVICE_NAME") {
        resolver = resolver.value("SERVICE_NAME", "bookstore");
    }
    if unsaid("SAMPLE_RATIO") {
        resolver = resolver.value("SAMPLE_RATIO", if everything { 1.0 } else { RELEASE_RATIO });
    }
    if unsaid("DRAIN_INTERVAL") && args.drive.is_some() {
        resolver = resolver.value("DRAIN_INTERVAL", DRIVE_INTERVAL);
    }
    if let Some(sinks) = &args.sinks {
        resolver = resolver.value("SINKS", sinks.clone());
    } else if unsaid("SINKS") && (args.drive.is_some() || on_terminal) {
        resolver = resolver.value("SINKS", vec!["prometheus".to_owned(), "tty".to_owned()]);
    }
    Ok(resolver)
}
