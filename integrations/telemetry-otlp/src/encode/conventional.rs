//! Metrics that OpenTelemetry's conventions have names for: sent under those, not under what Prometheus makes of them.

use telemetry_core::metric::snapshot::MetricFamily;

/// A metric of the conventions.
pub(super) struct Conventional {
    /// The name in Prometheus' form, as the family has it.
    family: &'static str,
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
}

/// The metrics of the HTTP conventions that became stable, and that their layer can be told to name so.
const ALL: [Conventional; 2] = [
    Conventional {
        family: "http_server_request_duration_seconds",
        name: "http.server.request.duration",
        unit: "s",
    },
    Conventional {
        family: "http_server_active_requests",
        name: "http.server.active_requests",
        unit: "{request}",
    },
];

/// Their attributes, by the labels that Prometheus makes of them.
const ATTRIBUTES: [(&str, &str); 2] =
    [("http_request_method", "http.request.method"), ("http_route", "http.route")];
/// The one whose value is a number.
const STATUS: (&str, &str) = ("http_response_status_code", "http.response.status_code");

/// What a label becomes.
pub(super) enum Attribute<'a> {
    Text(&'a str, &'a str),
    Number(&'static str, i64),
}

impl Conventional {
    /// What the conventions call a family, if they do.
    pub(super) fn of(family: &MetricFamily) -> Option<&'static Self> {
        ALL.iter().find(|known| known.family == family.name)
    }

    /// A label of such a family as an attribute. One that is not of the conventions stays.
    pub(super) fn attribute<'a>(label: &'a str, value: &'a str) -> Attribute<'a> {
        match value.parse() {
            Ok(number) if label == STATUS.0 => Attribute::Number(STATUS.1, number),
            _ => {
                let known = ATTRIBUTES.iter().chain([&STATUS]).find(|(known, _)| *known == label);
                Attribute::Text(known.map_or(label, |(_, name)| name), value)
            }
        }
    }
}
