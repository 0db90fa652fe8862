//! By which of OpenTelemetry's names requests are described.
//!
//! Spans are written with one set of names, whatever is chosen; the other names come in as the span is exported.

use std::borrow::Cow;

use telemetry_core::record::{Attribute, Value};

/// The names of OpenTelemetry's HTTP conventions: those before they became stable, those since, or both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Conventions {
    /// `http.method`, `http.status_code`, `http.url`, …
    #[default]
    Old,
    /// `http.request.method`, `http.response.status_code`, `url.path`, `url.query`, …
    Stable,
    /// Each of them, for the time of a change.
    Both,
}

/// The variable by which every OpenTelemetry instrumentation is told to use the stable names.
const VARIABLE: &str = "OTEL_SEMCONV_STABILITY_OPT_IN";

impl Conventions {
    /// What `OTEL_SEMCONV_STABILITY_OPT_IN` in the environment says: `http` for the stable names, `http/dup` for both,
    /// among whatever else stands there, separated by commas.
    pub fn from_env() -> Self {
        std::env::var(VARIABLE).map_or(Self::Old, |list| Self::parse(&list))
    }

    /// As [`from_env`](Self::from_env), of a value of that variable.
    ///
    /// # Examples
    /// ```
    /// use telemetry_http::Conventions;
    /// assert_eq!(Conventions::parse("database, http"), Conventions::Stable);
    /// assert_eq!(Conventions::parse("http,http/dup"), Conventions::Both);
    /// assert_eq!(Conventions::parse("database"), Conventions::Old);
    /// ```
    pub fn parse(list: &str) -> Self {
        let has = |wanted: &str| list.split(',').any(|choice| choice.trim() == wanted);
        match (has("http/dup"), has("http")) {
            (true, _) => Self::Both,
            (_, true) => Self::Stable,
            _ => Self::Old,
        }
    }
}

/// The old names and the stable ones that stand for them. A URL becomes two attributes, see [`renamed`].
const NAMES: [(&str, &str); 9] = [
    ("http.method", "http.request.method"),
    ("http.status_code", "http.response.status_code"),
    ("http.request_content_length", "http.request.body.size"),
    ("http.response_content_length", "http.response.body.size"),
    ("http.user_agent", "user_agent.original"),
    ("net.host.name", "server.address"),
    ("net.peer.name", "server.address"),
    ("net.peer.ip", "network.peer.address"),
    ("http.resend_count", "http.request.resend_count"),
];

/// Gives attributes their stable names, in place of the old ones.
pub(crate) fn rename(attributes: &mut Vec<Attribute>) {
    *attributes =
        std::mem::take(attributes).into_iter().flat_map(|old| renamed(&old).unwrap_or(vec![old])).collect();
}

/// Adds attributes under their stable names.
pub(crate) fn duplicate(attributes: &mut Vec<Attribute>) {
    let more: Vec<Attribute> = attributes.iter().filter_map(renamed).flatten().collect();
    attributes.extend(more);
}

/// An attribute under its stable names, when it has others.
fn renamed(old: &Attribute) -> Option<Vec<Attribute>> {
    let attribute = |key: &'static str, value: Value| Attribute { key: Cow::Borrowed(key), value };
    if old.key == "http.url"
        && let Value::Str(url) = &old.value
    {
        let (path, query) = url.split_once('?').map_or((&**url, None), |(path, query)| (path, Some(query)));
        let path = attribute("url.path", Value::Str(path.to_owned().into()));
        let query = query.map(|query| attribute("url.query", Value::Str(query.to_owned().into())));
        return Some(std::iter::once(path).chain(query).collect());
    }
    let (_, key) = NAMES.iter().find(|(name, _)| *name == old.key)?;
    Some(vec![attribute(key, old.value.clone())])
}
