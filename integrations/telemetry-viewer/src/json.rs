//! Attributes, events and links as files and lines have them: JSON.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use telemetry_core::record::{Attribute, EventRecord, LinkRecord, Value};
use telemetry_core::{SpanId, TraceId};

/// Attributes in their order; those of a text that is no JSON are none.
#[cfg(feature = "sqlite")]
pub(crate) fn attributes(json: &str) -> Vec<Attribute> {
    serde_json::from_str::<Pairs>(json).map(|pairs| pairs.0).unwrap_or_default()
}

#[cfg(feature = "sqlite")]
pub(crate) fn events(json: &str) -> Vec<EventRecord> {
    let events: Vec<Event> = serde_json::from_str(json).unwrap_or_default();
    events.into_iter().map(Event::record).collect()
}

#[cfg(feature = "sqlite")]
pub(crate) fn links(json: &str) -> Vec<LinkRecord> {
    let links: Vec<Link> = serde_json::from_str(json).unwrap_or_default();
    links.into_iter().filter_map(|link| link.record()).collect()
}

pub(crate) fn trace_id(text: &str) -> Option<TraceId> {
    u128::from_str_radix(text, 16).ok().and_then(TraceId::new)
}

pub(crate) fn span_id(text: &str) -> Option<SpanId> {
    u64::from_str_radix(text, 16).ok().and_then(SpanId::new)
}

#[derive(Deserialize)]
pub(crate) struct Event {
    name: String,
    time_unix_nano: u64,
    attributes: Pairs,
}

impl Event {
    pub(crate) fn record(self) -> EventRecord {
        EventRecord {
            name: self.name.into(),
            time_unix_nanos: self.time_unix_nano,
            attributes: self.attributes.0,
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Link {
    trace_id: String,
    span_id: String,
    trace_flags: u8,
}

impl Link {
    /// The link; none where its identifiers are none.
    pub(crate) fn record(&self) -> Option<LinkRecord> {
        let (trace_id, span_id) = (trace_id(&self.trace_id)?, span_id(&self.span_id)?);
        Some(LinkRecord {
            trace_id,
            span_id,
            trace_flags: self.trace_flags,
            trace_state: None,
            remote: false,
        })
    }
}

/// An object in the order in which it is written.
#[derive(Default)]
pub(crate) struct Pairs(pub(crate) Vec<Attribute>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Pairs;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of attributes")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some((key, Typed(value))) = map.next_entry::<String, Typed>()? {
                    pairs.push(Attribute { key: key.into(), value });
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Read)
    }
}

/// A value with the type JSON shows.
struct Typed(Value);

impl<'de> Deserialize<'de> for Typed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Typed;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the value of an attribute")
            }
            fn visit_bool<E>(self, value: bool) -> Result<Typed, E> {
                Ok(Typed(Value::Bool(value)))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Typed, E> {
                Ok(Typed(Value::I64(value)))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Typed, E> {
                Ok(Typed(i64::try_from(value).map_or(Value::U64(value), Value::I64)))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Typed, E> {
                Ok(Typed(Value::F64(value)))
            }
            fn visit_str<E>(self, value: &str) -> Result<Typed, E> {
                Ok(Typed(Value::Str(value.to_owned().into())))
            }
            fn visit_unit<E>(self) -> Result<Typed, E> {
                Ok(Typed(Value::Str("null".into())))
            }
            // The sink writes no lists and objects; of another's something is shown.
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Typed, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Typed(Value::Str("[…]".into())))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Typed, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Typed(Value::Str("{…}".into())))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;

    #[test]
    fn what_the_core_writes_is_read_back() {
        let attribute = |key: &'static str, value| Attribute { key: key.into(), value };
        let written = [
            attribute("z", Value::Bool(true)),
            attribute("a", Value::I64(i64::MIN)),
            attribute("big", Value::U64(u64::MAX)),
            attribute("half", Value::F64(0.5)),
            attribute("text \"<b>", Value::Str("é\n\u{1b}".into())),
        ];
        let json = telemetry_core::sink::json::attributes(&written);
        assert_eq!(attributes(&json), written);
        let event =
            EventRecord { name: "retry".into(), time_unix_nanos: 7, attributes: written[..2].to_vec() };
        assert_eq!(events(&telemetry_core::sink::json::events(std::slice::from_ref(&event))), [event]);
        let link = LinkRecord {
            trace_id: TraceId::new(5).unwrap(),
            span_id: SpanId::new(6).unwrap(),
            trace_flags: 1,
            trace_state: None,
            remote: false,
        };
        assert_eq!(links(&telemetry_core::sink::json::links(std::slice::from_ref(&link))), [link]);
    }

    #[test]
    fn text_of_others_harms_nothing() {
        assert_eq!(attributes("no json"), []);
        assert_eq!(attributes("[1]"), []);
        let odd = attributes("{\"list\":[1,{}],\"object\":{\"a\":[]},\"null\":null}");
        let texts: Vec<_> =
            odd.iter().map(|attribute| crate::span::text_of(&attribute.value).into_owned()).collect();
        assert_eq!(texts, ["[…]", "{…}", "null"]);
        assert_eq!(links("[{\"trace_id\":\"0\",\"span_id\":\"1\",\"trace_flags\":0}]"), []);
    }
}
