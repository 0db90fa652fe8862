//! Functions that see their caller: what they return is recorded, however they leave.
#![allow(missing_docs)]
#![allow(
    clippy::needless_return,
    clippy::ptr_arg,
    clippy::ref_option,
    clippy::try_err,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    clippy::unused_self,
    clippy::unused_unit,
    clippy::trivially_copy_pass_by_ref,
    reason = "the shapes matter, not whether one should write them"
)]

use std::fmt;
use std::num::ParseIntError;
use std::ops::ControlFlow;
use std::panic::Location;
use std::task::Poll;

use telemetry_core::testing::Scope;
use telemetry_core::{span, trace};

/// An error that knows where it was made.
#[derive(Debug)]
struct Located {
    line: u32,
}

impl fmt::Display for Located {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a number")
    }
}

impl std::error::Error for Located {}

impl From<ParseIntError> for Located {
    #[track_caller]
    fn from(_: ParseIntError) -> Self {
        Self { line: Location::caller().line() }
    }
}

#[span(ret)]
#[track_caller]
fn parsed(text: &str) -> Result<u32, Located> {
    if text == "caller" {
        return Ok(Location::caller().line());
    }
    let numbers: Vec<u32> = text.split(',').map(str::parse).collect::<Result<_, _>>()?;
    for number in &numbers {
        let doubled = (|| -> Result<u32, ParseIntError> { Ok("2".parse::<u32>()? * number) })()?;
        if doubled > 10 {
            return Err(Located { line: 0 });
        }
    }
    let first = numbers.first().copied().unwrap_or_else(|| {
        return 7;
    });
    Ok(first)
}

#[test]
fn an_error_that_leaves_early_is_recorded_and_the_caller_still_seen() {
    let scope = Scope::new();
    assert_eq!(parsed("3").unwrap(), 3);
    assert_eq!(parsed("caller").unwrap(), line!());
    assert_eq!(parsed("x").unwrap_err().line, line!());
    assert_eq!(parsed("9").unwrap_err().line, 0);
    let spans = scope.spans();
    let messages: Vec<_> = spans.iter().map(|span| span.attribute("error.message").is_some()).collect();
    assert_eq!(messages, [false, false, true, true]);
    assert!(scope.tree().starts_with("parsed return=3\nparsed return="));
}

#[span(ret)]
#[track_caller]
fn found(shelf: Option<&[u8]>) -> Option<u8> {
    'search: for book in shelf? {
        let Some(next) = book.checked_add(1) else { continue 'search };
        match next {
            2 => return None,
            3 => break 'search,
            _ => {}
        }
    }
    shelf?.last().copied()
}

#[span]
#[track_caller]
fn polled(ready: Poll<Result<u8, String>>) -> Poll<Result<u8, String>> {
    let number = ready?;
    number.map(|number| Ok(number + 1))
}

#[span]
#[track_caller]
fn stopped(at: u8) -> ControlFlow<u8, u8> {
    let going = if at > 3 { ControlFlow::Break(at) } else { ControlFlow::Continue(at) };
    let at = going?;
    ControlFlow::Continue(at + 1)
}

struct Shelf<T>(T);

impl<T: Clone> Shelf<T> {
    #[trace(type = Shelf, metrics)]
    #[track_caller]
    fn borrowed<'s, E: From<&'static str> + fmt::Display>(&'s self, fails: bool) -> Result<&'s T, E> {
        fn inner() -> Result<(), &'static str> {
            Err("inner")?;
            Ok(())
        }
        if fails {
            inner()?;
        }
        Ok(&self.0)
    }
}

#[test]
fn whatever_takes_a_question_mark_does_what_it_did() {
    let scope = Scope::new();
    assert_eq!(found(Some(&[5, 6])), Some(6));
    assert_eq!(found(Some(&[255, 1])), None);
    assert_eq!(found(None), None);
    assert_eq!(polled(Poll::Ready(Ok(1))), Poll::Ready(Ok(2)));
    assert_eq!(polled(Poll::Ready(Err(String::new()))), Poll::Ready(Err(String::new())));
    assert_eq!(stopped(1), ControlFlow::Continue(2));
    assert_eq!(stopped(4), ControlFlow::Break(4));
    assert_eq!(Shelf(1).borrowed::<String>(false), Ok(&1));
    assert_eq!(Shelf(1).borrowed::<String>(true), Err(String::from("inner")));
    assert_eq!(
        scope.tree(),
        "found return=6\nfound\nfound\npolled\npolled\nstopped\nstopped\nShelf::borrowed\n\
         Shelf::borrowed [error] error.type=\"alloc::string::String\" error.message=\"inner\"\n",
    );
}
