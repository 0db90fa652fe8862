//! The grammar and limits of baggage, and where it goes.

use std::future::Future;
use std::task::{Context as TaskContext, Poll, Waker};

use proptest::prelude::*;

use super::*;
use crate::context::Context;
use crate::sample::NeverSample;
use crate::span::{CallSite, Site, Span, SpanBuilder};
use crate::testing::Scope;
use crate::{Origin, SpanKind};

static SITE: CallSite = CallSite::new(Site {
    name: "work",
    kind: SpanKind::Internal,
    keys: &[],
    constants: &[],
    origin: &Origin { crate_name: "app", crate_version: "1.0.0", module: "app", file: "app.rs" },
    line: 1,
});

fn read(header: &str) -> Baggage {
    Baggage::parse([header])
}

fn tenant(name: &str) -> Baggage {
    Baggage::EMPTY.with("tenant", name).unwrap()
}

/// The tenant that is current.
fn here() -> Option<String> {
    Baggage::current().get("tenant").map(Cow::into_owned)
}

#[test]
fn what_is_well_formed_stays_and_loses_its_blanks() {
    for (header, expected) in [
        (
            "key1=value1,key2 = value2 ; property1 ; p2 = v2, key3=value3",
            "key1=value1,key2=value2;property1;p2=v2,key3=value3",
        ),
        ("SomeKey=SomeValue;SomeProp", "SomeKey=SomeValue;SomeProp"),
        ("\tk\t=\tv\t", "k=v"),
        ("k=", "k="),
        ("k=a=b", "k=a=b"),
        ("k=%20x%2C;p=%20", "k=%20x%2C;p=%20"),
        ("k=v;", "k=v"),
        ("k=v;;p;", "k=v;p"),
        ("!#$%&'*+-.^_`|~09azAZ=!", "!#$%&'*+-.^_`|~09azAZ=!"),
        (",,k=v,\t,", "k=v"),
        ("", ""),
        ("k=1,K=2", "k=1,K=2"),
    ] {
        assert_eq!(read(header).as_str(), expected, "{header}");
        assert_eq!(read(expected).as_str(), expected);
    }
    assert_eq!(Baggage::parse(["a=1", "", "b=2"]).as_str(), "a=1,b=2", "several headers are one list");
    assert_eq!(Baggage::parse(["a=1,b=2", "a=3;p"]).as_str(), "a=3;p,b=2", "the last value of a key counts");
}

#[test]
fn a_malformed_member_goes_alone_and_is_counted() {
    let before = dropped_baggage();
    for bad in [
        "k",
        "=v",
        "k y=v",
        "k\"=v",
        "k=a b",
        "k=a\"b",
        "k=a\\b",
        "k=v;p q",
        "k=v;=x",
        "k=v;p=a b",
        "k=\u{e9}",
        ";p",
    ] {
        let header = format!("a=1,{bad},b=2");
        assert_eq!(read(&header).as_str(), "a=1,b=2", "{bad}");
    }
    assert_eq!(Baggage::parse([b"a=1,k=\xff,b=2"]).as_str(), "a=1,b=2");
    assert!(dropped_baggage() >= before + 13);
}

#[test]
fn values_are_decoded_as_they_were_encoded() {
    for value in
        ["", "plain", "with blanks, commas; and = \"quotes\" \\", "100 %", "Übersee", "\u{1f4da}\n\0"]
    {
        let baggage = Baggage::EMPTY.with("key", value).unwrap();
        assert_eq!(baggage.get("key").as_deref(), Some(value));
        assert!(baggage.as_str().bytes().all(|byte| byte.is_ascii_graphic()), "{baggage:?}");
        assert_eq!(read(baggage.as_str()), baggage);
    }
    let odd = read("a=%,b=%4,c=%zz,d=%ff,e=%C3%A9,f=%c3%a9");
    let values: Vec<_> = odd.iter().map(|(_, value)| value.into_owned()).collect();
    assert_eq!(values, ["%", "%4", "%zz", "\u{fffd}", "é", "é"]);
    assert_eq!(odd.as_str(), "a=%,b=%4,c=%zz,d=%ff,e=%C3%A9,f=%c3%a9", "and passed on as they came");
}

