//! `step!` over closures and `async` blocks: each call is a span.
#![allow(missing_docs)]

use std::future::{Future, ready};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use telemetry_core::testing::Scope;
use telemetry_core::{span, step};
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

#[span]
fn inner() {}

#[test]
fn each_call_of_a_closure_is_a_span() {
    let scope = Scope::new();
    let mut calls = 0;
    let mut parse = step!("parse", text, round = calls => |text: &str| {
        calls += 1;
        inner();
        if text.is_empty() {
            return Err(String::from("empty"));
        }
        let number = text.parse::<u32>().map_err(|error| error.to_string())?;
        Ok(number)
    });
    assert_eq!(parse("7"), Ok(7));
    assert!(parse("").is_err());
    assert!(parse("x").is_err());
    assert_eq!(calls, 3);
    let error = |text| format!("error.type=\"alloc::string::String\" error.message=\"{text}\"");
    assert_eq!(
        scope.tree(),
        format!(
            "parse text=\"7\" round=0\n  inner\nparse [error] text=\"\" round=1 {}\n  inner\n\
             parse [error] text=\"x\" round=2 {}\n  inner\n",
            error("empty"),
            error("invalid digit found in string")
        ),
    );
}

struct Book {
    title: String,
}

fn apply(book: &Book, title: impl Fn(&Book) -> &str) -> &str {
    title(book)
}

#[test]
fn closures_borrow_move_and_return_as_they_did() {
    let scope = Scope::new();
    let book = Book { title: String::from("Emma") };
    assert_eq!(apply(&book, step!("title" => |book| -> &str { &book.title })), "Emma");

    let mut books = vec![book];
    let first = step!("first" => |books: &mut Vec<Book>| -> Option<String> { Some(books.pop()?.title) });
    assert_eq!(first(&mut books), Some(String::from("Emma")));

    let owned = String::from("taken");
    let once = step!("once" => move || owned);
    assert_eq!(once(), "taken");

    let nothing = step!("nothing" => |()| ());
    nothing(());

    let boxed: Box<dyn Fn(u8) -> u8 + Send + Sync> = Box::new(step!("boxed", n => move |n| n + 1));
    assert_eq!(boxed(1), 2);
    assert_eq!(scope.tree(), "title\nfirst\nonce\nnothing\nboxed n=1\n");
}

#[test]
fn async_closures_are_awaited_in_their_span() {
    let scope = Scope::new();
    let base = String::from("base");
    let load = step!("load", id, base => async |id: u64| -> Result<String, &'static str> {
        yield_now().await;
        inner();
        if id == 0 {
            return Err("no such book");
        }
        Ok(format!("{base} {id}"))
    });
    assert_eq!(block_on(assert_send(load(7))).as_deref(), Ok("base 7"));
    assert!(block_on(load(0)).is_err());
    assert_eq!(
        scope.tree(),
        "load id=7 base=\"base\"\n  inner\nload [error] id=0 base=\"base\" error.type=\"&str\" \
         error.message=\"no such book\"\n  inner\n",
    );
}

type Boxed = Pin<Box<dyn Future<Output = u64> + Send>>;

#[test]
fn the_future_a_closure_returns_is_what_is_traced() {
    let scope = Scope::new();
    let load = step!("load", id => move |id: u64| async move {
        yield_now().await;
        u32::try_from(id)
    });
    assert!(block_on(assert_send(load(u64::MAX))).is_err());
    drop(load(1));

    let boxed: Box<dyn Fn(u64) -> Boxed> = Box::new(step!("boxed" => |id| Box::pin(async move { id + 1 })));
    assert_eq!(block_on(boxed(1)), 2);

    let block = step!("block", share = 0.5 => async {
        inner();
        ready(3).await
    });
    assert_eq!(block_on(assert_send(block)), 3);
    let tree = scope.tree();
    assert!(tree.starts_with("load [error] id=18446744073709551615 error.type="), "{tree}");
    assert!(tree.ends_with("\nboxed\nblock share=0.5\n  inner\n"), "{tree}");
}
