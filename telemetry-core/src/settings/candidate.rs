//! The values the tiers give before the settings' types have seen them, and what is found wrong with them.

use super::environment::Environment;
use super::error::{Provenance, SettingError, SettingWarning, Tier};
use super::kind::Rejection;
use super::otel::{Equivalent, Reading};
use super::table::Setting;
use super::value::SettingValue;

/// What stands for a secret in messages.
pub(super) const MASK: &str = "***";

/// What was noticed on the way.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) errors: Vec<SettingError>,
    pub(super) warnings: Vec<SettingWarning>,
}

impl Findings {
    pub(super) fn reject(&mut self, row: &Setting, from: Provenance, value: String, rejection: Rejection) {
        let (value, entry) = if row.is_secret() {
            (MASK.to_owned(), None)
        } else {
            (without_password(value), rejection.entry)
        };
        let setting = row.name().to_owned();
        self.errors.push(SettingError::Invalid { setting, from, value, accepted: rejection.accepted, entry });
    }
}

/// The value with a mask over what an address says of its user, as in `http://user:password@host`.
pub(super) fn without_password(value: String) -> String {
    let user = value.find("://").map(|at| at + 3).and_then(|from| {
        let authority = value[from..].split(['/', '?', '#']).next()?;
        Some(from..from + authority.rfind('@')?)
    });
    match user {
        Some(user) => [&value[..user.start], MASK, &value[user.end..]].concat(),
        None => value,
    }
}

/// A value a tier gives, before the setting's type has seen it.
pub(super) struct Candidate {
    pub(super) from: Provenance,
    pub(super) given: Result<SettingValue, Refused>,
}

/// A value refused before the setting's type could see it.
pub(super) struct Refused {
    pub(super) value: String,
    /// What would have been accepted, where a mapping says so; else the value was not UTF-8.
    accepted: Option<&'static str>,
}

impl Refused {
    pub(super) fn accepted(&self, row: &Setting, more: &[String]) -> String {
        self.accepted.map_or_else(|| format!("{} in UTF-8", row.kind().accepted(more)), str::to_owned)
    }
}

impl Candidate {
    pub(super) fn without_variable(tier: Tier, value: SettingValue) -> Self {
        Self { from: Provenance { tier, variable: None }, given: Ok(value) }
    }

    pub(super) fn from_variable(tier: Tier, variable: &str, environment: &Environment) -> Option<Self> {
        let given = environment
            .get(variable)?
            .map(SettingValue::from)
            .map_err(|value| Refused { value, accepted: None });
        Some(Self { from: Provenance { tier, variable: Some(variable.to_owned()) }, given })
    }
}

/// The first of a setting's standard variables that says something.
pub(super) fn standard(
    row: &Setting,
    tier: Tier,
    environment: &Environment,
    found: &mut Findings,
) -> Option<Candidate> {
    let from = |variable: &str| Provenance { tier, variable: Some(variable.to_owned()) };
    row.standard().iter().find_map(|equivalent| match equivalent {
        Equivalent::Same(variable) => Candidate::from_variable(tier, variable, environment),
        Equivalent::Mapped(mapping) => match (mapping.read)(environment) {
            Reading::Absent => None,
            Reading::Value { variable, value } => Some(Candidate { from: from(variable), given: Ok(value) }),
            Reading::NoCounterpart { variable, value } => {
                let value = if row.is_secret() { MASK.to_owned() } else { value };
                let setting = row.name().to_owned();
                found.warnings.push(SettingWarning::NoCounterpart { setting, from: from(variable), value });
                None
            }
            Reading::Invalid { variable, value, accepted } => {
                let given = Err(Refused { value, accepted: Some(accepted) });
                Some(Candidate { from: from(variable), given })
            }
        },
    })
}
