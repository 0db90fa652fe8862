//! What can be recorded, and what becomes of what does not fit.

use super::*;

#[test]
fn children_nest_and_inherit_the_trace() {
    let scope = Scope::new();
    {
        let _root = open(site!("root"));
        {
            let _child = open(site!("child"));
            let _grandchild = open(site!("grandchild"));
        }
        let _second = open(site!("second"));
    }
    assert_eq!(scope.tree(), "root\n  child\n    grandchild\n  second\n");
    let spans = scope.spans();
    assert!(spans.iter().all(|span| span.trace_id == spans[0].trace_id));
    assert_eq!(spans.iter().filter(|span| span.local_root).count(), 1);
    assert_eq!(spans[0].trace_flags, 3, "our own roots are sampled and random");
}

#[test]
fn manual_clock_gives_exact_durations() {
    let scope = Scope::new();
    {
        let _root = open(site!("root"));
        scope.advance(Duration::from_millis(3));
        let _child = open(site!("child"));
        scope.advance(Duration::from_millis(2));
    }
    let spans = scope.spans();
    assert_eq!(spans[0].duration_nanos, 5_000_000);
    assert_eq!(spans[1].duration_nanos, 2_000_000);
    assert_eq!(spans[1].start_unix_nanos - spans[0].start_unix_nanos, 3_000_000);
}

#[test]
fn typed_and_generic_setters_give_the_same_output() {
    let scope = Scope::new();
    {
        let span = open(site!("typed"));
        span.handle().str("s", "text").i64("i", -5).u64("u", u64::MAX).f64("f", 1.5);
        span.handle().bool("b", true).bytes("y", &[1, 2, 3]);
    }
    {
        let span = open(site!("typed"));
        span.handle().set("s", "text").set("i", -5_i32).set("u", u64::MAX).set("f", 1.5_f64);
        span.handle().set("b", true).set("y", [1_u8, 2, 3]);
    }
    let spans = scope.spans();
    assert_eq!(spans[0].attributes, spans[1].attributes);
    assert_eq!(spans[0].attribute("i"), Some(&Value::I64(-5)));
    assert_eq!(spans[0].attribute("u"), Some(&Value::U64(u64::MAX)));
    assert_eq!(spans[0].attribute("y"), Some(&Value::Bytes(vec![1, 2, 3])));
    assert_eq!(spans[0].dropped_attributes_count, 0);
}

#[test]
fn integers_survive_at_every_width() {
    let values = [0, 1, -1, 127, 128, -128, -129, 255, 256, 32_767, -32_769, 1 << 40, i64::MAX, i64::MIN];
    for value in values {
        let scope = Scope::new();
        {
            let span = open(site!("integers"));
            span.handle().i64("i", value).u64("u", value as u64);
        }
        let spans = scope.spans();
        assert_eq!(spans[0].attribute("i"), Some(&Value::I64(value)));
        assert_eq!(spans[0].attribute("u"), Some(&Value::U64(value as u64)));
    }
}

#[test]
fn a_key_set_twice_keeps_the_last_value_also_when_full() {
    let scope = Scope::new();
    {
        let span = open(site!("twice"));
        for round in 0..1_000 {
            span.handle().i64("round", round).str("state", "working");
        }
    }
    let spans = scope.spans();
    assert_eq!(spans[0].attribute("round"), Some(&Value::I64(999)));
    assert_eq!(spans[0].attributes.len(), 2);
    assert_eq!(spans[0].dropped_attributes_count, 0);
}

#[test]
fn what_does_not_fit_is_dropped_whole_and_counted() {
    let scope = Scope::new();
    {
        let span = open(site!("full"));
        span.handle().str("a", &"x".repeat(100)).str("b", &"y".repeat(100)).i64("c", 1);
    }
    let spans = scope.spans();
    assert_eq!(spans[0].dropped_attributes_count, 1);
    assert!(spans[0].attribute("b").is_none());
    assert_eq!(spans[0].attribute("c"), Some(&Value::I64(1)));
}

#[test]
fn long_values_are_cut_at_a_character_and_marked() {
    let scope = Scope::new();
    {
        let span = open(site!("long", keys: &["db.statement"]));
        span.handle().str("db.statement", &"é".repeat(200));
    }
    let spans = scope.spans();
    let Some(Value::Str(text)) = spans[0].attribute("db.statement") else { panic!("no statement") };
    assert!(text.starts_with("éé") && text.ends_with("é…") && text.len() < 128, "{text}");
}

#[test]
fn constants_come_first_and_can_be_set_over() {
    let scope = Scope::new();
    {
        let span = open(site!("constants", constants: &[("db.system", Constant::Str("sqlite"))]));
        span.handle().i64("rows", 3);
    }
    assert_eq!(scope.tree(), "constants db.system=\"sqlite\" rows=3\n");
}

#[test]
fn twelve_static_events_fit_and_the_thirteenth_is_counted() {
    let scope = Scope::new();
    {
        let span = open(site!("events"));
        for _ in 0..13 {
            scope.advance(Duration::from_micros(1));
            span.handle().event("cache.checked");
        }
    }
    let spans = scope.spans();
    assert_eq!(spans[0].events.len(), 12);
    assert_eq!(spans[0].dropped_events_count, 1);
    assert_eq!(spans[0].events[2].time_unix_nanos - spans[0].start_unix_nanos, 3_000);
}

#[test]
fn four_dynamic_events_of_22_bytes_fit() {
    let scope = Scope::new();
    {
        let span = open(site!("events"));
        for number in 0..5 {
            span.handle().event_dynamic(&format!("a dynamic event no. {number:02}"));
        }
    }
    let spans = scope.spans();
    assert_eq!(spans[0].events.len(), 4);
    assert_eq!(spans[0].events[3].name, "a dynamic event no. 03");
    assert_eq!(spans[0].dropped_events_count, 1);
}

#[test]
fn event_attributes_are_kept() {
    let scope = Scope::new();
    {
        let span = open(site!("events"));
        span.handle().event_with("cache.miss", |event| {
            event.set("key", "book:7").set("size", 3);
        });
        span.handle().event("done");
    }
    let spans = scope.spans();
    assert_eq!(spans[0].events[0].attributes.len(), 2);
    assert_eq!(spans[0].events[0].attributes[1].value, Value::I64(3));
    assert_eq!(spans[0].events[1].name, "done");
}

#[test]
fn names_of_run_time_are_kept_or_cut() {
    let scope = Scope::new();
    let long = "ü".repeat(50);
    drop(SpanBuilder::new(site!("x")).name(Name::interned(&long)).enter());
    drop(SpanBuilder::new(site!("x")).name(Name::dynamic(&long)).enter());
    drop(SpanBuilder::new(site!("x")).name(Name::dynamic("short")).kind(SpanKind::Server).enter());
    let spans = scope.spans();
    assert_eq!(spans[0].name, long);
    assert_eq!(spans[1].name, "ü".repeat(32));
    assert_eq!((spans[2].name.as_ref(), spans[2].kind), ("short", SpanKind::Server));
}
