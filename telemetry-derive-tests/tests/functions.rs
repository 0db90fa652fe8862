//! Functions that are not async, of every shape: what they do is what they did, and the span tree is right.
#![allow(missing_docs)]

use std::fmt::Display;
use std::num::ParseIntError;
use std::panic::Location;
use std::sync::Mutex;

use telemetry_core::testing::Scope;
use telemetry_core::testing::assertions::Assertions;
use telemetry_core::{Span, SpanKind, span, trace};

#[span]
fn outer(depth: u32) -> u32 {
    inner();
    if depth == 0 { 0 } else { outer(depth - 1) + 1 }
}

#[span]
fn inner() {}

#[test]
fn calls_nest_and_recursion_nests_deeper() {
    let scope = Scope::new();
    assert_eq!(outer(1), 1);
    assert_eq!(scope.tree(), "outer\n  inner\n  outer\n    inner\n");
}

#[trace]
fn by_path() {}

#[trace(type = Shelf)]
fn by_type() {}

const NAME: &str = "by.constant";

#[trace(name = NAME)]
fn by_constant() {}

#[span]
fn r#loop() {}

#[test]
fn spans_are_named_by_path_type_constant_or_function() {
    let scope = Scope::new();
    by_path();
    by_type();
    by_constant();
    r#loop();
    assert_eq!(scope.tree(), "functions::by_path\nShelf::by_type\nby.constant\nloop\n");
}

#[span(kind = consumer)]
fn consumer() {
    root();
}

#[span(root)]
fn root() {}

#[test]
fn a_root_begins_a_trace_of_its_own() {
    let scope = Scope::new();
    consumer();
    assert_eq!(scope.tree().lines().collect::<Vec<_>>(), ["consumer [consumer]", "root"]);
    let spans = scope.spans();
    assert_ne!(spans[0].trace_id, spans[1].trace_id);
}

#[span(kind = internal)]
fn internal() {}

#[span(kind = server)]
fn server() {}

#[span(kind = client)]
fn client() {}

#[span(kind = producer)]
fn producer() {}

#[test]
fn a_span_is_of_the_kind_it_names_and_internal_where_it_names_none() {
    let scope = Scope::new();
    for function in [internal, server, client, producer, consumer] {
        function();
    }
    let kind = |name: &str| scope.assert_has_span(name).kind;
    let kinds = ["internal", "root", "server", "client", "producer", "consumer"].map(kind);
    assert_eq!(
        kinds,
        [
            SpanKind::Internal,
            SpanKind::Internal,
            SpanKind::Server,
            SpanKind::Client,
            SpanKind::Producer,
            SpanKind::Consumer,
        ]
    );
}

struct Shelf {
    titles: Vec<String>,
}

impl Shelf {
    #[span]
    fn first(&mut self) -> Result<&mut String, &'static str> {
        let first = self.titles.first_mut().ok_or("empty")?;
        first.push('!');
        Ok(first)
    }

    #[span]
    fn longest<'a>(&'a self, other: &'a str) -> Option<&'a str> {
        let longest = self.titles.iter().max_by_key(|title| title.len())?;
        Some(if longest.len() > other.len() { longest } else { other })
    }

    #[span]
    fn into_titles(self) -> Vec<String> {
        self.titles
    }

    #[span]
    fn boxed(self: Box<Self>) -> Result<Self, ParseIntError> {
        Ok(*self)
    }

    #[span]
    fn cleared(mut self) -> Self {
        self.titles.clear();
        self
    }

    #[span]
    fn each(&self) -> impl Iterator<Item = &str> {
        self.titles.iter().map(String::as_str)
    }

    #[span]
    fn matcher(&self) -> impl Fn(&str) -> bool {
        |title| self.titles.iter().any(|own| own == title)
    }

    #[span]
    fn checked(&self) -> Result<impl Iterator<Item = usize>, String> {
        if self.titles.is_empty() {
            return Err(String::from("empty"));
        }
        Ok(self.titles.iter().map(String::len))
    }
}

#[test]
fn methods_take_and_return_what_they_did() {
    let scope = Scope::new();
    let mut shelf = Shelf { titles: vec![String::from("Emma")] };
    assert_eq!(shelf.first().map(|title| title.as_str()), Ok("Emma!"));
    assert_eq!(shelf.longest("It"), Some("Emma!"));
    assert_eq!(shelf.each().count(), 1);
    assert!(shelf.matcher()("Emma!"));
    assert_eq!(shelf.checked().map(Iterator::sum), Ok(5_usize));
    assert_eq!(Box::new(shelf).boxed().unwrap().cleared().into_titles(), Vec::<String>::new());
    assert_eq!(scope.tree(), "first\nlongest\neach\nmatcher\nchecked\nboxed\ncleared\ninto_titles\n");
}

