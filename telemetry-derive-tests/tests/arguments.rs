//! What the arguments of `#[trace]` and `#[span]` do to a span, those that other files do not have.
#![allow(missing_docs)]

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Poll, Waker};

use telemetry_core::testing::Scope;
use telemetry_core::{
    Context, Decision, NeverSample, Sampler, SamplingParameters, Span, SpanContext, SpanId, TraceId, span,
};

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        let mut context = std::task::Context::from_waker(Waker::noop());
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

#[span]
fn caller() -> Option<SpanContext> {
    Span::current().context()
}

#[span(parent = parent)]
fn under(parent: Option<SpanContext>) {
    inner();
}

#[span]
fn inner() {}

#[span(parent = Context::current(), attrs(parent = "context"))]
async fn under_a_context() -> Result<(), String> {
    inner();
    Err(String::from("late"))
}

#[test]
fn a_parent_may_be_given_and_may_be_none() {
    let scope = Scope::new();
    let parent = caller();
    under(parent);
    under(None);
    assert!(block_on(under_a_context()).is_err());
    let tree = scope.tree();
    assert!(
        tree.starts_with("caller\n  under\n    inner\nunder\n  inner\nunder_a_context [error]"),
        "{tree}"
    );
}

#[span(parent = remote())]
fn continued() {}

fn remote() -> SpanContext {
    let trace_id = TraceId::new(7).unwrap();
    let span_id = SpanId::new(8).unwrap();
    SpanContext { trace_id, span_id, trace_flags: SpanContext::SAMPLED, remote: true }
}

#[test]
fn a_parent_in_another_process_is_continued() {
    let scope = Scope::new();
    continued();
    let spans = scope.spans();
    assert_eq!(spans[0].trace_id, remote().trace_id);
    assert_eq!(spans[0].parent_span_id, Some(remote().span_id));
    assert!(spans[0].local_root);
}

#[span(links = [caller(), None, Some(remote())])]
fn linked() {}

#[span(links = others, attrs(count = others.len()))]
async fn linked_async(others: &[SpanContext]) {
    inner();
}

#[span(root, links = [Span::current()])]
fn detached() {}

#[span(root, links = [Span::current()])]
async fn detached_async() {}

#[span]
fn spawner() {
    detached();
    block_on(detached_async());
}

#[test]
fn links_are_taken_before_the_span_is_current() {
    let scope = Scope::new();
    spawner();
    let spans = scope.spans();
    let spawner = spans.iter().find(|span| span.name == "spawner").unwrap().span_id;
    for name in ["detached", "detached_async"] {
        let span = spans.iter().find(|span| span.name == name).unwrap();
        assert_eq!(span.links.iter().map(|link| link.span_id).collect::<Vec<_>>(), [spawner], "{name}");
        assert!(span.parent_span_id.is_none());
    }
}

#[test]
fn links_refer_to_other_spans() {
    let scope = Scope::new();
    linked();
    block_on(linked_async(&[remote()]));
    let spans = scope.spans();
    let links = |name: &str| {
        let span = spans.iter().find(|span| span.name == name).unwrap();
        span.links.iter().map(|link| link.span_id).collect::<Vec<_>>()
    };
    let caller = spans.iter().find(|span| span.name == "caller").unwrap().span_id;
    assert_eq!(links("linked"), [caller, remote().span_id]);
    assert_eq!(links("linked_async"), [remote().span_id]);
}

#[span(sample = always)]
fn always() {
    inner();
}

#[span(sample = never)]
fn never() {
    inner();
}

#[span(sample = 1)]
async fn whole_share() {}

#[span(sample = 0.0, root)]
fn no_share() {}

struct ByKind;

impl Sampler for ByKind {
    fn sample(&self, parameters: &SamplingParameters<'_>) -> Decision {
        if parameters.name == "by_name" { Decision::Record } else { Decision::Drop }
    }
}

static BY_NAME: ByKind = ByKind;

#[span(sample = BY_NAME)]
fn by_name() {}

#[span(sample = BY_NAME)]
fn by_another_name() {}

#[test]
fn a_sampler_of_its_own_decides_where_a_trace_begins() {
    let scope = Scope::builder().sampler(NeverSample).enter().unwrap();
    always();
    inner();
    never();
    no_share();
    block_on(whole_share());
    by_name();
    by_another_name();
    assert_eq!(scope.tree(), "always\n  inner\nwhole_share\nby_name\n");
}

