//! Settings: one table describes them, five tiers give their values, and every mistake is reported at once.
//!
//! The tiers, highest first: values set in code, the service's own variables (`TELEMETRY_*`, the prefix can be
//! changed), the standard `OTEL_*` variables where one means the same, a `.env` file, defaults. Nothing here reads
//! the process environment or a file unless [`Resolver`] is given it, and nothing is ever written to either.
//!
//! # Examples
//! ```
//! use telemetry_core::settings::{Environment, Resolver, Tier};
//!
//! let environment = Environment::from([("TELEMETRY_SAMPLE_RATIO", "0.5"), ("OTEL_SERVICE_NAME", "books")]);
//! let resolved = Resolver::new().value("DRAIN_INTERVAL", 0.25).environment(environment).resolve()?;
//! assert_eq!(resolved.get("SAMPLE_RATIO").unwrap().tier(), Tier::Environment);
//!
//! let settings = resolved.settings();
//! assert_eq!(settings.sample_ratio, 0.5);
//! assert_eq!(settings.service_name, "books");
//! assert_eq!(settings.drain_interval.as_millis(), 250);
//! assert!(!settings.enabled);
//! # Ok::<(), telemetry_core::settings::SettingsErrors>(())
//! ```

mod attributes;
mod builtin;
mod candidate;
mod dotenv;
mod environment;
mod error;
mod kind;
mod markdown;
mod otel;
mod resolve;
mod resolved;
mod resource;
mod table;
#[cfg(test)]
mod tests;
mod value;

pub use builtin::SINKS;
pub use dotenv::DotEnv;
pub use environment::Environment;
pub use error::{Provenance, SettingError, SettingWarning, SettingsErrors, Tier};
pub use kind::{Kind, Rejection};
pub use markdown::{INTEGRATIONS_HEADING, integration_markdown};
pub use otel::{Equivalent, Mapping, Reading};
pub use resolve::{DEFAULT_PREFIX, Resolver, Values};
pub use resolved::{HiddenValue, Resolved, ResolvedValue, Settings};
pub use resource::{instance_id, resource};
pub use table::{DefaultValue, Setting, Table, TableError};
pub use value::SettingValue;