trait Named {
    fn name(&self) -> String;

    #[trace(type = Named)]
    fn greeting(&self) -> String {
        format!("dear {}", self.name())
    }
}

impl Named for str {
    #[trace(type = str)]
    fn name(&self) -> String {
        self.to_owned()
    }
}

#[test]
fn trait_methods_are_traced_in_trait_and_impl() {
    let scope = Scope::new();
    let dynamic: &dyn Display = &"reader".greeting();
    assert_eq!(dynamic.to_string(), "dear reader");
    assert_eq!(scope.tree(), "Named::greeting\n  str::name\n");
}

#[span(attrs(n = N, text = %value))]
fn generic<const N: usize, T, E>(value: T, other: [E; N]) -> Result<[E; N], T>
where
    T: Display,
{
    if N == 0 { Err(value) } else { Ok(other) }
}

#[test]
fn one_call_site_serves_all_type_arguments() {
    let scope = Scope::new();
    assert!(generic(1, ["a"]).is_ok());
    assert!(generic("none", [0_u8; 0]).is_err());
    let error = "error.type=\"&str\" error.message=\"none\"";
    assert_eq!(scope.tree(), format!("generic n=1 text=\"1\"\ngeneric [error] n=0 text=\"none\" {error}\n"));
}

#[span]
fn destructured((a, [b, ..]): (u8, [u8; 3]), &[c, ..]: &[u8; 16], Shelf { titles }: Shelf, _: u8) -> usize {
    usize::from(a + b + c) + titles.len()
}

#[span]
fn guarded_length(titles: Mutex<Vec<u8>>) -> usize {
    titles.lock().unwrap().len()
}

#[span]
unsafe extern "C" fn foreign(pointer: *const u8) -> u8 {
    // SAFETY: the test gives a valid pointer.
    unsafe { *pointer }
}

macro_rules! traced {
    ($(#[$attribute:meta])* $visibility:vis fn $name:ident($argument:ident: $type:ty) -> $output:ty $body:block) => {
        #[span(attrs($argument))]
        $(#[$attribute])*
        $visibility fn $name($argument: $type) -> $output $body
    };
}

traced! {
    #[must_use]
    pub fn made(number: u32) -> Option<u32> {
        number.checked_add(1)
    }
}

#[test]
fn patterns_pointers_and_macros_are_no_hindrance() {
    let scope = Scope::new();
    assert_eq!(destructured((1, [2, 0, 0]), &[3; 16], Shelf { titles: Vec::new() }, 0), 6);
    assert_eq!(guarded_length(Mutex::new(vec![1])), 1);
    // SAFETY: the pointer is valid.
    assert_eq!(unsafe { foreign(&7) }, 7);
    assert_eq!(made(1), Some(2));
    assert_eq!(scope.tree(), "destructured\nguarded_length\nforeign\nmade number=1\n");
}

#[span]
#[track_caller]
fn tracked() -> u32 {
    Location::caller().line()
}

#[test]
fn a_tracked_caller_is_the_callers_line() {
    assert_eq!(tracked(), line!());
}

struct Noisy<'a>(&'a Mutex<Vec<&'static str>>, &'static str);

impl Drop for Noisy<'_> {
    fn drop(&mut self) {
        self.0.lock().unwrap().push(self.1);
        Span::current().event(self.1);
    }
}

#[span]
fn owner(first: Noisy, second: Noisy, _third: Noisy, (fourth, fifth): (Noisy, Noisy)) {
    let (_first, _fourth) = (&first, &fourth);
    let _local = Noisy(second.0, "local");
    drop(fifth);
}

#[test]
fn arguments_are_dropped_in_their_order_and_inside_the_span() {
    let scope = Scope::new();
    let log = Mutex::new(Vec::new());
    let noisy = |name| Noisy(&log, name);
    owner(noisy("1"), noisy("2"), noisy("3"), (noisy("4"), noisy("5")));
    assert_eq!(*log.lock().unwrap(), ["5", "local", "4", "3", "2", "1"]);
    let events: Vec<_> = scope.spans()[0].events.iter().map(|event| event.name.to_string()).collect();
    assert_eq!(events, ["5", "local", "4", "3", "2", "1"]);
}

#[span]
fn never(message: &str) -> ! {
    panic!("{message}")
}

#[test]
fn a_panic_passes_through_and_is_recorded() {
    let scope = Scope::new();
    let caught = std::panic::catch_unwind(|| never("out of paper"));
    assert!(caught.is_err());
    assert_eq!(scope.tree(), "never [error] error.type=\"panic\" error.message=\"out of paper\"\n");
}
