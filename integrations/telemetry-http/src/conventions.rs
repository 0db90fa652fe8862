//! By which of OpenTelemetry's names requests are described.
//!
//! Spans are written with one set of names, whatever is chosen; the other names come in as the span is exported.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU8, Ordering};

use telemetry_core::record::{Attribute, Value};

/// The names of OpenTelemetry's HTTP conventions: those before they became stable, those since, or both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Conventions {
    /// `http.method`, `http.status_code`, `http.url`, …
    #[default]
    Old,
    /// `http.request.method`, `http.response.status_code`, `url.path` and `url.query`, or `url.full` for a client, …
    Stable,
    /// Each of them, for the time of a change.
    Both,
}

/// The variable by which every OpenTelemetry instrumentation is told to use the stable names.
const VARIABLE: &str = "OTEL_SEMCONV_STABILITY_OPT_IN";

/// Those of requests that are sent without a layer, by their number.
static FOR_CALLS: AtomicU8 = AtomicU8::new(Conventions::Old as u8);

impl Conventions {
    /// Makes these the names by which [`call`](crate::call) and `SendTraced` describe requests from here on, in the whole
    /// process; the old ones until then. Layers have a choice of their own.
    pub fn set_for_calls(self) {
        FOR_CALLS.store(self as u8, Ordering::Relaxed);
    }

    pub(crate) fn for_calls() -> Self {
        [Self::Old, Self::Stable, Self::Both][usize::from(FOR_CALLS.load(Ordering::Relaxed)) % 3]
    }

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

/// The old names and the stable ones that stand for them. A URL becomes others, see [`Exported::url`].
const NAMES: [(&str, &str); 11] = [
    ("http.method", "http.request.method"),
    ("http.status_code", STATUS),
    ("http.request_content_length", "http.request.body.size"),
    ("http.response_content_length", "http.response.body.size"),
    ("http.user_agent", "user_agent.original"),
    ("net.host.name", "server.address"),
    ("net.peer.name", "server.address"),
    ("net.peer.port", "server.port"),
    ("net.peer.ip", "network.peer.address"),
    ("http.resend_count", "http.request.resend_count"),
    ("http.scheme", "url.scheme"),
];

const STATUS: &str = "http.response.status_code";
const ERROR_TYPE: &str = "error.type";

/// Whose span it is: some attributes, and what counts as an error, differ.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Server,
    Client,
}

/// Gives the attributes of a server's span their stable names, in place of the old ones.
pub(crate) fn rename_server(attributes: &mut Vec<Attribute>) {
    rename(Side::Server, attributes);
}

/// Adds the attributes of a server's span under their stable names.
pub(crate) fn duplicate_server(attributes: &mut Vec<Attribute>) {
    duplicate(Side::Server, attributes);
}

/// As [`rename_server`], of a client's span.
pub(crate) fn rename_client(attributes: &mut Vec<Attribute>) {
    rename(Side::Client, attributes);
}

/// As [`duplicate_server`], of a client's span.
pub(crate) fn duplicate_client(attributes: &mut Vec<Attribute>) {
    duplicate(Side::Client, attributes);
}

fn rename(side: Side, attributes: &mut Vec<Attribute>) {
    let exported = Exported { side, old: attributes };
    let renamed = attributes.iter().flat_map(|old| exported.stable(old).unwrap_or_else(|| vec![old.clone()]));
    *attributes = renamed.chain(exported.further()).collect();
}

fn duplicate(side: Side, attributes: &mut Vec<Attribute>) {
    let exported = Exported { side, old: attributes };
    let more = attributes.iter().filter_map(|old| exported.stable(old)).flatten();
    let more: Vec<Attribute> = more.chain(exported.further()).collect();
    attributes.extend(more);
}

fn attribute(key: &'static str, value: Value) -> Attribute {
    Attribute { key: Cow::Borrowed(key), value }
}

/// The attributes of a span as they were written, to be described by the stable names.
struct Exported<'a> {
    side: Side,
    old: &'a [Attribute],
}

impl Exported<'_> {
    /// An attribute under its stable names, when it has others.
    fn stable(&self, old: &Attribute) -> Option<Vec<Attribute>> {
        if old.key == "http.url"
            && let Value::Str(url) = &old.value
        {
            return Some(self.url(url));
        }
        let (_, key) = NAMES.iter().find(|(name, _)| *name == old.key)?;
        Some(vec![attribute(key, old.value.clone())])
    }

    /// A path and query: for a client the whole URL, where it is known; else a path and a query.
    fn url(&self, url: &str) -> Vec<Attribute> {
        if let (Side::Client, Some(scheme), Some(host)) =
            (self.side, self.text("http.scheme"), self.text("net.peer.name"))
        {
            let port = self.number("net.peer.port").map(|port| format!(":{port}")).unwrap_or_default();
            return vec![attribute("url.full", Value::Str(format!("{scheme}://{host}{port}{url}").into()))];
        }
        let (path, query) = url.split_once('?').map_or((url, None), |(path, query)| (path, Some(query)));
        let path = attribute("url.path", Value::Str(path.to_owned().into()));
        let query = query.map(|query| attribute("url.query", Value::Str(query.to_owned().into())));
        std::iter::once(path).chain(query).collect()
    }

    /// What the stable conventions ask for beside: the status as the type of the error that it is, and the port that a
    /// URL without one means.
    fn further(&self) -> impl Iterator<Item = Attribute> + use<> {
        let error_from = if self.side == Side::Server { 500 } else { 400 };
        let error = self.number("http.status_code").filter(|status| {
            *status >= error_from && self.old.iter().all(|attribute| attribute.key != ERROR_TYPE)
        });
        let port = match self.text("http.scheme") {
            Some("http") => Some(80),
            Some("https") => Some(443),
            _ => None,
        };
        let port = port.filter(|_| self.number("net.peer.port").is_none());
        let error = error.map(|status| attribute(ERROR_TYPE, Value::Str(status.to_string().into())));
        error.into_iter().chain(port.map(|port| attribute("server.port", Value::U64(port))))
    }

    fn value(&self, key: &str) -> Option<&Value> {
        self.old.iter().find(|attribute| attribute.key == key).map(|attribute| &attribute.value)
    }

    fn text(&self, key: &str) -> Option<&str> {
        match self.value(key)? {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    fn number(&self, key: &str) -> Option<u64> {
        match self.value(key)? {
            Value::U64(number) => Some(*number),
            _ => None,
        }
    }
}
