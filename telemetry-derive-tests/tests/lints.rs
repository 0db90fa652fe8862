//! Expansions raise no warning, whatever the user's crate denies: rustc's lints here, clippy's under `cargo clippy`.
#![forbid(unsafe_code)]
#![deny(
    warnings,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    missing_debug_implementations,
    missing_docs,
    redundant_lifetimes,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unnameable_types,
    unreachable_pub,
    unused_lifetimes,
    unused_qualifications,
    unused_results
)]
#![allow(clippy::unused_async, reason = "the shapes matter, not what they do")]

use std::fmt::Display;
use std::sync::{Mutex, MutexGuard};

use telemetry_core::testing::Scope;
use telemetry_core::{Span, span, step, trace};
use tokio::task::yield_now;

/// A type with a method of each kind.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    titles: Vec<String>,
}

impl Shelf {
    /// A borrow.
    ///
    /// # Errors
    /// When empty.
    #[trace(type = Shelf, attrs(count = self.titles.len(), from.id = 3, shelf.kind = "oak", height = -0.5_f32, age = 1_000_u64))]
    pub fn first(&mut self) -> Result<&mut String, String> {
        self.titles.first_mut().ok_or_else(|| String::from("empty"))
    }

    /// By value.
    #[must_use]
    #[span]
    pub fn cleared(mut self) -> Self {
        self.titles.clear();
        self
    }

    /// An early return, a loop, a last `return`.
    ///
    /// # Errors
    /// Mostly.
    #[span]
    pub fn search(&self, title: &str) -> Result<usize, String> {
        for (index, own) in self.titles.iter().enumerate() {
            if own == title {
                return Ok(index);
            }
        }
        Err(format!("no {title}"))
    }

    /// Async.
    ///
    /// # Errors
    /// Never.
    #[span(attrs(title))]
    pub async fn add(&mut self, title: String) -> Result<(), String> {
        yield_now().await;
        self.titles.push(title);
        Ok(())
    }

    /// Declares attributes with names that method names would not have.
    #[span(bind = span, attrs(rows: i64, is.done: bool, fromId: u64, never_set: str))]
    pub fn declared(&self) {
        span.rows(1);
        span.is_done(true);
        span.fromId(1);
    }
}

/// Arguments of which some are not used.
#[span]
#[must_use]
pub fn unused(_text: &str, _number: u32, _owned: String, guard: MutexGuard<'_, u8>) -> u8 {
    *guard
}

/// Never ends.
#[span]
pub fn diverges() -> ! {
    std::process::abort()
}

/// Ends in a panic.
///
/// # Errors
/// With zero.
///
/// # Panics
/// Otherwise.
#[span]
pub fn panics(number: u32) -> Result<u32, String> {
    if number == 0 {
        return Err(String::from("zero"));
    }
    panic!("not zero")
}

/// Async and never ends.
#[span]
pub async fn pending() -> ! {
    loop {
        yield_now().await;
    }
}

/// Opaque types in and out.
#[span(attrs(text = %text))]
pub fn opaque(text: impl Display) -> impl Iterator<Item = char> {
    text.to_string().chars().collect::<Vec<_>>().into_iter()
}

/// A future in a box.
#[span]
pub fn boxed(mutex: &Mutex<u8>) -> std::pin::Pin<Box<dyn Future<Output = u8> + Send + '_>> {
    Box::pin(async move { mutex.lock().map_or(0, |guard| *guard) })
}

/// The caller's line.
///
/// # Errors
/// With zero.
#[span]
#[track_caller]
pub fn tracked(number: u32) -> Result<u32, String> {
    if number == 0 {
        return Err(String::from("zero"));
    }
    let doubled = number.checked_mul(2).ok_or("too much")?;
    if doubled > 10 {
        Err("much")?;
    }
    Ok(std::panic::Location::caller().line())
}

/// Is counted.
///
/// # Errors
/// With zero.
#[span(metrics, attrs(number))]
pub fn counted(number: u32) -> Result<u32, String> {
    number.checked_sub(1).ok_or_else(|| String::from("zero"))
}

/// Is counted, too.
#[span(metrics, timing)]
pub async fn counted_later(number: u32) -> u32 {
    std::future::ready(number).await
}

/// Steps.
#[span]
pub async fn steps(rows: &[u8]) -> usize {
    {
        let _render = step!("render", rows = rows.len(), form = "list");
    }
    step!("wait", ?rows => yield_now()).await;
    rows.len()
}

/// An error by its function.
///
/// # Errors
/// Always.
#[span(err = ToString::to_string)]
pub fn mapped() -> Result<(), String> {
    Err(String::from("always"))
}

