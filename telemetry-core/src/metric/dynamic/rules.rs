//! The rules `metric!` checks when a program is compiled, for instruments made while it runs.

use super::builder::Declaration;
use super::error::RegisterError;
use crate::metric::buckets;
use crate::metric::snapshot::MetricKind;

/// Units a name may end in without a declaration.
const BASE_UNITS: [&str; 10] =
    ["seconds", "bytes", "ratio", "celsius", "meters", "grams", "joules", "volts", "amperes", "hertz"];
const MAX_LIMIT: usize = 100_000;

/// Checks everything but the other instruments' names.
pub(super) fn check(declaration: &Declaration, kind: MetricKind) -> Result<(), RegisterError> {
    let name = || declaration.name.clone();
    let text = &*declaration.name;
    if !is_name(text, true) {
        return Err(RegisterError::InvalidName { name: name() });
    }
    if text.starts_with("telemetry_") {
        return Err(RegisterError::ReservedName { name: name() });
    }
    match (kind, text.ends_with("_total")) {
        (MetricKind::Counter, false) => return Err(RegisterError::CounterWithoutTotal { name: name() }),
        (MetricKind::Gauge, true) => return Err(RegisterError::GaugeWithTotal { name: name() }),
        _ => {}
    }
    if declaration.help.trim().is_empty() {
        return Err(RegisterError::MissingHelp { name: name() });
    }
    check_unit(declaration)?;
    check_labels(declaration)?;
    if kind == MetricKind::Histogram && !buckets::are_valid(&declaration.bounds) {
        return Err(RegisterError::InvalidBuckets { name: name() });
    }
    if !(1..=MAX_LIMIT).contains(&declaration.limit) {
        return Err(RegisterError::InvalidLimit { name: name(), limit: declaration.limit });
    }
    Ok(())
}

/// The unit that was declared, or the base unit the name ends in.
pub(super) fn unit(declaration: &Declaration) -> Option<String> {
    let stem = stem(&declaration.name);
    let base = || BASE_UNITS.iter().find(|unit| ends_in(stem, unit)).map(|unit| (*unit).to_owned());
    declaration.unit.clone().or_else(base)
}

fn check_unit(Declaration { name, unit, .. }: &Declaration) -> Result<(), RegisterError> {
    match unit {
        Some(unit) if !is_name(unit, true) => {
            Err(RegisterError::InvalidUnit { name: name.clone(), unit: unit.clone() })
        }
        Some(unit) if !ends_in(stem(name), unit) => {
            Err(RegisterError::UnitNotTheSuffix { name: name.clone(), unit: unit.clone() })
        }
        _ => Ok(()),
    }
}

fn check_labels(Declaration { name, labels, .. }: &Declaration) -> Result<(), RegisterError> {
    for (at, label) in labels.iter().enumerate() {
        let (name, label) = (name.clone(), label.clone());
        if !is_name(&label, false) {
            return Err(RegisterError::InvalidLabel { name, label });
        }
        if matches!(&*label, "le" | "quantile" | "otel_metric_overflow") || label.starts_with("__") {
            return Err(RegisterError::ReservedLabel { name, label });
        }
        if labels[..at].contains(&label) {
            return Err(RegisterError::RepeatedLabel { name, label });
        }
    }
    Ok(())
}

fn stem(name: &str) -> &str {
    name.strip_suffix("_total").unwrap_or(name)
}

fn ends_in(stem: &str, unit: &str) -> bool {
    stem.strip_suffix(unit).is_some_and(|rest| rest.len() > 1 && rest.ends_with('_'))
}

fn is_name(text: &str, colons: bool) -> bool {
    text.starts_with(|first: char| !first.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || colons && c == ':')
}
