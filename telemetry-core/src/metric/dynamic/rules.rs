//! The rules `metric!` checks when a program is compiled, for instruments made while it runs.

use super::builder::Declaration;
use super::error::RegisterError;
use crate::metric::snapshot::MetricKind;
use crate::metric::{buckets, rules};

const MAX_LIMIT: usize = 100_000;

/// Checks everything but the other instruments' names.
pub(super) fn check(declaration: &Declaration, kind: MetricKind) -> Result<(), RegisterError> {
    let name = || declaration.name.clone();
    let text = &*declaration.name;
    if !rules::is_metric_name(text) {
        return Err(RegisterError::InvalidName { name: name() });
    }
    if rules::is_own_name(text) {
        return Err(RegisterError::ReservedName { name: name() });
    }
    match (kind, rules::ends_in_total(text)) {
        (MetricKind::Counter, false) => return Err(RegisterError::CounterWithoutTotal { name: name() }),
        (MetricKind::Gauge, true) => return Err(RegisterError::GaugeWithTotal { name: name() }),
        _ => {}
    }
    if !rules::says_something(&declaration.help) {
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
    declaration.unit.clone().or_else(|| rules::base_unit(&declaration.name).map(str::to_owned))
}

fn check_unit(Declaration { name, unit, .. }: &Declaration) -> Result<(), RegisterError> {
    match unit {
        Some(unit) if !rules::is_metric_name(unit) => {
            Err(RegisterError::InvalidUnit { name: name.clone(), unit: unit.clone() })
        }
        Some(unit) if !rules::ends_in_unit(name, unit) => {
            Err(RegisterError::UnitNotTheSuffix { name: name.clone(), unit: unit.clone() })
        }
        _ => Ok(()),
    }
}

fn check_labels(Declaration { name, labels, .. }: &Declaration) -> Result<(), RegisterError> {
    for (at, label) in labels.iter().enumerate() {
        let (name, label) = (name.clone(), label.clone());
        if !rules::is_label_name(&label) {
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