#[test]
fn members_are_set_replaced_and_removed() {
    let baggage = read("a=1;p,b=2").with("c", "3").unwrap();
    assert_eq!(baggage.with("a", "4").unwrap().as_str(), "a=4,b=2,c=3");
    let with = baggage.with_properties("b", "x y", " p ; q = 1").unwrap();
    assert_eq!(
        (with.as_str(), with.properties("b"), with.len()),
        ("a=1;p,b=x%20y;p;q=1,c=3", Some("p;q=1"), 3)
    );
    assert_eq!(with.without("b").without("nowhere").as_str(), "a=1;p,c=3");
    assert!(read("a=1").without("a").is_empty());
    assert_eq!(baggage.with("a b", "1"), Err(BaggageError::Key("a b".to_owned())));
    assert_eq!(baggage.with("", "1"), Err(BaggageError::Key(String::new())));
    assert_eq!(baggage.with_properties("a", "1", "p q"), Err(BaggageError::Properties("p q".to_owned())));
    assert_eq!(baggage.get("d"), None);
}

#[test]
fn as_much_goes_on_as_w3c_asks_for_and_no_more() {
    let members: Vec<String> = (0..70).map(|key| format!("k{key}=v")).collect();
    let many = read(&members.join(","));
    assert_eq!(many.as_str(), members[..64].join(","));
    assert_eq!(many.with("k7", "w").unwrap().len(), 64);
    assert!(matches!(many.with("k64", "v"), Err(BaggageError::TooLarge { members: 65, .. })));

    let whole = format!("k={}", "v".repeat(8_190));
    assert_eq!(read(&whole).as_str(), whole);
    assert!(read(&format!("{whole}v")).is_empty());
    let filled = format!("a={},b={},c=1", "v".repeat(8_000), "v".repeat(200));
    assert_eq!(read(&filled).as_str(), format!("a={},c=1", "v".repeat(8_000)), "what still fits stays");
    let before = dropped_baggage();
    read(&members.join(","));
    assert!(dropped_baggage() >= before + 6);
}

#[test]
fn a_value_that_is_too_long_leaves_none_of_its_key() {
    let header = format!("a=1,b=2,a={}", "v".repeat(8_190));
    assert_eq!(read(&header).as_str(), "b=2", "an older value does not stand for the last");
    let swapped = format!("a={},b=1,a=2,c={}", "v".repeat(8_000), "v".repeat(8_000));
    assert_eq!(
        read(&swapped).as_str(),
        format!("a=2,b=1,c={}", "v".repeat(8_000)),
        "and gives its room back"
    );
}

#[test]
fn a_stranger_cannot_have_members_compared_with_one_another() {
    // With all of them kept until the end this takes minutes.
    let many: Vec<String> = (0..400_000).map(|key| format!("{key:x}=")).collect();
    let before = dropped_baggage();
    let kept = read(&format!("{},0=last", many.join(",")));
    assert_eq!((kept.len(), kept.get("0").as_deref()), (64, Some("last")));
    assert!(dropped_baggage() >= before + 400_000 - 64);
}

#[test]
fn what_is_current_follows_the_spans_inside_and_ends_outside() {
    let scope = Scope::new();
    let root = SpanBuilder::new(&SITE).enter();
    let left = tenant("acme").run(|| {
        assert!(Span::current().is_recording(), "the current span stays writable");
        let _child = SpanBuilder::new(&SITE).enter();
        assert_eq!(here().as_deref(), Some("acme"));
        let inner = Baggage::current().with("tier", "gold").unwrap();
        inner.run(|| assert_eq!(Baggage::current().as_str(), "tenant=acme,tier=gold"));
        assert_eq!(Baggage::current().len(), 1);
        Baggage::EMPTY.run(|| assert_eq!(here(), None));
        Context::current()
    });
    assert_eq!(here(), None);
    // Carried to a thread, after the end.
    let there = std::thread::spawn(left.wrap(|| {
        let _child = SpanBuilder::new(&SITE).enter();
        here()
    }));
    assert_eq!(there.join().unwrap().as_deref(), Some("acme"));
    drop(root);
    assert_eq!(scope.tree(), "work\n  work\n    work\n");
    assert!(scope.spans().iter().all(|span| span.trace_state.is_none()));
}

#[test]
fn a_panic_inside_leaves_nothing_behind() {
    let _scope = Scope::new();
    let _root = SpanBuilder::new(&SITE).enter();
    let work = || tenant("acme").run(|| panic!("inside"));
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err());
    assert_eq!(here(), None);
}

