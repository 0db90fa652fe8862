//! Packing against a model: whatever is recorded in whatever order, the record holds what plain vectors of the
//! documented sizes would, to the byte.

mod model;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use proptest::prelude::*;

use self::model::{Attributes, Events, Given, GivenEvent, GivenName, Key, bits_of, start_of};
use super::*;
use crate::record::SpanRecord;
use crate::span::arena::near;
use crate::{SpanContext, SpanId, TraceId};

/// A static string that lies far from this library: a large allocation has pages of its own.
fn far() -> &'static str {
    static FAR: OnceLock<&'static str> = OnceLock::new();
    FAR.get_or_init(|| (0..1_u32 << 20).map(|n| char::from(b'a' + (n % 23) as u8)).collect::<String>().leak())
}

/// Static strings, as keys and as values: near and far ones, with characters of several bytes, at the limits.
fn statics() -> &'static [&'static str] {
    const LONG: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    static STATICS: OnceLock<Vec<&'static str>> = OnceLock::new();
    STATICS.get_or_init(|| {
        vec![
            "",
            "k",
            "rows",
            "schlüssel",
            "ключ",
            "鍵",
            "error.message",
            "http.url",
            "db.statement",
            &LONG[..63],
            LONG,
            &far()[..1],
            &far()[100..120],
            &far()[..255],
            &far()[..256],
            &far()[..70_000],
        ]
    })
}

/// More keys than a call site can number.
fn site_keys() -> &'static [&'static str] {
    static KEYS: OnceLock<Vec<&'static str>> = OnceLock::new();
    KEYS.get_or_init(|| {
        let long = ["db.statement", "http.user_agent", "ключ", "rows"];
        let numbered = (long.len()..250).map(|n| &*format!("key.{n}").leak());
        long.into_iter().chain(numbered).collect()
    })
}

fn packing_site() -> &'static CallSite {
    static SITE: OnceLock<&'static CallSite> = OnceLock::new();
    SITE.get_or_init(|| {
        Box::leak(Box::new(CallSite::new(Site {
            name: "packing",
            kind: SpanKind::Internal,
            keys: site_keys(),
            constants: &[("constant", Constant::Str("value")), ("rows", Constant::Bool(false))],
            origin: &ORIGIN,
            line: 1,
        })))
    })
}

/// One thing done to a span.
#[derive(Clone, Debug)]
enum Step {
    /// Sets an attribute; by the generic way, or by the typed one where there is one.
    Set(Key, Given, bool),
    Link,
    Event(GivenEvent),
}

fn any_static() -> impl Strategy<Value = &'static str> {
    prop::sample::select(statics())
}

fn any_key() -> impl Strategy<Value = Key> {
    prop_oneof![
        4 => prop_oneof![4 => 0..8_usize, 1 => 236..250_usize].prop_map(Key::Site),
        4 => any_static().prop_map(Key::Static),
    ]
}

fn any_text() -> impl Strategy<Value = String> {
    let length = prop_oneof![8 => 0..12_usize, 4 => 12..60_usize, 1 => 60..300_usize];
    let character = prop_oneof![4 => prop::char::range('a', 'z'), 1 => any::<char>()];
    length.prop_flat_map(move |length| {
        prop::collection::vec(character.clone(), length).prop_map(String::from_iter)
    })
}

fn any_given() -> impl Strategy<Value = Given> {
    let small = -200..200_i64;
    prop_oneof![
        2 => any::<bool>().prop_map(Given::Bool),
        2 => small.prop_map(Given::I64),
        // Every width.
        2 => (any::<i64>(), 0..64_u32).prop_map(|(value, shift)| Given::I64(value >> shift)),
        2 => (any::<u64>(), 0..64_u32).prop_map(|(value, shift)| Given::U64(value >> shift)),
        2 => any::<u64>().prop_map(|bits| Given::F64(f64::from_bits(bits))),
        6 => any_text().prop_map(Given::Str),
        2 => any_static().prop_map(Given::Static),
        2 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Given::Bytes),
        1 => prop::collection::vec(any::<u8>(), 100..300).prop_map(Given::Bytes),
    ]
}

fn any_event() -> impl Strategy<Value = GivenEvent> {
    let attributes = prop::collection::vec((any_static(), any_given()), 0..5);
    let fixed = (any_static(), prop::option::of(attributes))
        .prop_map(|(name, attributes)| (GivenName::Static(name), attributes));
    let dynamic = any_text().prop_map(|name| (GivenName::Dynamic(name), None));
    let after = prop_oneof![4 => 0..5_000_u64, 1 => 0..1_u64 << 40];
    (prop_oneof![3 => fixed, 1 => dynamic], after).prop_map(|((name, attributes), after)| GivenEvent {
        name,
        attributes,
        after,
    })
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (any_key(), any_given(), any::<bool>()).prop_map(|(key, given, way)| Step::Set(key, given, way)),
        1 => Just(Step::Link),
        3 => any_event().prop_map(Step::Event),
    ]
}

