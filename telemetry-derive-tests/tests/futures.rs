//! Futures: opened at the first poll, entered at each, `Send` as before.
#![allow(missing_docs)]

use std::future::{pending, ready};
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use telemetry_core::testing::Scope;
use telemetry_core::{Span, span, step, trace};
use tokio::task::yield_now;

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

fn assert_send<T: Send>(value: T) -> T {
    value
}

#[span(attrs(id))]
async fn load(id: u64) -> Result<String, &'static str> {
    find(id).await?;
    yield_now().await;
    store().await;
    Ok(format!("book {id}"))
}

#[span]
async fn find(id: u64) -> Result<(), &'static str> {
    yield_now().await;
    if id == 0 { Err("no such book") } else { Ok(()) }
}

#[span]
async fn store() {
    yield_now().await;
}

#[test]
fn the_current_span_follows_the_future_over_its_polls() {
    let scope = Scope::new();
    assert_eq!(block_on(assert_send(load(7))).as_deref(), Ok("book 7"));
    assert_eq!(scope.tree(), "load id=7\n  find\n  store\n");
    assert!(!Span::current().is_recording());
}

#[test]
fn an_error_that_leaves_by_a_question_mark_marks_every_span_it_passes() {
    let scope = Scope::new();
    assert!(block_on(load(0)).is_err());
    let error = "error.type=\"&str\" error.message=\"no such book\"";
    assert_eq!(scope.tree(), format!("load [error] id=0 {error}\n  find [error] {error}\n"));
}

#[test]
fn a_future_that_is_not_polled_has_no_span_and_one_that_is_dropped_is_cancelled() {
    #[span]
    async fn waits(ready: bool) {
        if !ready {
            pending::<()>().await;
        }
    }

    let scope = Scope::new();
    drop(waits(true));
    assert_eq!(scope.tree(), "");
    {
        let mut future = pin!(waits(false));
        assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    assert_eq!(scope.tree(), "waits [cancelled]\n");
}

#[test]
fn the_parent_is_the_span_of_the_first_poll() {
    #[span(async = false)]
    fn maker() -> impl Future<Output = ()> {
        store()
    }

    #[span]
    fn poller(future: impl Future) {
        block_on(future);
    }

    let scope = Scope::new();
    poller(maker());
    assert_eq!(scope.tree(), "maker\npoller\n  store\n");
}

struct Shelf {
    titles: Vec<String>,
}

impl Shelf {
    #[trace(type = Shelf, attrs(count = self.titles.len()))]
    async fn first(&mut self) -> Option<&mut String> {
        ready(()).await;
        let first = self.titles.first_mut()?;
        first.push('!');
        Some(first)
    }

    #[span]
    async fn into_titles(self, mut more: Vec<String>) -> impl Iterator<Item = String> {
        more.extend(self.titles);
        more.into_iter()
    }

    #[span]
    async fn length(&self, titles: Mutex<Vec<u8>>) -> usize {
        titles.lock().unwrap().len() + self.titles.len()
    }
}

#[test]
fn async_methods_take_and_return_what_they_did() {
    let scope = Scope::new();
    let mut shelf = Shelf { titles: vec![String::from("Emma")] };
    assert_eq!(block_on(assert_send(shelf.first())).map(|title| title.as_str()), Some("Emma!"));
    assert_eq!(block_on(assert_send(shelf.length(Mutex::default()))), 1);
    assert_eq!(block_on(assert_send(shelf.into_titles(Vec::new()))).count(), 1);
    assert_eq!(scope.tree(), "Shelf::first count=1\nlength\ninto_titles\n");
}

#[span(attrs(id))]
fn boxed<'a>(id: &'a str) -> Pin<Box<dyn Future<Output = Result<&'a str, String>> + Send + 'a>> {
    let trimmed = id.trim();
    Box::pin(async move {
        yield_now().await;
        if trimmed.is_empty() {
            Err("empty")?;
        }
        Ok(trimmed)
    })
}