#[test]
fn a_future_has_it_at_every_poll_wherever_that_is() {
    let _scope = Scope::new();
    let mut future = {
        let _root = SpanBuilder::new(&SITE).enter();
        let work = async {
            let before = here();
            let mut again = false;
            std::future::poll_fn(|_| {
                if std::mem::replace(&mut again, true) { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            (before, here())
        };
        let mut future = Box::pin(tenant("acme").wrap_future(work));
        assert!(future.as_mut().poll(&mut TaskContext::from_waker(Waker::noop())).is_pending());
        assert_eq!(here(), None);
        future
    };
    let context = Context::current();
    let Poll::Ready((before, after)) = std::thread::scope(|threads| {
        let poll = || future.as_mut().poll(&mut TaskContext::from_waker(Waker::noop()));
        threads.spawn(context.wrap(poll)).join().unwrap()
    }) else {
        panic!("two polls are enough");
    };
    assert_eq!((before.as_deref(), after.as_deref()), (Some("acme"), Some("acme")));
}

#[test]
fn without_a_span_it_waits_for_the_first_and_unrecorded_ones_carry_it() {
    for scope in [Scope::builder(), Scope::builder().sampler(NeverSample)] {
        let scope = scope.enter().unwrap();
        let seen = tenant("acme").run(|| {
            let outside = here();
            let _root = SpanBuilder::new(&SITE).enter();
            let trace = Span::current().context().unwrap();
            assert!(!trace.remote);
            let _child = SpanBuilder::new(&SITE).enter();
            let inside = here();
            (outside, inside)
        });
        assert_eq!(seen, (Some("acme".to_owned()), Some("acme".to_owned())));
        assert_eq!(here(), None);
        assert!(scope.spans().iter().all(|span| span.parent_span_id.is_none() || !span.local_root));
    }
}

#[test]
fn where_telemetry_is_disabled_it_is_current_all_the_same() {
    let scope = Scope::new();
    scope.disable();
    tenant("acme").run(|| {
        let _span = SpanBuilder::new(&SITE).enter();
        assert_eq!(here().as_deref(), Some("acme"));
    });
    assert_eq!(here(), None);
}

#[test]
fn a_ratio_tells_its_threshold_beside_it() {
    let ratio = crate::sample::RatioSample::new(1.0).unwrap();
    let _scope = Scope::builder().sampler(ratio).enter().unwrap();
    let _root = SpanBuilder::new(&SITE).enter();
    tenant("acme").run(|| {
        assert_eq!(Span::current().trace_state().as_str(), "ot=th:0");
        assert_eq!(here().as_deref(), Some("acme"));
    });
}

proptest! {
    #[test]
    fn nothing_panics_and_what_was_read_stays_the_same(values in prop::collection::vec(any_list(), 0..4)) {
        let baggage = Baggage::parse(&values);
        prop_assert!(baggage.len() <= MAX_BAGGAGE_MEMBERS && baggage.as_str().len() <= MAX_BAGGAGE_BYTES);
        prop_assert_eq!(&Baggage::parse([baggage.as_str()]), &baggage);
        let keys: std::collections::HashSet<&str> = baggage.iter().map(|(key, _)| key).collect();
        prop_assert_eq!(keys.len(), baggage.len());
        if let Ok(more) = baggage.with("ours", "a b") {
            prop_assert!(more.get("ours").as_deref() == Some("a b"));
            prop_assert!(more.without("ours").get("ours").is_none());
        }
    }

    #[test]
    fn any_text_comes_back(value in any::<String>()) {
        if let Ok(baggage) = Baggage::EMPTY.with("key", &value) {
            let read = Baggage::parse([baggage.as_str()]);
            prop_assert!(read.get("key").as_deref() == Some(&*value));
        }
    }
}

/// Lists of every kind: noise, and members that are mostly valid.
fn any_list() -> impl Strategy<Value = Vec<u8>> {
    let member = "[ \t]{0,2}[a-zA-Z0-9! \"]{0,4}[ \t]{0,1}={0,2}[!-~]{0,8}(;[a-z =]{0,5}){0,2}";
    let list = prop::collection::vec(member, 0..80).prop_map(|members| members.join(",").into_bytes());
    prop_oneof![list, prop::collection::vec(any::<u8>(), 0..80)]
}
