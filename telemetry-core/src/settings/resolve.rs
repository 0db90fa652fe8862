//! From the tiers to one value a setting.

use super::builtin::INTEGRATION_SINKS;
use super::candidate::{Candidate, Findings, standard};
use super::dotenv::DotEnv;
use super::environment::Environment;
use super::error::{Provenance, SettingError, SettingWarning, SettingsErrors, Tier};
use super::kind::Rejection;
use super::resolved::{HiddenValue, Resolved, ResolvedValue};
use super::table::{Setting, Table};
use super::value::SettingValue;
use crate::nearest::nearest;

/// What the service's own variables begin with, unless changed.
pub const DEFAULT_PREFIX: &str = "TELEMETRY_";

/// Values set in code, by setting; the last one set counts.
///
/// # Examples
/// ```
/// use telemetry_core::settings::{Resolver, Values};
///
/// let values = Values::new().set("ENABLED", true).set("SINKS", ["memory"]);
/// let settings = Resolver::new().values(&values).resolve()?.settings();
/// assert!(settings.enabled);
/// assert_eq!(settings.sinks, ["memory"]);
/// # Ok::<(), telemetry_core::settings::SettingsErrors>(())
/// ```
#[derive(Clone, Default)]
pub struct Values {
    values: Vec<(String, SettingValue)>,
}

impl Values {
    /// No values.
    pub const fn new() -> Self {
        Self { values: Vec::new() }
    }

    /// Sets a setting, by its name without prefix.
    #[must_use]
    pub fn set(mut self, name: impl Into<String>, value: impl Into<SettingValue>) -> Self {
        let (name, value) = (name.into(), value.into());
        self.values.retain(|(known, _)| *known != name);
        self.values.push((name, value));
        self
    }
}

/// Shows the names alone: values may be secret.
impl std::fmt::Debug for Values {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.values.iter().map(|(name, _)| name)).finish()
    }
}

/// Gathers the tiers and resolves them. A new one knows the built-in table and the defaults, and reads nothing else
/// until it is given it.
#[derive(Clone, Debug)]
pub struct Resolver {
    table: Table,
    prefix: String,
    values: Values,
    environment: Environment,
    dotenv: Option<DotEnv>,
    choices: Vec<(String, Vec<String>)>,
}

impl Default for Resolver {
    fn default() -> Self {
        Self::new()
    }
}

impl Resolver {
    /// The built-in table, and defaults alone.
    pub fn new() -> Self {
        Self {
            table: Table::builtin(),
            prefix: DEFAULT_PREFIX.to_owned(),
            values: Values::new(),
            environment: Environment::empty(),
            dotenv: None,
            choices: Vec::new(),
        }
    }

    /// All tiers of a service: the process's environment and `.env` in the working directory.
    pub fn process() -> Self {
        Self::new().environment(Environment::process()).dotenv(DotEnv::file(".env"))
    }

    /// Takes a table with more rows.
    #[must_use]
    pub fn table(mut self, table: Table) -> Self {
        self.table = table;
        self
    }

    /// Changes what the service's own variables begin with, separator included (`BOOKSTORE_`).
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Adds rows to the table, after those it has. A row whose name is there already changes nothing.
    #[must_use]
    pub fn rows(mut self, rows: &[Setting]) -> Self {
        self.table = self.table.with_missing(rows);
        self
    }

    /// Sets one setting in code, by its name without prefix.
    #[must_use]
    pub fn value(mut self, name: impl Into<String>, value: impl Into<SettingValue>) -> Self {
        self.values = self.values.set(name, value);
        self
    }

    /// Sets settings in code, over those set before.
    #[must_use]
    pub fn values(mut self, values: &Values) -> Self {
        for (name, value) in &values.values {
            self.values = self.values.set(name, value.clone());
        }
        self
    }

    /// Gives it variables, in place of those given before.
    #[must_use]
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Gives it a `.env` file, in place of the one given before.
    #[must_use]
    pub fn dotenv(mut self, dotenv: DotEnv) -> Self {
        self.dotenv = Some(dotenv);
        self
    }

    /// Adds words to the choices of a setting, such as registered sinks to `SINKS`. Those it has already change nothing.
    #[must_use]
    pub fn choices<S: Into<String>>(
        mut self,
        setting: impl Into<String>,
        words: impl IntoIterator<Item = S>,
    ) -> Self {
        self.choices.push((setting.into(), words.into_iter().map(Into::into).collect()));
        self
    }

