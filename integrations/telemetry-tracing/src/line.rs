//! Adding the fields to a line that is written already.

use std::collections::HashSet;
use std::fmt::{self, Write};
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use telemetry_core::{LogFields, LogRequest};

/// What is added to a line: the fields of its span, and the identifier of its request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Added {
    pub(crate) fields: Option<LogFields>,
    pub(crate) request: Option<Arc<str>>,
}

/// The names of all that can be added.
const NAMES: [&str; 4] = [LogFields::NAMES[0], LogFields::NAMES[1], LogFields::NAMES[2], LogRequest::NAME];

impl Added {
    pub(crate) const fn is_nothing(&self) -> bool {
        self.fields.is_none() && self.request.is_none()
    }

    /// Names and values, in their order.
    fn pairs(&self) -> impl Iterator<Item = (&'static str, String)> {
        let fields = self.fields.into_iter().flat_map(LogFields::pairs);
        let fields = fields.map(|(name, value)| (name, value.to_string()));
        fields.chain(self.request.iter().map(|request| (LogRequest::NAME, request.to_string())))
    }
}

/// Adds what there is at the end of a JSON object, but for what it has; a line that is no object stays as it is.
pub(crate) fn append_json(line: &mut String, adding: &Added) {
    let Some(object) = line.trim_end().strip_suffix('}').map(str::trim_end) else { return };
    let Some(inside) = object.trim_start().strip_prefix('{') else { return };
    let mut separator = if inside.trim_start().is_empty() { "" } else { "," };
    let own = own_fields(line);
    let mut added = String::new();
    for (name, value) in adding.pairs() {
        if !own.contains(name) {
            // The identifier of a request may hold quotes.
            let _ = write!(added, "{separator}\"{name}\":{}", serde_json::Value::String(value));
            separator = ",";
        }
    }
    let end = object.len();
    line.insert_str(end, &added);
}

/// Which of the fields a line has at its top level.
fn own_fields(line: &str) -> HashSet<&'static str> {
    // Most lines have none anywhere, which is soon seen.
    if !NAMES.iter().any(|name| line.contains(name)) {
        return HashSet::new();
    }
    serde_json::from_str(line).map(|OwnFields(names)| names).unwrap_or_default()
}

struct OwnFields(HashSet<&'static str>);

impl<'de> Deserialize<'de> for OwnFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Keys)
    }
}

/// Reads the keys of an object, and no values.
struct Keys;

impl<'de> Visitor<'de> for Keys {
    type Value = OwnFields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<OwnFields, A::Error> {
        let mut own = HashSet::new();
        while let Some((key, IgnoredAny)) = map.next_entry::<String, IgnoredAny>()? {
            own.extend(NAMES.into_iter().find(|name| *name == key));
        }
        Ok(OwnFields(own))
    }
}

/// Adds what there is at the end of a text, before its line breaks, but for what is the event's own.
pub(crate) fn append_text(line: &mut String, adding: &Added, is_own: impl Fn(&str) -> bool) {
    let breaks = line.split_off(line.trim_end_matches(['\n', '\r']).len());
    for (name, value) in adding.pairs() {
        if !is_own(name) {
            let separator = if line.is_empty() { "" } else { " " };
            let _ = write!(line, "{separator}{name}={value}");
        }
    }
    line.push_str(&breaks);
}

#[cfg(test)]
mod tests {
    use telemetry_core::{SpanContext, SpanId, TraceId};

    use super::*;

    fn fields() -> Added {
        let (trace_id, span_id) = (TraceId::new(1).unwrap(), SpanId::new(2).unwrap());
        let span = SpanContext { trace_id, span_id, trace_flags: 1, remote: false };
        Added { fields: Some(LogFields::of(span)), request: None }
    }

    fn json(line: &str) -> String {
        let mut line = line.to_owned();
        append_json(&mut line, &fields());
        line
    }

    const TRACE: &str = "\"trace_id\":\"00000000000000000000000000000001\"";
    const SPAN: &str = "\"span_id\":\"0000000000000002\"";
    const FLAGS: &str = "\"trace_flags\":\"01\"";

    #[test]
    fn an_object_gets_them_at_its_end() {
        assert_eq!(json("{\"a\":1}\n"), format!("{{\"a\":1,{TRACE},{SPAN},{FLAGS}}}\n"));
        assert_eq!(json("{}"), format!("{{{TRACE},{SPAN},{FLAGS}}}"));
        assert_eq!(json(" { } \n"), format!(" {{{TRACE},{SPAN},{FLAGS} }} \n"));
    }

    #[test]
    fn fields_of_an_objects_own_stay_alone() {
        let own = "{\"trace_id\":null,\"trace_flags\":7";
        assert_eq!(json(&format!("{own}}}\n")), format!("{own},{SPAN}}}\n"));
        let all = "{\"span_id\":1,\"trace_id\":2,\"trace_flags\":3}\n";
        assert_eq!(json(all), all);
    }

    #[test]
    fn fields_further_in_and_values_do_not_count() {
        let nested = "{\"fields\":{\"trace_id\":\"}\"},\"note\":\"span_id\"";
        assert_eq!(json(&format!("{nested}}}\n")), format!("{nested},{TRACE},{SPAN},{FLAGS}}}\n"));
    }

    #[test]
    fn the_identifier_of_a_request_comes_last_and_is_quoted() {
        let added = Added { fields: None, request: Some("a\"b\\".into()) };
        let mut line = "{\"a\":1}\n".to_owned();
        append_json(&mut line, &added);
        assert_eq!(line, "{\"a\":1,\"request_id\":\"a\\\"b\\\\\"}\n");
        let before = line.clone();
        append_json(&mut line, &added);
        assert_eq!(line, before, "one of its own stays alone");
        let mut line = "INFO shelved\n".to_owned();
        append_text(&mut line, &added, |_| false);
        assert_eq!(line, "INFO shelved request_id=a\"b\\\n");
    }

    #[test]
    fn what_is_no_object_stays_as_it_is() {
        for line in ["", "\n", "text\n", "[1]\n", "}\n", "{\"a\":1\n"] {
            assert_eq!(json(line), line);
        }
    }

    #[test]
    fn text_gets_them_before_its_line_breaks() {
        let mut line = "INFO shelved\n".to_owned();
        append_text(&mut line, &fields(), |name| name == "span_id");
        assert_eq!(line, "INFO shelved trace_id=00000000000000000000000000000001 trace_flags=01\n");
    }
}
