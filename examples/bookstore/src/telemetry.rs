//! What this program does by default where its user has said nothing.

use std::io::IsTerminal;
use std::time::Duration;

use telemetry_core::settings::{Resolver, SettingValue, Tier};
use telemetry_core::sink;
use telemetry_core::{Bootstrap, ConfigureError, configure};

use crate::args::{Args, InventoryArgs};

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
    let facts = Facts {
        driving: args.drive.is_some(),
        debug: cfg!(debug_assertions),
        on_terminal: std::io::stdout().is_terminal(),
    };
    configure(with_defaults(chosen(args.sinks.as_ref()), facts), Some(env!("CARGO_PKG_VERSION")))
}

/// Starts telemetry of the inventory: everything is recorded that its callers record, and all that begins here.
///
/// # Errors
/// As for [`start`].
pub fn start_inventory(args: &InventoryArgs) -> Result<Option<Bootstrap>, ConfigureError> {
    let facts = Facts { driving: false, debug: true, on_terminal: std::io::stdout().is_terminal() };
    let mut resolver = chosen(args.sinks.as_ref());
    let said = sink::with_registered(resolver.clone()).resolve();
    if said.is_ok_and(|said| said.get("SERVICE_NAME").is_none_or(|name| name.tier() == Tier::Default)) {
        resolver = resolver.value("SERVICE_NAME", "inventory");
    }
    configure(with_defaults(resolver, facts), Some(env!("CARGO_PKG_VERSION")))
}

/// The settings of this process, with the sinks of its command line.
fn chosen(sinks: Option<&Vec<String>>) -> Resolver {
    match sinks {
        Some(sinks) => Resolver::process().value("SINKS", sinks.clone()),
        None => Resolver::process(),
    }
}

/// What the defaults depend on.
#[derive(Clone, Copy, Debug)]
struct Facts {
    driving: bool,
    debug: bool,
    on_terminal: bool,
}

fn with_defaults(resolver: Resolver, facts: Facts) -> Resolver {
    // Where something is wrong, the start says so, and of everything at once.
    let Ok(said) = sink::with_registered(resolver.clone()).resolve() else { return resolver };
    let everything = facts.driving || facts.debug;
    let mut defaults: Vec<(&str, SettingValue)> = vec![
        ("ENABLED", true.into()),
        ("SERVICE_NAME", "bookstore".into()),
        ("SAMPLE_RATIO", if everything { 1.0 } else { RELEASE_RATIO }.into()),
    ];
    if facts.driving {
        defaults.push(("DRAIN_INTERVAL", DRIVE_INTERVAL.into()));
    }
    if facts.driving || (facts.debug && facts.on_terminal) {
        // What is kept in memory shows a trace over two processes.
        let drawn: &[&str] =
            if facts.driving { &["prometheus", "tty", "memory"] } else { &["prometheus", "tty"] };
        defaults.push(("SINKS", drawn.iter().map(|&name| name.to_owned()).collect::<Vec<_>>().into()));
    }
    let unsaid = |name: &str| said.get(name).is_none_or(|value| value.tier() == Tier::Default);
    defaults
        .into_iter()
        .filter(|(name, _)| unsaid(name))
        .fold(resolver, |resolver, (name, value)| resolver.value(name, value))
}

#[cfg(test)]
mod tests {
    use telemetry_core::settings::{Environment, Settings};

    use super::*;

    const RELEASE: Facts = Facts { driving: false, debug: false, on_terminal: true };

    fn settings(environment: &[(&str, &str)], facts: Facts) -> Settings {
        let resolver = Resolver::new().environment(environment.iter().copied().collect::<Environment>());
        with_defaults(resolver, facts).resolve().unwrap().settings()
    }

    #[test]
    fn a_release_build_records_one_trace_in_twenty_and_all_others_everything() {
        let ratio = |facts| settings(&[], facts).sample_ratio;
        assert!((ratio(RELEASE) - 0.05).abs() < f64::EPSILON);
        assert!((ratio(Facts { debug: true, ..RELEASE }) - 1.0).abs() < f64::EPSILON);
        assert!((ratio(Facts { driving: true, ..RELEASE }) - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn traces_are_drawn_by_a_drive_and_by_a_debug_build_on_a_terminal() {
        let drawn = |facts| settings(&[], facts).sinks.iter().any(|sink| sink == "tty");
        assert!(drawn(Facts { driving: true, on_terminal: false, ..RELEASE }));
        assert!(drawn(Facts { debug: true, ..RELEASE }));
        assert!(!drawn(Facts { debug: true, on_terminal: false, ..RELEASE }));
        assert!(!drawn(RELEASE));
    }

    #[test]
    fn what_the_environment_says_comes_first() {
        let said = [
            ("TELEMETRY_ENABLED", "0"),
            ("TELEMETRY_SAMPLE_RATIO", "0.5"),
            ("OTEL_SERVICE_NAME", "corner-shop"),
            ("TELEMETRY_SINKS", "memory"),
        ];
        let settings = settings(&said, Facts { driving: true, ..RELEASE });
        assert!(!settings.enabled);
        assert!((settings.sample_ratio - 0.5).abs() < f64::EPSILON);
        assert_eq!(settings.service_name, "corner-shop");
        assert_eq!(settings.sinks, ["memory"]);
    }
}
