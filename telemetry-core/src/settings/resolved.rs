//! What the settings came to, each with the tier it came from.

use std::fmt;
use std::time::Duration;

use super::candidate::{MASK, without_password};
use super::error::{Provenance, SettingWarning, Tier};
use super::table::Setting;
use super::value::SettingValue;
use crate::evidence::CrashEvidence;
use crate::filter::Filter;
use crate::keep::KeepTraces;
use crate::propagate::Propagators;

/// Every setting that has a value.
#[derive(Clone, Debug)]
pub struct Resolved {
    pub(super) values: Vec<ResolvedValue>,
    pub(super) warnings: Vec<SettingWarning>,
}

impl Resolved {
    /// A setting's value and tier, by its name without prefix; none where nobody set one without a default.
    pub fn get(&self, name: &str) -> Option<&ResolvedValue> {
        self.values.iter().find(|value| value.name() == name)
    }

    /// All values, in the order of the table.
    pub fn iter(&self) -> std::slice::Iter<'_, ResolvedValue> {
        self.values.iter()
    }

    /// What the user should be told.
    pub fn warnings(&self) -> &[SettingWarning] {
        &self.warnings
    }

    /// The built-in settings, typed.
    pub fn settings(&self) -> Settings {
        let integer = self.required("SPAN_RING_CAPACITY", SettingValue::as_integer);
        Settings {
            enabled: self.required("ENABLED", SettingValue::as_bool),
            service_name: self.required("SERVICE_NAME", |value| value.as_text().map(str::to_owned)),
            sample_ratio: self.required("SAMPLE_RATIO", SettingValue::as_float),
            sample_max_per_second: self
                .get("SAMPLE_MAX_PER_SECOND")
                .and_then(|value| u16::try_from(value.value.as_integer()?).ok()),
            keep: self.keep(),
            drain_interval: self.required("DRAIN_INTERVAL", SettingValue::as_duration),
            propagators: self.required("PROPAGATORS", |value| Propagators::of_words(value.as_list()?).ok()),
            extract_traceparent: self.required("EXTRACT_TRACEPARENT", SettingValue::as_bool),
            stability_opt_in: self
                .get("SEMCONV_STABILITY_OPT_IN")
                .and_then(|value| value.value.as_text().map(str::to_owned)),
            sinks: self.required("SINKS", |value| value.as_list().map(<[String]>::to_vec)),
            span_ring_capacity: integer as usize,
            auto_log_correlation: self.required("AUTO_LOG_CORRELATION", SettingValue::as_bool),
            process_metrics: self.required("PROCESS_METRICS", SettingValue::as_bool),
            crash_evidence: self.crash_evidence(),
            filter: self.get("FILTER").and_then(|value| value.value.as_text()?.parse().ok()),
        }
    }

    fn keep(&self) -> Option<KeepTraces> {
        let slower_than = self.get("KEEP_SLOWER_THAN").and_then(|value| value.value.as_duration());
        let keep = match (self.required("KEEP_FAILED", SettingValue::as_bool), slower_than) {
            (true, Some(least)) => KeepTraces::failed_or_slower_than(least),
            (true, None) => KeepTraces::failed(),
            (false, Some(least)) => KeepTraces::slower_than(least),
            (false, None) => return None,
        };
        let spans = self.required("KEEP_MAX_SPANS", SettingValue::as_integer);
        Some(keep.max_spans(spans as usize).max_age(self.required("KEEP_MAX_AGE", SettingValue::as_duration)))
    }

    fn crash_evidence(&self) -> Option<CrashEvidence> {
        let directory = self.get("CRASH_EVIDENCE_DIRECTORY")?.value.as_text()?;
        let keep = self.required("CRASH_EVIDENCE_KEEP", SettingValue::as_integer);
        let evidence = CrashEvidence::in_directory(directory)
            .ring_in_file(self.required("CRASH_EVIDENCE_RING_IN_FILE", SettingValue::as_bool))
            .signals(self.required("CRASH_EVIDENCE_SIGNALS", SettingValue::as_bool))
            .keep(keep as usize);
        Some(evidence)
    }

    fn required<T>(&self, name: &str, read: impl Fn(&SettingValue) -> Option<T>) -> T {
        match self.get(name).and_then(|value| read(&value.value)) {
            Some(value) => value,
            // Every table starts from the built-in rows, and their defaults are of their types.
            None => unreachable!("the built-in setting {name} has a default of its own type"),
        }
    }
}