fn counted(calls: &Cell<u32>) -> Option<SpanContext> {
    calls.set(calls.get() + 1);
    None
}

#[span(parent = counted(calls), links = [counted(calls)])]
fn evaluated(calls: &Cell<u32>) {}

#[test]
fn a_disabled_span_evaluates_neither_parent_nor_links() {
    let scope = Scope::new();
    let calls = Cell::new(0);
    scope.disable();
    evaluated(&calls);
    assert_eq!(calls.get(), 0);
    scope.enable();
    evaluated(&calls);
    assert_eq!(calls.get(), 2);
}

#[derive(Debug)]
struct Book {
    title: &'static str,
}

impl fmt::Display for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title)
    }
}

type Answer = Result<u32, String>;

#[span(ret)]
fn count(text: &str) -> Answer {
    let number = text.parse::<u32>().map_err(|error| error.to_string())?;
    Ok(number)
}

#[span(ret = display)]
fn shown() -> Book {
    Book { title: "Emma" }
}

#[span(ret = debug, err = off)]
async fn debugged(found: bool) -> Result<Book, Book> {
    if found { Ok(Book { title: "Emma" }) } else { Err(Book { title: "none" }) }
}

fn length(book: &Book) -> usize {
    book.title.len()
}

#[span(ret = length)]
fn mapped() -> Result<Book, fmt::Error> {
    Ok(Book { title: "Emma" })
}

#[span(ret)]
fn borrowed(text: &str) -> Option<&str> {
    text.strip_prefix('x')
}

#[span(ret)]
fn boxed() -> Pin<Box<dyn Future<Output = u8>>> {
    Box::pin(async { 3 })
}

#[span(ret = debug)]
#[track_caller]
fn tracked() -> u8 {
    4
}

#[test]
fn what_is_returned_is_recorded_on_request() {
    let scope = Scope::new();
    assert_eq!(count("7"), Ok(7));
    assert!(count("x").is_err());
    shown();
    assert!(block_on(debugged(true)).is_ok());
    assert!(block_on(debugged(false)).is_err());
    mapped().unwrap();
    borrowed("xy");
    borrowed("y");
    block_on(boxed());
    tracked();
    assert_eq!(
        scope.tree(),
        "count return=7\n\
         count [error] error.type=\"alloc::string::String\" error.message=\"invalid digit found in string\"\n\
         shown return=\"Emma\"\n\
         debugged return=\"Book { title: \\\"Emma\\\" }\"\n\
         debugged\n\
         mapped return=4\n\
         borrowed return=\"y\"\n\
         borrowed\n\
         boxed return=3\n\
         tracked return=\"4\"\n",
    );
}

type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

#[span(async = true, attrs(id), bind = span)]
fn aliased<'a>(id: &'a str, first: &'a str) -> Later<'a, Result<&'a str, String>> {
    inner();
    span.str("first", first);
    if id.is_empty() {
        return Box::pin(async { Err(String::from("empty")) });
    }
    let later = async move {
        inner();
        Ok(id)
    };
    Box::pin(later)
}

#[span]
fn either(early: bool) -> impl Future<Output = u8> + Send {
    std::future::ready(u8::from(early))
}

#[span]
fn early(early: bool) -> Pin<Box<dyn Future<Output = u8> + Send>> {
    if early {
        return Box::pin(std::future::ready(1));
    }
    Box::pin(async { 2 })
}

#[span(async = false)]
fn maker() -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> {
    Box::pin(async {
        inner();
        Err(String::from("unseen"))
    })
}

#[test]
fn futures_that_are_made_anywhere_in_the_body_are_polled_in_the_span() {
    let scope = Scope::new();
    assert_eq!(block_on(aliased("a", "b")), Ok("a"));
    assert!(block_on(aliased("", "b")).is_err());
    assert_eq!(block_on(either(true)), 1);
    assert_eq!((block_on(early(true)), block_on(early(false))), (1, 2));
    drop(early(true));
    assert!(block_on(maker()).is_err());
    assert_eq!(
        scope.tree(),
        "aliased id=\"a\" first=\"b\"\n  inner\n  inner\n\
         aliased [error] id=\"\" first=\"b\" error.type=\"alloc::string::String\" error.message=\"empty\"\n  inner\n\
         either\nearly\nearly\nearly [never_polled]\nmaker\ninner\n",
    );
}