    /// Resolves every setting. Each value given is checked, also one that a higher tier hides, so that a mistake does
    /// not wait for the day the other value goes away.
    ///
    /// # Errors
    /// Everything that is wrong, in every tier, at once.
    pub fn resolve(&self) -> Result<Resolved, SettingsErrors> {
        let mut found = Findings::default();
        let file = match &self.dotenv {
            Some(dotenv) => dotenv.read(&|variable| self.is_ours(variable), &mut found),
            None => Environment::empty(),
        };
        for (name, _) in &self.values.values {
            if self.table.get(name).is_none() {
                let known = self.table.rows().iter().map(Setting::name);
                let nearest = nearest(name, known).map(str::to_owned);
                found.errors.push(SettingError::Unknown { setting: name.clone(), nearest });
            }
        }
        let mut values: Vec<ResolvedValue> =
            self.table.rows().iter().filter_map(|row| self.resolve_row(row, &file, &mut found)).collect();
        prefer_service_name_of_higher_tier(&mut values);
        self.warn_of_unknown_names(&self.environment, Tier::Environment, &mut found);
        self.warn_of_unknown_names(&file, Tier::DotEnv, &mut found);
        if found.errors.is_empty() {
            Ok(Resolved { values, warnings: found.warnings })
        } else {
            Err(SettingsErrors { errors: found.errors, warnings: found.warnings })
        }
    }

    /// Whether a variable is for this service to read, or is a standard one.
    fn is_ours(&self, variable: &str) -> bool {
        match variable.strip_prefix(&self.prefix) {
            // Without a prefix only the names of the table are told from those of others.
            Some(name) if self.prefix.is_empty() => {
                self.table.get(name).is_some() || name.starts_with("OTEL_")
            }
            Some(_) => true,
            None => variable.starts_with("OTEL_"),
        }
    }

    fn resolve_row(&self, row: &Setting, file: &Environment, found: &mut Findings) -> Option<ResolvedValue> {
        let more: Vec<String> = self
            .choices
            .iter()
            .filter(|(setting, _)| setting == row.name())
            .flat_map(|(_, words)| words.iter().cloned())
            .collect();
        let code = self.values.values.iter().find(|(name, _)| name == row.name());
        let own = format!("{}{}", self.prefix, row.name());
        let candidates = [
            code.map(|(_, value)| Candidate::without_variable(Tier::Code, value.clone())),
            Candidate::from_variable(Tier::Environment, &own, &self.environment),
            standard(row, Tier::OpenTelemetry, &self.environment, found),
            Candidate::from_variable(Tier::DotEnv, &own, file),
            standard(row, Tier::DotEnv, file, found),
            row.default_text().map(|text| Candidate::without_variable(Tier::Default, text.into())),
        ];
        let mut winner: Option<ResolvedValue> = None;
        for Candidate { from, given } in candidates.into_iter().flatten() {
            let checked = match &given {
                Ok(value) => row.kind().accept(value, &more),
                Err(refused) => Err(Rejection { accepted: refused.accepted(row, &more), entry: None }),
            };
            match checked {
                Ok(value) => match &mut winner {
                    None => winner = Some(ResolvedValue { setting: *row, value, from, hidden: Vec::new() }),
                    Some(winner) if from.tier != Tier::Default => {
                        winner.hidden.push(HiddenValue { setting: *row, value, from });
                    }
                    Some(_) => {}
                },
                Err(mut rejection) => {
                    name_integration(row, &mut rejection);
                    let value = given.map_or_else(|refused| refused.value, |value| value.to_string());
                    found.reject(row, from, value, rejection);
                }
            }
        }
        winner
    }

    fn warn_of_unknown_names(&self, environment: &Environment, tier: Tier, found: &mut Findings) {
        if self.prefix.is_empty() {
            return;
        }
        for variable in environment.names() {
            let Some(name) = variable.strip_prefix(&self.prefix) else { continue };
            if self.table.get(name).is_none() {
                let nearest = nearest(name, self.table.rows().iter().map(Setting::name))
                    .map(|known| format!("{}{known}", self.prefix));
                let from = Provenance { tier, variable: Some(variable.to_owned()) };
                found.warnings.push(SettingWarning::Unknown { from, nearest });
            }
        }
    }
}

/// Says of a sink that is not of the core where it comes from.
fn name_integration(row: &Setting, rejection: &mut Rejection) {
    if let Some((sink, nearest)) = rejection.entry.as_mut().filter(|_| row.name() == "SINKS")
        && INTEGRATION_SINKS.contains(&sink.as_str())
    {
        *nearest = None;
        let origin = format!("{sink} comes with an integration, to be registered under that name");
        rejection.accepted = [rejection.accepted.as_str(), &origin].join("; ");
    }
}

/// The standard lets `service.name` stand among the resource attributes too, below a name of its own; so it counts
/// where its tier is the higher one.
fn prefer_service_name_of_higher_tier(values: &mut [ResolvedValue]) {
    let attributes = values.iter().find(|value| value.name() == "RESOURCE_ATTRIBUTES");
    let Some((name, from)) = attributes.and_then(|value| {
        let pairs = value.value().as_attributes()?;
        let (_, name) = pairs.iter().rfind(|(key, name)| key == "service.name" && !name.trim().is_empty())?;
        Some((name.clone(), value.from.clone()))
    }) else {
        return;
    };
    let own = values.iter_mut().find(|value| value.name() == "SERVICE_NAME");
    if let Some(own) = own.filter(|own| own.tier() < from.tier) {
        own.value = SettingValue::Text(name);
        own.from = from;
    }
}