impl<'a> IntoIterator for &'a Resolved {
    type Item = &'a ResolvedValue;
    type IntoIter = std::slice::Iter<'a, ResolvedValue>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The value of one setting, and where it came from. Displayed masked where the setting is secret, and without the
/// password of an address.
#[derive(Clone)]
pub struct ResolvedValue {
    pub(super) setting: Setting,
    pub(super) value: SettingValue,
    pub(super) from: Provenance,
    pub(super) hidden: Vec<HiddenValue>,
}

/// A value of a lower tier, which the one in force hides. Displayed masked where the setting is secret.
#[derive(Clone)]
pub struct HiddenValue {
    pub(super) setting: Setting,
    pub(super) value: SettingValue,
    pub(super) from: Provenance,
}

impl HiddenValue {
    /// The tier and the variable it came from.
    pub const fn provenance(&self) -> &Provenance {
        &self.from
    }
}

impl fmt::Display for HiddenValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.setting, &self.value))
    }
}

impl fmt::Debug for HiddenValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={self} ({})", self.setting.name(), self.from)
    }
}

/// A value as anybody may see it: without secrets, and without the password of an address.
fn shown(setting: &Setting, value: &SettingValue) -> String {
    if setting.is_secret() { MASK.to_owned() } else { without_password(value.to_string()) }
}

impl ResolvedValue {
    /// The setting's name, without prefix.
    pub const fn name(&self) -> &'static str {
        self.setting.name()
    }

    /// The value itself, never masked.
    pub const fn value(&self) -> &SettingValue {
        &self.value
    }

    /// The tier it came from.
    pub const fn tier(&self) -> Tier {
        self.from.tier
    }

    /// The tier and the variable it came from.
    pub const fn provenance(&self) -> &Provenance {
        &self.from
    }

    /// The values that other tiers give, the higher ones first; what holds when nobody says anything is not among them.
    pub fn hidden(&self) -> &[HiddenValue] {
        &self.hidden
    }

    /// Whether the value must not be shown.
    pub const fn is_secret(&self) -> bool {
        self.setting.is_secret()
    }
}

impl fmt::Display for ResolvedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.setting, &self.value))
    }
}

impl fmt::Debug for ResolvedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={self} ({})", self.name(), self.from)
    }
}

/// The built-in settings, typed and within their ranges.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
#[non_exhaustive]
pub struct Settings {
    /// Whether anything is recorded.
    pub enabled: bool,
    /// The name of the service.
    pub service_name: String,
    /// The share of traces recorded, from 0 to 1.
    pub sample_ratio: f64,
    /// The most traces recorded in any second, of those that begin here; no limit where none.
    pub sample_max_per_second: Option<u16>,
    /// Which traces are kept for how they end, of those that the sampler does not want; none where none.
    pub keep: Option<KeepTraces>,
    /// How often spans and metrics are handed to the sinks, from 10 ms to 300 s.
    pub drain_interval: Duration,
    /// By which headers contexts go from process to process.
    pub propagators: Propagators,
    /// Whether a request's `traceparent` header is continued.
    pub extract_traceparent: bool,
    /// Which conventions of OpenTelemetry's that have become stable are followed, separated by commas.
    pub stability_opt_in: Option<String>,
    /// The sinks by name, each once.
    pub sinks: Vec<String>,
    /// The slots of the span ring, a power of two.
    pub span_ring_capacity: usize,
    /// Whether log lines written inside a span carry its identifiers.
    pub auto_log_correlation: bool,
    /// Whether the process's own figures are among the metrics.
    pub process_metrics: bool,
    /// Where evidence of crashes goes; nowhere where none.
    pub crash_evidence: Option<CrashEvidence>,
    /// Which call sites record; all where none.
    pub filter: Option<Filter>,
}
