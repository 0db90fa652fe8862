//! What a span holds follows from its number, so whoever finds it can tell whether it is whole.

use std::collections::BTreeMap;

use telemetry_core::record::{SpanRecord, Value};
use telemetry_core::{CallSite, Name, Origin, Outcome, Site, Span, SpanBuilder, SpanGuard, SpanKind, Status};

use crate::random::{Random, mix};

const KEYS: &[&str] = &["who", "sum", "parent", "a", "b", "c", "d", "e"];
/// Keys before those of the attributes that vary.
const FIXED: usize = 3;

static SITE: CallSite = CallSite::new(Site {
    name: "stress",
    kind: SpanKind::Internal,
    keys: KEYS,
    constants: &[],
    origin: &Origin { crate_name: "stress", crate_version: "1", module: "stress", file: file!() },
    line: line!(),
});

/// How a span ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Well,
    Failed,
    Panicked,
}

/// What a span of this number holds.
pub(crate) struct Contents {
    who: u64,
    name: Option<String>,
    attributes: Vec<Value>,
    events: Vec<&'static str>,
    pub(crate) end: End,
}

impl Contents {
    pub(crate) fn of(who: u64) -> Self {
        let mut random = Random::new(who);
        let name = random.once_in(4).then(|| "näme ".repeat(1 + random.below(20) as usize));
        let attributes = (0..random.below((KEYS.len() - FIXED) as u64)).map(|_| value(&mut random)).collect();
        let names = ["begun", "a cache was asked and did not have it", "done"];
        let events = (0..random.below(4)).map(|n| names[n as usize % names.len()]).collect();
        let end = match random.below(16) {
            0 => End::Failed,
            1 => End::Panicked,
            _ => End::Well,
        };
        Self { who, name, attributes, events, end }
    }

    /// The span's number.
    pub(crate) const fn who(&self) -> u64 {
        self.who
    }

    /// A number over everything the span holds.
    fn sum(&self) -> u64 {
        let text = format!("{:?} {:?} {:?}", self.name, self.attributes, self.events);
        text.bytes().fold(self.who, |sum, byte| mix(sum ^ u64::from(byte)))
    }

    pub(crate) fn builder(&self) -> SpanBuilder<'_> {
        let builder = SpanBuilder::new(&SITE);
        self.name.as_deref().map_or(builder, |name| builder.name(Name::dynamic(name)))
    }

    /// Writes everything through the guard, by the numbers of the keys.
    pub(crate) fn write_to(&self, span: &mut SpanGuard, parent: u64) {
        span.attribute(0, &self.who);
        span.attribute(1, &self.sum());
        span.attribute(2, &parent);
        for (index, value) in self.attributes.iter().enumerate() {
            match value {
                Value::Bool(value) => span.attribute(FIXED + index, value),
                Value::I64(value) => span.attribute(FIXED + index, value),
                Value::U64(value) => span.attribute(FIXED + index, value),
                Value::F64(value) => span.attribute(FIXED + index, value),
                Value::Str(value) => span.attribute(FIXED + index, value.as_ref()),
                Value::Bytes(value) => span.attribute(FIXED + index, value),
            }
        }
        self.add_events(span.handle());
        if self.end == End::Failed {
            span.fail("stress::Error", Some(&self.who));
        }
    }

    /// Writes everything through the handle, by the keys themselves.
    pub(crate) fn write_through(&self, span: Span, parent: u64) {
        span.u64("who", self.who).u64("sum", self.sum()).u64("parent", parent);
        for (value, key) in self.attributes.iter().zip(&KEYS[FIXED..]) {
            match value {
                Value::Bool(value) => span.bool(key, *value),
                Value::I64(value) => span.i64(key, *value),
                Value::U64(value) => span.u64(key, *value),
                Value::F64(value) => span.f64(key, *value),
                Value::Str(value) => span.str(key, value),
                Value::Bytes(value) => span.bytes(key, value),
            };
        }
        self.add_events(span);
        if self.end == End::Failed {
            span.fail("stress::Error", self.who);
        }
    }

    fn add_events(&self, span: Span) {
        for event in &self.events {
            span.event(event);
        }
    }
}

fn value(random: &mut Random) -> Value {
    match random.below(7) {
        0 => Value::Bool(random.once_in(2)),
        1 => Value::I64(random.next().cast_signed() >> random.below(64)),
        2 => Value::U64(random.next() >> random.below(64)),
        3 => Value::F64(random.below(1_000_000) as f64 / 7.0),
        4 => Value::Bytes(random.next().to_le_bytes().repeat(1 + random.below(3) as usize)),
        _ => Value::Str("täxt ".repeat(random.below(12) as usize).into()),
    }
}

/// The number a span carries.
///
/// # Panics
/// When the span is not what its number stands for.
pub(crate) fn verify(record: &SpanRecord) -> u64 {
    let number = |key: &str| match record.attribute(key) {
        Some(Value::U64(number)) => *number,
        other => panic!("{key} is {other:?} in {record:?}"),
    };
    let who = number("who");
    let contents = Contents::of(who);
    assert_eq!(number("sum"), contents.sum(), "a torn span: {record:?}");
    assert_eq!(
        number("parent"),
        record.parent_span_id.map_or(0, telemetry_core::SpanId::to_u64),
        "{record:?}"
    );
    let name = contents.name.as_deref().unwrap_or("stress");
    assert!(
        name.starts_with(record.name.as_ref()) && record.name.len() + 4 > name.len().min(64),
        "{record:?}"
    );
    let expected: BTreeMap<&str, &Value> = KEYS[FIXED..].iter().copied().zip(&contents.attributes).collect();
    let mut found = 0;
    for attribute in
        record.attributes.iter().filter(|attribute| expected.contains_key(attribute.key.as_ref()))
    {
        assert_eq!(expected[attribute.key.as_ref()], &attribute.value, "a torn span: {record:?}");
        found += 1;
    }
    assert_eq!(found + record.dropped_attributes_count as usize, expected.len(), "{record:?}");
    let events: Vec<&str> = record.events.iter().map(|event| event.name.as_ref()).collect();
    assert_eq!(events, contents.events, "{record:?}");
    let status = match (contents.end, record.outcome) {
        // A task may be given up before it panics.
        (End::Well, Outcome::Completed) | (End::Well | End::Panicked, Outcome::Cancelled) => Status::Unset,
        // … or after it has said that it failed.
        (End::Failed, Outcome::Failed | Outcome::Cancelled) | (End::Panicked, Outcome::Panicked) => {
            Status::Error
        }
        (end, outcome) => panic!("meant to end as {end:?}, ended as {outcome:?}: {record:?}"),
    };
    assert_eq!(record.status, status, "{record:?}");
    who
}
