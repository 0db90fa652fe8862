//! What a program can measure, told before it has measured anything: for dashboards and alert rules that are made from
//! the code, or held against it.

use std::borrow::Cow;

use serde_json::{Value as Json, json};

use super::instrument::Descriptor;
use super::local;
use super::own::{self, Figure};
use super::registry;
use super::snapshot::MetricKind;

/// The version of the JSON's schema; it grows when a field changes its meaning or goes.
const SCHEMA_VERSION: u32 = 1;

/// Every instrument of a program.
///
/// # Examples
/// ```
/// use telemetry_core::metric;
/// use telemetry_core::metric::manifest::Manifest;
///
/// metric! {
///     /// Books looked up, by whether they were in memory.
///     pub static LOOKUPS: Counter = "archive_lookups_total" { cached: bool, shelf: str };
/// }
///
/// let manifest = Manifest::current();
/// let lookups = manifest.instruments.iter().find(|one| one.name == "archive_lookups_total").unwrap();
/// assert_eq!(lookups.help, "Books looked up, by whether they were in memory.");
/// assert_eq!(lookups.labels[0].values, ["false", "true"]);
/// assert_eq!(lookups.labels[1].name, "shelf");
/// assert!(lookups.labels[1].values.is_empty()); // any text
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Manifest {
    /// One entry an instrument, sorted by name.
    pub instruments: Vec<Instrument>,
}

/// What was declared of an instrument.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Instrument {
    /// The full name, `_total` and unit included.
    pub name: Cow<'static, str>,
    /// Its type.
    pub kind: MetricKind,
    /// What it measures, for a person.
    pub help: Cow<'static, str>,
    /// The unit, where one was declared (`seconds`, `bytes`).
    pub unit: Option<Cow<'static, str>>,
    /// Its labels, in the order of the declaration.
    pub labels: Vec<InstrumentLabel>,
    /// A histogram's upper bounds, strictly increasing, without the infinite one; none for others.
    pub bounds: Vec<f64>,
    /// The crate that declared it; empty where one made at run time says none.
    pub crate_name: Cow<'static, str>,
    /// That crate's version.
    pub crate_version: Cow<'static, str>,
}

/// A label of an instrument.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstrumentLabel {
    /// Its name.
    pub name: Cow<'static, str>,
    /// Every value it can have; none where any text is one.
    pub values: Vec<Cow<'static, str>>,
}

impl Manifest {
    /// The instruments that [`metric!`](crate::metric!) declared in this program, those made at run time so far in
    /// [`Registry::current`](super::dynamic::Registry::current), and the framework's own figures, `telemetry_*`.
    ///
    /// It says the same whether telemetry is started, enabled or neither. An instrument that the registry refused, its
    /// name being another's, is not among them; [`check`](super::check) tells of it.
    pub fn current() -> Self {
        let declared = registry::entries().into_iter().map(|entry| Instrument::from(&entry.core.descriptor));
        let made = local::store().dynamic.instruments();
        let mut instruments: Vec<_> =
            declared.chain(made).chain(own::ALL.iter().map(Instrument::from)).collect();
        instruments.sort_by(|one, other| one.name.cmp(&other.name));
        Self { instruments }
    }

    /// The manifest as a JSON object, on several lines.
    ///
    /// `{"schema": 1, "metrics": […]}`, each with `name`, `type` (`counter`, `gauge`, `histogram`), `help`, `unit` (a text
    /// or null), `labels` (of `{name, values}`, the values null where any text is one), `buckets` (upper bounds without
    /// the infinite one; null unless it is a histogram) and `scope` (`{name, version}` of the crate).
    ///
    /// # Examples
    /// ```
    /// use telemetry_core::metric::manifest::Manifest;
    ///
    /// assert!(Manifest::current().to_json().contains("\"name\": \"telemetry_spans_started_total\""));
    /// ```
    pub fn to_json(&self) -> String {
        let metrics: Vec<Json> = self.instruments.iter().map(Instrument::to_json).collect();
        format!("{:#}", json!({ "schema": SCHEMA_VERSION, "metrics": metrics }))
    }
}

impl Instrument {
    fn to_json(&self) -> Json {
        let labels: Vec<Json> = self.labels.iter().map(InstrumentLabel::to_json).collect();
        json!({
            "name": self.name,
            "type": self.kind.as_str(),
            "help": self.help,
            "unit": self.unit,
            "labels": labels,
            "buckets": (self.kind == MetricKind::Histogram).then_some(&self.bounds),
            "scope": { "name": self.crate_name, "version": self.crate_version },
        })
    }
}

impl InstrumentLabel {
    /// A label that any text is a value of.
    pub(super) fn text(name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), values: Vec::new() }
    }

    fn to_json(&self) -> Json {
        json!({ "name": self.name, "values": (!self.values.is_empty()).then_some(&self.values) })
    }
}

impl From<&Descriptor> for Instrument {
    fn from(descriptor: &Descriptor) -> Self {
        let labels = descriptor.label_names.iter().zip(descriptor.label_values).map(|(name, values)| {
            let values = values.iter().map(|value| Cow::Borrowed(*value)).collect();
            InstrumentLabel { name: Cow::Borrowed(name), values }
        });
        Self {
            name: descriptor.name.into(),
            kind: descriptor.kind,
            help: descriptor.help.into(),
            unit: descriptor.unit.map(Cow::Borrowed),
            labels: labels.collect(),
            bounds: descriptor.bounds.to_vec(),
            crate_name: descriptor.crate_name.into(),
            crate_version: descriptor.crate_version.into(),
        }
    }
}

impl From<&Figure> for Instrument {
    fn from(figure: &Figure) -> Self {
        Self {
            name: figure.name.into(),
            kind: figure.kind,
            help: figure.help.into(),
            unit: figure.unit.map(Cow::Borrowed),
            labels: figure.labels.iter().copied().map(InstrumentLabel::text).collect(),
            bounds: figure.bounds.to_vec(),
            crate_name: env!("CARGO_PKG_NAME").into(),
            crate_version: env!("CARGO_PKG_VERSION").into(),
        }
    }
}