fn any_name() -> impl Strategy<Value = Option<GivenName>> {
    prop::option::of(prop_oneof![
        any_static().prop_map(GivenName::Static),
        any_text().prop_map(GivenName::Dynamic),
    ])
}

/// Sets an attribute through the call site's number or through the handle.
fn set(span: &mut SpanGuard, key: Key, given: &Given, generic: bool) {
    match key {
        Key::Site(number) => match given {
            Given::Bool(value) => span.attribute(number, value),
            Given::I64(value) => span.attribute(number, value),
            Given::U64(value) => span.attribute(number, value),
            Given::F64(value) => span.attribute(number, value),
            Given::Str(value) if generic && value.is_ascii() => span.attribute(number, &AsHeader(value)),
            Given::Str(value) => span.attribute(number, value),
            Given::Static(value) => span.attribute(number, &ByReference(value)),
            Given::Bytes(value) => span.attribute(number, value),
        },
        Key::Static(key) => {
            let span = span.handle();
            let _ = match given {
                Given::Bool(value) if generic => span.set(key, Some(*value)),
                Given::Bool(value) => span.bool(key, *value),
                Given::I64(value) if generic => span.set(key, value),
                Given::I64(value) => span.i64(key, *value),
                Given::U64(value) if generic => span.set(key, Box::new(*value)),
                Given::U64(value) => span.u64(key, *value),
                Given::F64(value) if generic => span.set(key, *value),
                Given::F64(value) => span.f64(key, *value),
                Given::Str(value) if generic => span.set(key, value.clone()),
                Given::Str(value) => span.str(key, value),
                Given::Static(value) if generic => span.set(key, ByReference(value)),
                Given::Static(value) => span.static_str(key, value),
                Given::Bytes(value) if generic => span.set(key, value.as_slice()),
                Given::Bytes(value) => span.bytes(key, value),
            };
        }
    }
}

/// Static text that is recorded as such.
struct ByReference(&'static str);

impl AttributeValue for ByReference {
    fn record(&self, entry: Entry<'_>) {
        entry.static_str(self.0);
    }
}

/// Text that is recorded as a header's value is.
struct AsHeader<'a>(&'a str);

impl AttributeValue for AsHeader<'_> {
    fn record(&self, entry: Entry<'_>) {
        entry.ascii(self.0.as_bytes());
    }
}

fn add(span: Span, event: &GivenEvent) {
    let _ = match (&event.name, &event.attributes) {
        (GivenName::Dynamic(name), _) => span.event_dynamic(name),
        (GivenName::Static(name), None) => span.event(name),
        (GivenName::Static(name), Some(attributes)) => span.event_with(name, |writer| {
            for (key, given) in attributes {
                let _ = match given {
                    Given::Bool(value) => writer.set(key, value),
                    Given::I64(value) => writer.set(key, value),
                    Given::U64(value) => writer.set(key, value),
                    Given::F64(value) => writer.set(key, value),
                    Given::Str(value) => writer.set(key, value),
                    Given::Static(value) => writer.set(key, ByReference(value)),
                    Given::Bytes(value) => writer.set(key, value),
                };
            }
        }),
    };
}

fn builder(name: Option<&GivenName>) -> SpanBuilder<'_> {
    let builder = SpanBuilder::new(packing_site());
    match name {
        None => builder,
        Some(GivenName::Static(name)) => builder.name(Name::of(name)),
        Some(GivenName::Dynamic(name)) => builder.name(Name::dynamic(name)),
    }
}

fn expected_name(name: Option<&GivenName>) -> &str {
    match name {
        None => "packing",
        Some(GivenName::Static(name)) => name,
        Some(GivenName::Dynamic(name)) => start_of(name, 64),
    }
}

/// Attributes of a record, each key once, without the site's constants unless they were set over.
fn recorded(attributes: &[crate::record::Attribute]) -> BTreeMap<String, Value> {
    let all: BTreeMap<_, _> =
        attributes.iter().map(|attribute| (attribute.key.to_string(), bits_of(&attribute.value))).collect();
    assert_eq!(all.len(), attributes.len(), "each key once");
    all
}

const ELSEWHERE: u128 = 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c;