/// What is returned, other spans and a parent.
///
/// # Errors
/// With zero.
#[span(ret, parent = Span::current(), links = [Span::current()], sample = always, level = debug)]
pub fn returned(number: u32) -> Result<u32, String> {
    number.checked_sub(1).ok_or_else(|| String::from("zero"))
}

/// What is returned later.
#[span(ret = debug, attrs(number), links = Some(Span::current()))]
pub async fn returned_later(number: u32) -> Option<u32> {
    number.checked_sub(1)
}

/// A future under another name.
pub type Later<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A future from anywhere in the body.
#[must_use]
#[span(async = true, bind = span, attrs(text, length: u64))]
pub fn made<'a>(text: &'a str, owned: String) -> Later<'a, Result<&'a str, String>> {
    span.length(text.len() as u64);
    if text.is_empty() {
        return Box::pin(std::future::ready(Err(owned)));
    }
    Box::pin(async move { Ok(text) })
}

/// An opaque future that is not an `async` block.
#[span]
pub fn opaque_future(number: u8) -> impl Future<Output = u8> + Send {
    std::future::ready(number)
}

/// A whole block.
#[derive(Debug, Default, Clone, Copy)]
pub struct Counter(u32);

#[trace(attrs(count = self.0))]
impl Counter {
    /// Counts.
    ///
    /// # Errors
    /// When full.
    pub fn up(&mut self) -> Result<u32, String> {
        self.0 = self.0.checked_add(1).ok_or("full")?;
        Ok(self.0)
    }

    /// Counts later.
    pub async fn later(&mut self) -> u32 {
        yield_now().await;
        self.0
    }

    /// Not traced.
    #[must_use]
    #[trace(skip)]
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// A whole module.
#[trace]
pub mod shelves {
    /// A trait with a body.
    pub trait Named {
        /// The name.
        fn name(&self) -> String {
            String::from("shelf")
        }
    }

    impl Named for u8 {}

    /// A function.
    #[must_use]
    pub fn name(shelf: &dyn Named) -> String {
        shelf.name()
    }
}

/// Closures.
///
/// # Errors
/// Without a number.
#[span]
pub async fn closures(texts: &[&str]) -> Result<u32, std::num::ParseIntError> {
    let parse = step!("parse", text => |text: &str| text.parse::<u32>());
    let double = step!("double" => async |number: u32| number * 2);
    let later = step!("later" => |number: u32| async move { number + 1 });
    let mut sum = 0;
    for text in texts {
        sum += later(double(parse(text)?).await).await;
    }
    Ok(sum)
}

#[tokio::test]
async fn expansions_of_the_other_forms_raise_no_warning() {
    let scope = Scope::new();
    assert_eq!((returned(1), returned_later(1).await), (Ok(0), Some(0)));
    assert_eq!(made("a", String::new()).await, Ok("a"));
    assert_eq!(opaque_future(1).await, 1);
    let mut counter = Counter::default();
    assert_eq!((counter.up(), counter.later().await, counter.get()), (Ok(1), 1, 1));
    assert_eq!(shelves::name(&1), "shelf");
    assert_eq!(closures(&["1", "2"]).await, Ok(8));
    assert_eq!(scope.spans().len(), 15);
}

#[tokio::test]
async fn expansions_raise_no_warning() {
    let scope = Scope::new();
    let mut shelf = Shelf::default();
    assert!(shelf.add(String::from("Emma")).await.is_ok());
    assert!(shelf.first().is_ok());
    assert_eq!(shelf.search("Emma"), Ok(0));
    shelf.declared();
    assert_eq!(shelf.cleared().search("Emma"), Err(String::from("no Emma")));
    let mutex = Mutex::new(7);
    assert_eq!(boxed(&mutex).await, 7);
    assert_eq!(mutex.lock().map_or(0, |guard| unused("", 0, String::new(), guard)), 7);
    assert_eq!(opaque(7).count(), 1);
    assert!(panics(0).is_err() && tracked(0).is_err() && mapped().is_err());
    assert_eq!(steps(&[1]).await, 1);
    assert_eq!(scope.spans().len(), 15);
}

/// The compiler sees through the expansion that nothing uses these.
mod unused {
    use telemetry_core::{span, trace};

    #[expect(dead_code, reason = "never called")]
    #[span]
    fn function() {}

    #[span]
    #[expect(dead_code, reason = "never called")]
    async fn future(text: String) -> Result<String, String> {
        Ok(text)
    }

    struct Shelf(u8);

    #[trace]
    impl Shelf {
        #[expect(dead_code, reason = "never called")]
        fn method(&self) -> u8 {
            self.0
        }
    }

    #[span]
    #[expect(unused_variables, reason = "not read")]
    fn argument(text: &str) {
        let _ = Shelf(1);
    }

    #[test]
    fn what_is_unused_is_said_to_be() {
        argument("");
    }
}
