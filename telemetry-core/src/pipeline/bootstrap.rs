//! Starting from settings, and the spans of start and stop.

use std::fmt;

use super::builder::StartError;
use super::telemetry::Telemetry;
use crate::log_fields::LogFields;
use crate::record::{Origin, SpanKind};
use crate::sample::{RatioSample, of_traces_here};
use crate::settings::{Resolved, Resolver, Settings, SettingsErrors, Tier};
use crate::sink::{self, MemorySink, PrometheusSink, Sink};
use crate::span::{CallSite, Site, SpanBuilder, SpanGuard};
use crate::standard_error::say;

/// Why the pipeline could not be started from its settings.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ConfigureError {
    /// Settings are wrong; all of them are named.
    #[error(transparent)]
    Settings(#[from] SettingsErrors),
    /// A sink could not be made.
    #[error(transparent)]
    Sink(#[from] sink::BuildError),
    /// The pipeline could not be started.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// As it is displayed: a `main` that returns it tells what is wrong.
impl fmt::Debug for ConfigureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A pipeline that was started from settings, with the settings and the sinks that others need at hand.
#[derive(Debug)]
pub struct Bootstrap {
    /// The running pipeline.
    pub telemetry: Telemetry,
    /// What the settings came to.
    pub settings: Settings,
    /// The Prometheus sink, if it is among the sinks.
    pub prometheus: Option<PrometheusSink>,
    /// The memory sink, if it is among the sinks.
    pub memory: Option<MemorySink>,
    resolved: Resolved,
}

/// Starts the pipeline as the process's environment, its `.env` file and the defaults say. Nothing when it is not
/// enabled, as it is not by default.
///
/// # Errors
/// When settings are wrong (all mistakes are reported at once) or the pipeline cannot be started.
///
/// # Examples
/// ```
/// // TELEMETRY_ENABLED is not set here.
/// assert!(telemetry_core::configure_from_settings().unwrap().is_none());
/// ```
pub fn configure_from_settings() -> Result<Option<Bootstrap>, ConfigureError> {
    configure(Resolver::process(), None)
}

/// Starts the pipeline as `resolver` says, with values set in code, another prefix, or an environment of its own;
/// `version` is the service's. Warnings are told on standard error, also where there are errors.
///
/// # Errors
/// As for [`configure_from_settings`].
pub fn configure(resolver: Resolver, version: Option<&str>) -> Result<Option<Bootstrap>, ConfigureError> {
    let outcome = sink::with_registered(resolver).resolve();
    // A mistyped name often explains what is wrong, so warnings are told in either case.
    let warnings = outcome.as_ref().map_or_else(SettingsErrors::warnings, Resolved::warnings);
    for warning in warnings {
        say(warning);
    }
    let resolved = outcome?;
    let settings = resolved.settings();
    LogFields::set_automatic(settings.auto_log_correlation);
    settings.propagators.set_for_process();
    if !settings.enabled {
        return Ok(None);
    }
    let (mut prometheus, mut memory) = (None, None);
    let mut builder = Telemetry::builder()
        .resource(crate::settings::resource(&resolved, version))
        .drain_interval(settings.drain_interval)
        .ring_capacity(settings.span_ring_capacity);
    if let Some(most) = settings.sample_max_per_second {
        builder = builder.max_traces_per_second(most);
    }
    if let Ok(ratio) = RatioSample::new(settings.sample_ratio) {
        builder = builder.boxed_sampler(of_traces_here(ratio, settings.sample_max_per_second));
    }
    if let Some(keep) = settings.keep {
        builder = builder.keep(keep);
    }
    if let Some(filter) = &settings.filter {
        builder = builder.filter(filter.clone());
    }
    if let Some(evidence) = &settings.crash_evidence {
        builder = builder.crash_evidence(evidence.clone());
    }
    if settings.process_metrics {
        builder = builder.process_metrics();
    }
    for name in &settings.sinks {
        let sink: Box<dyn Sink> = match name.as_str() {
            "prometheus" => Box::new(prometheus.insert(PrometheusSink::new()).clone()),
            "memory" => Box::new(memory.insert(MemorySink::new()).clone()),
            name => sink::build_from(name, &resolved)?,
        };
        builder = builder.boxed_sink(sink);
    }
    let telemetry = builder.start()?;
    Ok(Some(Bootstrap { telemetry, settings, prometheus, memory, resolved }))
}

impl Bootstrap {
    /// Every setting with the tier it came from; secrets are masked when shown.
    pub const fn resolved(&self) -> &Resolved {
        &self.resolved
    }

    /// The span of the start: a root that is recorded whatever the sampler says, with the service's name and version
    /// and, as events, every setting that is not at its default. Hold it until the service is ready.
    pub fn startup_span(&self) -> SpanGuard {
        let span = startup_span(&self.telemetry);
        for value in self.resolved.iter().filter(|value| value.tier() != Tier::Default) {
            span.handle().event_dynamic(&format!("{}={value} ({})", value.name(), value.tier()));
        }
        span
    }
}

static ORIGIN: Origin = Origin {
    crate_name: env!("CARGO_PKG_NAME"),
    crate_version: env!("CARGO_PKG_VERSION"),
    module: module_path!(),
    file: file!(),
};

static STARTUP: CallSite = lifecycle("bootstrap");
static SHUTDOWN: CallSite = lifecycle("shutdown");

const fn lifecycle(name: &'static str) -> CallSite {
    CallSite::new(Site {
        name,
        kind: SpanKind::Internal,
        keys: &[],
        constants: &[],
        origin: &ORIGIN,
        line: line!(),
    })
}

/// The span of the start, with the service's name and version.
pub(super) fn startup_span(telemetry: &Telemetry) -> SpanGuard {
    let span = SpanBuilder::new(&STARTUP).root().always().enter();
    for key in ["service.name", "service.version"] {
        if let Some(crate::record::Value::Str(value)) = telemetry.resource().get(key) {
            span.handle().str(key, value);
        }
    }
    span
}

/// The span of the stop.
pub(super) fn shutdown_span() -> SpanGuard {
    SpanBuilder::new(&SHUTDOWN).root().always().enter()
}

impl Telemetry {
    /// The span of the start: a root that is recorded whatever the sampler says, with the service's name and version.
    /// Hold it until the service is ready, and record on it what else is worth knowing of the start.
    pub fn startup_span(&self) -> SpanGuard {
        startup_span(self)
    }

    /// The span of the stop: a root that is recorded whatever the sampler says. To be dropped before the shutdown.
    pub fn shutdown_span(&self) -> SpanGuard {
        shutdown_span()
    }
}