/// Does the steps to a span and to the model, and returns the record and the model.
fn run(
    name: Option<&GivenName>,
    steps: &[Step],
    end: impl FnOnce(&mut SpanGuard),
) -> (SpanRecord, Attributes, Events) {
    let scope = Scope::new();
    // A name in the slot leaves 40 of the 128 bytes for how the span ends.
    let room = if matches!(name, Some(GivenName::Dynamic(_))) { 128 - 40 } else { 128 };
    let (mut attributes, mut events, mut nanos) = (Attributes::new(room), Events::default(), 0);
    {
        let other = SpanContext {
            trace_id: TraceId::new(ELSEWHERE).unwrap(),
            span_id: SpanId::new(7).unwrap(),
            trace_flags: 1,
            remote: true,
        };
        let mut span = builder(name).enter();
        for step in steps {
            match step {
                Step::Set(key, given, generic) => {
                    set(&mut span, *key, given, *generic);
                    attributes.set(*key, given);
                }
                Step::Link => {
                    span.handle().link(other);
                    attributes.link();
                }
                Step::Event(event) => {
                    scope.advance(Duration::from_nanos(event.after));
                    nanos += event.after;
                    add(span.handle(), event);
                    events.add(event, nanos);
                }
            }
        }
        end(&mut span);
    }
    (scope.take_spans().pop().unwrap(), attributes, events)
}

/// Checks events, links and what was dropped of all.
fn check(record: &SpanRecord, attributes: &Attributes, events: &Events) {
    assert_eq!(record.links.len(), attributes.links());
    assert!(record.links.iter().all(|link| link.trace_id.to_u128() == ELSEWHERE));
    assert_eq!(record.dropped_links_count, attributes.dropped_links);
    assert_eq!(record.dropped_attributes_count, attributes.dropped + events.dropped_attributes);
    assert_eq!(record.dropped_events_count, events.dropped);
    assert_eq!(record.events.len(), events.kept.len());
    for (event, kept) in record.events.iter().zip(&events.kept) {
        assert_eq!(event.name, kept.name);
        assert_eq!(recorded(&event.attributes), kept.attributes);
        let nanos = event.time_unix_nanos - record.start_unix_nanos;
        assert!(nanos <= kept.nanos && kept.nanos - nanos <= kept.nanos >> 34, "{nanos} of {}", kept.nanos);
    }
}

#[test]
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn the_strings_of_these_tests_are_near_and_far() {
    assert!(near("rows").is_some());
    assert!(near(far()).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn a_span_keeps_what_the_model_keeps(
        name in any_name(),
        steps in prop::collection::vec(any_step(), 0..40),
    ) {
        let (record, attributes, events) = run(name.as_ref(), &steps, |_| {});
        prop_assert_eq!(record.name.as_ref(), expected_name(name.as_ref()));
        check(&record, &attributes, &events);
        let mut expected = BTreeMap::from([
            ("constant".to_owned(), Value::Str("value".into())),
            ("rows".to_owned(), Value::Bool(false)),
        ]);
        expected.extend(attributes.values());
        prop_assert_eq!(recorded(&record.attributes), expected);
    }

    /// However full a span is and however it is named, its failure has room: the last one is told, its type whole, its
    /// message whole or marked where it was cut; and nothing that was kept before gives way to it.
    #[test]
    fn a_failure_always_has_room(
        name in any_name(),
        steps in prop::collection::vec(any_step(), 0..40),
        failures in prop::collection::vec(any_text(), 1..4),
    ) {
        let (record, attributes, events) = run(name.as_ref(), &steps, |span| {
            for message in &failures {
                span.fail("io::Error", Some(message));
            }
        });
        prop_assert_eq!(record.name.as_ref(), expected_name(name.as_ref()));
        check(&record, &attributes, &events);
        prop_assert_eq!((record.status, record.outcome), (Status::Error, Outcome::Failed));
        let mut expected = BTreeMap::from([
            ("constant".to_owned(), Value::Str("value".into())),
            ("rows".to_owned(), Value::Bool(false)),
        ]);
        expected.extend(attributes.values());
        let mut found = recorded(&record.attributes);
        prop_assert_eq!(found.remove("error.type"), Some(Value::Str("io::Error".into())));
        let last = failures.last().unwrap();
        let Some(Value::Str(message)) = found.remove("error.message") else { panic!("no message") };
        if message != *last {
            let start = message.strip_suffix('…').expect("a cut is marked");
            prop_assert!(last.starts_with(start), "{message}");
            // At the least 16 bytes, less what is missing of a character.
            prop_assert!(start.len() > 16 - 4, "{message}");
        }
        expected.remove("error.message");
        prop_assert_eq!(found, expected);
    }

    /// Values formatted on the way are text like any other, of which the first 128 bytes are looked at.
    #[test]
    fn formatted_values_are_kept_like_text(text in any_text(), long in any::<bool>()) {
        let scope = Scope::new();
        let key = if long { "http.url" } else { "url" };
        {
            let span = open(packing_site());
            span.handle().display(key, &text);
        }
        let record = scope.take_spans().pop().unwrap();
        let mut model = Attributes::new(128);
        let formatted = if text.len() <= 128 { text } else { format!("{}…", start_of(&text, 125)) };
        model.set(Key::Static(key), &Given::Str(formatted));
        prop_assert_eq!(record.dropped_attributes_count, model.dropped);
        let (found, expected) = (recorded(&record.attributes), model.values());
        prop_assert_eq!(found.get(key), expected.get(key));
    }
}
