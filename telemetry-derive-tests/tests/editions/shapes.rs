//! Shapes of functions for crates of every edition: `edition_2018.rs`, `edition_2021.rs`, and this one's own.

use std::collections::HashMap;
use std::fmt::{self, Debug, Display};
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use telemetry_core::testing::Scope;
use telemetry_core::{span, step, trace};

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

pub trait Lend {
    type Item<'a>
    where
        Self: 'a;

    fn lend<'a>(&'a mut self) -> Option<Self::Item<'a>>;
}

pub struct Shelf(Vec<u8>);

#[trace(metrics)]
impl Lend for Shelf {
    type Item<'a> = &'a mut [u8];

    fn lend<'a>(&'a mut self) -> Option<Self::Item<'a>> {
        self.0.get_mut(1..)
    }
}

impl Shelf {
    #[trace(type = Shelf)]
    fn behind_a_reference(self: &Arc<Self>) -> usize {
        Arc::strong_count(self)
    }

    #[trace(type = Shelf)]
    async fn pinned(
        self: Pin<&mut Self>,
        other: &mut Vec<u8>,
        ask: &(dyn Fn(&str) -> usize + Sync),
    ) -> usize {
        other.push(1);
        ask("abc") + self.0.len()
    }
}

pub struct Array<T, const N: usize = 2>([T; N]);

#[trace]
impl<T: Copy, const N: usize> Array<T, N> {
    fn first(&self) -> Result<T, String> {
        self.0.first().copied().ok_or_else(|| "empty".to_string())
    }

    async fn resized<const M: usize>(self, filler: [T; M]) -> [T; M] {
        filler
    }
}

#[trace]
impl Display for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.0.len())?;
        f.write_str("books")
    }
}

pub trait Ask {
    fn ask(&self) -> u8;
}

#[trace]
impl Ask for dyn Fn(u8) -> u8 + Send {
    fn ask(&self) -> u8 {
        self(1)
    }
}

#[trace]
impl dyn Ask + '_ {
    fn twice(&self) -> u8 {
        self.ask() * 2
    }
}

impl Ask for u8 {
    fn ask(&self) -> u8 {
        *self
    }
}

#[span]
fn for_every_lifetime<F>(pick: F) -> impl for<'x> Fn(&'x str) -> Option<&'x str>
where
    F: for<'x> Fn(&'x str) -> &'x str,
{
    move |text| Some(pick(text)).filter(|it| !it.is_empty())
}

#[span]
fn nested_opaque(
    parts: impl IntoIterator<Item = impl Into<String>>,
) -> Result<impl Iterator<Item = impl Display>, String> {
    let parts: Vec<String> = parts.into_iter().map(Into::into).collect();
    if parts.is_empty() {
        return Err("nothing".to_string());
    }
    Ok(parts.into_iter())
}

#[span]
async fn opaque_in_a_result(fails: bool) -> Result<impl Debug, Box<dyn std::error::Error + Send + Sync>> {
    let number: u8 = if fails { "x" } else { "1" }.parse()?;
    Ok(number)
}

#[span]
async fn never() -> ! {
    loop {
        std::future::pending::<()>().await
    }
}

#[span(attrs(depth))]
async fn recursive(depth: u64) -> u64 {
    if depth == 0 { 0 } else { Box::pin(recursive(depth - 1)).await + 1 }
}

#[trace(name = "raw", attrs(r#type, r#match: i64), bind = r#impl)]
fn r#fn(r#type: u8) {
    r#impl.r#match(i64::from(r#type) + 1);
}

#[span]
fn labelled(shelves: &HashMap<&str, Vec<Option<u8>>>) -> Option<u8> {
    let mut sum = 0;
    'shelf: for book in shelves.get("north")? {
        let Some(book) = book else { continue 'shelf };
        match book {
            0 => break 'shelf,
            1 => return Some(1),
            _ => sum += book,
        }
    }
    let doubled = 'sum: {
        if sum == 0 {
            break 'sum None;
        }
        Some(sum * 2)
    };
    Some(doubled?)
}

#[span]
fn closures_that_try() -> u8 {
    let parsed = (|| -> Result<u8, std::num::ParseIntError> { Ok("1".parse::<u8>()? + 1) })();
    let step = step!("halve" => |number: u8| -> Result<u8, String> {
        if number == 0 {
            return Err("nothing to halve".to_string());
        }
        Ok(number / 2)
    });
    parsed.ok().and_then(|number| step(number).ok()).unwrap_or(0)
}

macro_rules! returning {
    ($value:expr) => {
        return $value
    };
}

macro_rules! methods {
    ($type:ident: $($name:ident($receiver:ident) -> $output:ty $body:block)*) => {
        #[trace]
        impl $type { $(fn $name(&$receiver) -> $output $body)* }
    };
}

methods! { Shelf:
    made(self) -> Result<u8, String> {
        if self.0.is_empty() {
            returning!(Err("no books".into()));
        }
        Ok(self.0[0])
    }
    counted(self) -> usize { self.0.len() }
}

mod shadowed {
    #![allow(non_camel_case_types, dead_code, unused_macros)]

    pub struct Option;
    pub struct Result;
    pub struct Some;
    pub struct Ok;
    pub struct Box;
    pub struct String;
    pub struct Clone;
    pub struct bool;
    pub struct str;
    pub struct u8;
    pub mod core {}
    pub mod std {}