#[allow(clippy::manual_async_fn, reason = "what others may write")]
#[span]
fn opaque(number: u32) -> impl Future<Output = u32> + Send {
    async move { number + 1 }
}

#[test]
fn a_future_at_the_end_of_a_function_is_what_is_traced() {
    let scope = Scope::new();
    assert_eq!(block_on(assert_send(boxed(" a "))), Ok("a"));
    assert!(block_on(boxed(" ")).is_err());
    assert_eq!(block_on(assert_send(opaque(1))), 2);
    drop(opaque(1));
    let error = "error.type=\"alloc::string::String\" error.message=\"empty\"";
    assert_eq!(scope.tree(), format!("boxed id=\" a \"\nboxed [error] id=\" \" {error}\nopaque\n"));
}

#[async_trait::async_trait]
trait Source {
    async fn read(&self, id: u64) -> Result<u64, String>;

    #[trace(type = Source)]
    async fn close(&self) {}
}

#[async_trait::async_trait]
impl Source for Shelf {
    #[trace(type = Shelf, attrs(id, count = self.titles.len()))]
    async fn read(&self, id: u64) -> Result<u64, String> {
        yield_now().await;
        if id == 0 {
            return Err(String::from("no such book"));
        }
        Ok(id)
    }
}

#[test]
fn async_trait_output_is_traced_inside_its_box() {
    let scope = Scope::new();
    let source: Box<dyn Source + Sync> = Box::new(Shelf { titles: Vec::new() });
    assert!(block_on(source.read(0)).is_err());
    block_on(source.close());
    let error = "error.type=\"alloc::string::String\" error.message=\"no such book\"";
    assert_eq!(scope.tree(), format!("Shelf::read [error] id=0 count=0 {error}\nSource::close\n"));
}

trait Native {
    async fn read(&self) -> u8;

    #[span]
    async fn twice(&self) -> u8 {
        self.read().await * 2
    }
}

impl Native for u8 {
    #[span]
    async fn read(&self) -> u8 {
        *self
    }
}

#[span]
async fn countdown(from: u32) -> Result<u32, String> {
    if from == 0 { Ok(0) } else { Box::pin(countdown(from - 1)).await }
}

#[test]
fn async_traits_and_recursion_nest() {
    let scope = Scope::new();
    assert_eq!(block_on(4.twice()), 8);
    assert_eq!(block_on(countdown(1)), Ok(0));
    assert_eq!(scope.tree(), "twice\n  read\ncountdown\n  countdown\n");
}

#[span]
async fn inferred(count: usize) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    if count == 0 {
        return Err("nothing to read".into());
    }
    Ok(std::iter::repeat_n(1, count).collect())
}

#[test]
fn the_return_type_is_known_inside_the_body() {
    assert_eq!(block_on(inferred(1)).unwrap(), [1]);
    assert!(block_on(assert_send(inferred(0))).is_err());
}

#[tokio::test]
#[span]
async fn a_test_attribute_may_stand_before() {
    ready(()).await;
}

#[span]
#[tokio::test]
async fn a_test_attribute_may_stand_behind() {
    ready(()).await;
}

#[span]
async fn stepped(titles: &[&str]) -> Result<usize, String> {
    let count = step!("count", titles = titles.len() => async { titles.len() }).await;
    step!("check" => async { if count == 0 { Err("empty") } else { Ok(()) } }).await?;
    Ok(count)
}

#[test]
fn a_step_over_a_future_is_a_child_where_it_stands() {
    let scope = Scope::new();
    assert!(block_on(assert_send(stepped(&[]))).is_err());
    let error = |of| format!("error.type=\"{of}\" error.message=\"empty\"");
    assert_eq!(
        scope.tree(),
        format!(
            "stepped [error] {}\n  count titles=0\n  check [error] {}\n",
            error("alloc::string::String"),
            error("&str")
        ),
    );
}
