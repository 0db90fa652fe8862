//! `telemetry check`: the settings as they resolve.

use std::io::Write;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use telemetry_core::settings::{DotEnv, Environment, Provenance, Resolved, Resolver, SettingsErrors, Tier};
use telemetry_core::sink::with_registered;

use crate::args::Check;
use crate::failure::Failure;
use crate::harmless::harmless;

/// Longer names push what follows; there are few.
const NAME_COLUMNS: usize = 22;

const NAME: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const CHANGED: Style = AnsiColor::Cyan.on_default();
const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default();

/// Prints every setting with its value and its tier, by the rules a service follows that starts here and now; success
/// where all of it is accepted.
pub(crate) fn check(args: &Check) -> Result<ExitCode, Failure> {
    telemetry_otlp::register()?;
    telemetry_sqlite::register()?;
    telemetry_viewer::register()?;
    let resolver = Resolver::new()
        .prefix(&args.prefix)
        .environment(Environment::process())
        .dotenv(DotEnv::file(&args.env_file));
    match with_registered(resolver).resolve() {
        Ok(resolved) => {
            show(&resolved, args)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(errors) => {
            complain(&errors)?;
            Ok(ExitCode::FAILURE)
        }
    }
}

fn show(resolved: &Resolved, args: &Check) -> std::io::Result<()> {
    let mut out = anstream::stdout().lock();
    let shown: Vec<_> =
        resolved.iter().filter(|value| !args.changed || value.tier() != Tier::Default).collect();
    let widest = shown.iter().map(|value| value.name().len()).max().unwrap_or(0).min(NAME_COLUMNS);
    for value in &shown {
        let name = format!("{:widest$}", value.name());
        let shown = value.to_string();
        let text = harmless(&shown);
        if value.tier() == Tier::Default {
            writeln!(out, "{FAINT}{name}  {text}{FAINT:#}")?;
        } else {
            writeln!(
                out,
                "{NAME}{name}{NAME:#}  {CHANGED}{text}{CHANGED:#}  {FAINT}{}{FAINT:#}",
                from(value.provenance())
            )?;
        }
        for hidden in value.hidden() {
            let (shown, from) = (hidden.to_string(), from(hidden.provenance()));
            writeln!(out, "{:widest$}  {FAINT}hides {} {from}{FAINT:#}", "", harmless(&shown))?;
        }
    }
    for warning in resolved.warnings() {
        writeln!(out, "{WARNING}warning:{WARNING:#} {warning}")?;
    }
    let changed = resolved.iter().filter(|value| value.tier() != Tier::Default).count();
    let defaults = resolved.iter().count() - changed;
    writeln!(out, "\n{changed} set, {defaults} at their defaults: a service would start with these.")?;
    if resolved.get("ENABLED").is_some_and(|value| value.value().as_bool() == Some(false)) {
        writeln!(out, "Telemetry is off: {}ENABLED=1 turns it on.", args.prefix)?;
    }
    out.flush()
}

/// Where a value came from, in few words.
fn from(provenance: &Provenance) -> String {
    let tier = match provenance.tier {
        Tier::Environment => "environment".to_owned(),
        Tier::OpenTelemetry => "standard environment".to_owned(),
        Tier::DotEnv => ".env".to_owned(),
        other => other.to_string(),
    };
    match &provenance.variable {
        Some(variable) => format!("({tier}: {variable})"),
        None => format!("({tier})"),
    }
}

fn complain(errors: &SettingsErrors) -> std::io::Result<()> {
    let mut out = anstream::stderr().lock();
    for error in errors {
        writeln!(out, "{ERROR}error:{ERROR:#} {error}")?;
    }
    for warning in errors.warnings() {
        writeln!(out, "{WARNING}warning:{WARNING:#} {warning}")?;
    }
    let count = errors.iter().count();
    let noun = if count == 1 { "setting is" } else { "settings are" };
    writeln!(out, "\n{count} {noun} wrong: a service would not start.")?;
    out.flush()
}