    macro_rules! module_path {
        () => {
            compile_error!("captured")
        };
    }

    macro_rules! concat {
        ($($tokens:tt)*) => {
            compile_error!("captured")
        };
    }

    #[telemetry_core::trace(attrs(a = 1, b, c: i64, d: Option<str>), bind = span)]
    pub fn sync(b: i32) -> i32 {
        span.c(2);
        span.d(::core::option::Option::None);
        b
    }

    #[telemetry_core::span(timing, metrics, ret)]
    pub async fn asynchronous(b: &i32) -> ::core::result::Result<i32, ::std::string::String> {
        ::core::result::Result::Ok(*b)
    }
}

#[trace(attrs(side = "outside"))]
#[async_trait::async_trait]
pub trait Outside: Sync {
    async fn sum(&self, (a, b): (u8, String), [c, ..]: [u8; 3]) -> Result<u8, String> {
        if a == 0 {
            return Err(b);
        }
        Ok(a + c)
    }
}

impl Outside for Shelf {}

#[async_trait::async_trait]
pub trait Inside: Sync {
    async fn sum(&self, parts: (u8, String), last: u8) -> Result<u8, String>;
}

#[async_trait::async_trait]
impl Inside for Shelf {
    #[span(attrs(a, text = %text, last, books = self.0.len()), ret)]
    async fn sum(&self, (a, text): (u8, String), last: u8) -> Result<u8, String> {
        if a == 0 {
            return Err(text);
        }
        Ok(a + last)
    }
}

#[test]
fn methods_of_every_kind_are_spans() {
    let scope = Scope::new();
    let mut shelf = Shelf(vec![1, 2]);
    assert_eq!(shelf.lend().map(|books| books.len()), Some(1));
    assert_eq!(block_on(Pin::new(&mut shelf).pinned(&mut Vec::new(), &str::len)), 5);
    assert_eq!(shelf.to_string(), "2 books");
    assert_eq!((shelf.made(), shelf.counted()), (Ok(1), 2));
    assert_eq!(Arc::new(shelf).behind_a_reference(), 1);
    assert_eq!(Array([3_u8; 2]).first(), Ok(3));
    assert_eq!(block_on(Array([0_u8; 2]).resized([1; 3])), [1; 3]);
    let asked: Box<dyn Fn(u8) -> u8 + Send> = Box::new(|number| number + 1);
    assert_eq!(asked.ask(), 2);
    assert_eq!((&3_u8 as &dyn Ask).twice(), 6);
    assert_eq!(
        scope.tree(),
        "Shelf::lend\nShelf::pinned\nShelf::fmt\nShelf::made\nShelf::counted\nShelf::behind_a_reference\n\
         Array::first\nArray::resized\nFn::ask\nAsk::twice\n",
    );
}

#[test]
fn functions_of_every_kind_are_spans() {
    let scope = Scope::new();
    assert_eq!(for_every_lifetime(str::trim)(" a "), Some("a"));
    assert_eq!(nested_opaque(vec!["a"]).map(Iterator::count), Ok(1));
    assert!(block_on(opaque_in_a_result(true)).is_err());
    assert!(pin!(never()).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert_eq!(block_on(recursive(1)), 1);
    r#fn(3);
    assert_eq!(labelled(&HashMap::new()), None);
    assert_eq!(labelled(&vec![("north", vec![None, Some(2), Some(0)])].into_iter().collect()), Some(4));
    assert_eq!(closures_that_try(), 1);
    assert_eq!((shadowed::sync(1), block_on(shadowed::asynchronous(&1))), (1, Ok(1)));
    let tree = scope.tree();
    let names: Vec<&str> = tree.lines().map(|line| line.trim().split(' ').next().unwrap_or("")).collect();
    assert_eq!(
        names,
        [
            "for_every_lifetime",
            "nested_opaque",
            "opaque_in_a_result",
            "never",
            "recursive",
            "recursive",
            "raw",
            "labelled",
            "labelled",
            "closures_that_try",
            "halve",
            concat!(module_path!(), "::shadowed::sync"),
            "asynchronous",
        ],
    );
    assert!(tree.contains("raw type=3 match=4\n"), "{}", tree);
    assert!(tree.contains("shadowed::sync a=1 b=1 c=2\n"), "{}", tree);
}

#[test]
fn async_traits_with_arguments_that_are_patterns_are_spans_on_either_side() {
    let scope = Scope::new();
    let shelf = Shelf(vec![1]);
    assert_eq!(block_on(Outside::sum(&shelf, (1, String::new()), [2, 0, 0])), Ok(3));
    assert_eq!(block_on(Outside::sum(&shelf, (0, "none".to_string()), [0; 3])), Err("none".to_string()));
    assert_eq!(block_on(Inside::sum(&shelf, (1, "one".to_string()), 2)), Ok(3));
    assert_eq!(block_on(Inside::sum(&shelf, (0, "none".to_string()), 2)), Err("none".to_string()));
    let failure = "error.type=\"alloc::string::String\" error.message=\"none\"";
    assert_eq!(
        scope.tree(),
        format!(
            "Outside::sum side=\"outside\"\n\
             Outside::sum [error] side=\"outside\" {failure}\n\
             sum a=1 text=\"one\" last=2 books=1 return=3\n\
             sum [error] a=0 text=\"none\" last=2 books=1 {failure}\n",
        ),
    );
}
