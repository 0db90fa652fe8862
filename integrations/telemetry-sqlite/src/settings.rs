//! The rows this crate adds to the table of settings, and what they come to.

use std::path::PathBuf;
use std::time::Duration;

use telemetry_core::settings::{DefaultValue, Kind, Resolved, ResolvedValue, Setting, SettingValue};

/// Every row, as [`register`](crate::register) adds them to the table.
pub const SETTINGS: &[Setting] = &[
    Setting::new("SQLITE_PATH", Kind::Text, "The file spans and metrics are kept in; it is made where there is none.")
        .default(DefaultValue::Fixed("telemetry.sqlite")),
    Setting::new(
        "SQLITE_MAX_AGE",
        Kind::Duration { min: Duration::from_secs(3600), max: Duration::from_secs(100 * 365 * 24 * 3600) },
        "How old spans and metrics may become before they are deleted.",
    )
    .default(DefaultValue::Fixed("168h")),
    Setting::new(
        "SQLITE_MAX_BYTES",
        Kind::Integer { min: 1 << 20, max: 1 << 46, power_of_two: false },
        "How large the file may become before the oldest spans and metrics are deleted, down to nine tenths of it.",
    )
    .default(DefaultValue::Fixed("1073741824")),
];

/// What is kept, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) path: PathBuf,
    pub(crate) max_age: Duration,
    pub(crate) max_bytes: u64,
}

impl Options {
    pub(crate) fn of(resolved: &Resolved) -> Self {
        let value = |name| resolved.get(name).map(ResolvedValue::value);
        let path = value("SQLITE_PATH").and_then(|value| value.as_text()).unwrap_or("telemetry.sqlite");
        let max_bytes = value("SQLITE_MAX_BYTES").and_then(|value| u64::try_from(value.as_integer()?).ok());
        Self {
            path: PathBuf::from(path),
            max_age: value("SQLITE_MAX_AGE")
                .and_then(SettingValue::as_duration)
                .unwrap_or(Duration::from_secs(168 * 3600)),
            max_bytes: max_bytes.unwrap_or(1 << 30),
        }
    }
}
