//! The attribute on a whole `impl` block, trait or module: each function in it is a span.
#![allow(missing_docs)]

use std::fmt::{self, Display};
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use telemetry_core::testing::Scope;
use telemetry_core::{span, trace};

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

struct Shelf<'t, T, const N: usize> {
    titles: [&'t str; N],
    owner: T,
}

#[trace]
impl<'t, T: Display, const N: usize> Shelf<'t, T, N> {
    /// Not a function, and not touched.
    const LIMIT: usize = N + 1;

    const fn new(titles: [&'t str; N], owner: T) -> Self {
        Self { titles, owner }
    }

    fn first(&self) -> Result<&'t str, String> {
        self.titles.first().copied().ok_or_else(|| self.nothing())
    }

    #[trace(skip)]
    fn nothing(&self) -> String {
        format!("{} has no books", self.owner)
    }

    #[trace(name = "shelf.count", kind = client, attrs(limit = Self::LIMIT))]
    fn count(&self) -> usize {
        self.titles.len()
    }

    #[span]
    async fn last(&self) -> Option<&&'t str> {
        self.titles.last()
    }

    #[telemetry_core::trace(type = Rack)]
    fn taken(self) -> [&'t str; N] {
        self.titles
    }

    #[inline]
    #[must_use]
    fn is_empty() -> bool {
        N == 0
    }
}

#[test]
fn methods_of_a_traced_impl_are_named_by_their_type() {
    let scope = Scope::new();
    let shelf = Shelf::new(["Emma"], "Ann");
    assert_eq!((shelf.first(), shelf.count(), block_on(shelf.last())), (Ok("Emma"), 1, Some(&"Emma")));
    assert_eq!(shelf.taken(), ["Emma"]);
    assert!(Shelf::new([], "Bob").first().is_err());
    assert!(Shelf::<u8, 0>::is_empty());
    let error = "error.type=\"alloc::string::String\" error.message=\"Bob has no books\"";
    assert_eq!(
        scope.tree(),
        format!(
            "Shelf::first\nshelf.count [client] limit=2\nlast\nRack::taken\n\
             Shelf::first [error] {error}\nShelf::is_empty\n"
        ),
    );
}

#[span(kind = client, err = shown, attrs(db.system = "sqlite", rows = self.0.len()))]
impl Table {
    fn open() -> Self {
        Self(vec![1])
    }

    fn read(&self) -> Result<u8, (u16, &'static str)> {
        self.0.get(7).copied().ok_or((404, "no row"))
    }

    #[span(kind = internal, err = off, attrs(rows = 0, index))]
    fn at(&self, index: usize) -> Result<u8, (u16, &'static str)> {
        self.0.get(index).copied().ok_or((404, "no row"))
    }
}

struct Table(Vec<u8>);

fn shown(error: &(u16, &'static str)) -> &'static str {
    error.1
}

#[test]
fn arguments_of_the_block_hold_where_a_function_says_nothing_else() {
    let scope = Scope::new();
    let table = Table::open();
    assert!(table.read().is_err());
    assert!(table.at(7).is_err());
    assert_eq!(
        scope.tree(),
        "open [client] db.system=\"sqlite\"\n\
         read [client] [error] db.system=\"sqlite\" rows=1 error.type=\"(u16, &str)\" error.message=\"no row\"\n\
         at db.system=\"sqlite\" rows=0 index=7\n",
    );
}

#[trace]
impl Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.len())
    }
}

#[trace]
impl Iterator for &mut Table {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        self.0.pop()
    }
}

#[trace]
trait Greeting {
    fn name(&self) -> String;

    fn greeting(&self) -> String {
        format!("dear {}", self.name())
    }
}

#[trace]
impl<T: Display> Greeting for T {
    fn name(&self) -> String {
        self.to_string()
    }
}

#[trace]
impl dyn Greeting {
    fn loud(&self) -> String {
        self.greeting().to_uppercase()
    }
}

#[trace]
impl Greeting for [u8] {
    fn name(&self) -> String {
        String::new()
    }
}

#[test]
fn impls_of_traits_and_traits_are_traced_too() {
    let scope = Scope::new();
    let mut table = Table(vec![1]);
    assert_eq!(table.to_string(), "1");
    assert_eq!((&mut table).next(), Some(1));
    let ann: Box<dyn Greeting> = Box::new("Ann");
    assert_eq!(ann.loud(), "DEAR ANN");
    [0_u8][..].name();
    assert_eq!(
        scope.tree(),
        "Table::fmt\nTable::next\nGreeting::loud\n  Greeting::greeting\n    Greeting::name\nGreeting::name\n",
    );
}

#[trace(attrs(layer = "store"))]
mod store {
    pub(super) const LIMIT: u32 = nothing();

    pub(super) const fn nothing() -> u32 {
        0
    }

    pub(super) fn open(limit: u32) -> Result<u32, std::num::TryFromIntError> {
        let size = usize::try_from(limit)?;
        Ok(Row { size }.size())
    }

    struct Row {
        size: usize,
    }

    impl Row {
        fn size(&self) -> u32 {
            self.size as u32 + inner::deep()
        }
    }

    #[trace(skip)]
    impl Drop for Row {
        fn drop(&mut self) {}
    }

    #[trace(attrs(layer = "inner"))]
    mod inner {
        pub(super) fn deep() -> u32 {
            #![allow(clippy::let_and_return)]
            let nothing = super::nothing();
            nothing
        }
    }
}

#[test]
fn functions_of_a_traced_module_are_named_by_their_path() {
    let scope = Scope::new();
    assert_eq!(store::open(store::LIMIT), Ok(0));
    assert_eq!(
        scope.tree(),
        "blocks::store::open layer=\"store\"\n  Row::size layer=\"store\"\n    \
         blocks::store::inner::deep layer=\"inner\"\n",
    );
}

#[async_trait::async_trait]
trait Source {
    async fn read(&self, id: u64) -> Result<u64, String>;
}

#[trace]
#[async_trait::async_trait]
impl Source for Table {
    async fn read(&self, id: u64) -> Result<u64, String> {
        if id == 0 { Err(String::from("no such book")) } else { Ok(id) }
    }
}

#[async_trait::async_trait]
#[trace]
impl Source for u8 {
    async fn read(&self, id: u64) -> Result<u64, String> {
        if id == 0 { Err(String::from("no such book")) } else { Ok(id) }
    }
}

#[test]
fn async_trait_may_stand_before_and_behind() {
    let scope = Scope::new();
    assert!(block_on(Source::read(&Table(Vec::new()), 0)).is_err());
    assert!(block_on(Source::read(&1, 0)).is_err());
    let error = "error.type=\"alloc::string::String\" error.message=\"no such book\"";
    assert_eq!(scope.tree(), format!("Table::read [error] {error}\nu8::read [error] {error}\n"));
}

struct Conditional;

#[trace(attrs(shelf = "north"))]
#[allow(clippy::unused_self, clippy::unused_async, reason = "methods of a unit")]
impl Conditional {
    #[cfg_attr(all(), trace(name = "held", kind = client), must_use)]
    fn held(&self) -> u8 {
        1
    }

    #[cfg_attr(any(), trace(name = "not held"), deprecated)]
    fn not_held(&self) {}

    #[cfg_attr(all(), trace(skip))]
    fn skipped(&self) {}

    #[cfg_attr(any(), trace(skip))]
    #[cfg_attr(all(), cfg_attr(not(any()), telemetry_core::span(root)))]
    async fn nested(&self) -> Result<(), String> {
        Err(String::from("lost"))
    }

    #[cfg_attr(all(), doc = "Nothing of ours.")]
    fn not_ours(&self) {}
}

#[trace]
mod conditional {
    #[cfg_attr(all(), trace(attrs(floor = 2)))]
    pub(super) mod floor {
        pub(crate) fn inside() {}
    }

    #[cfg_attr(all(), span(level = debug))]
    pub(super) fn function() {}
}

#[test]
fn an_attribute_of_a_member_under_a_condition_holds_where_the_condition_does() {
    let scope = Scope::new();
    assert_eq!(Conditional.held(), 1);
    Conditional.not_held();
    Conditional.skipped();
    assert!(block_on(Conditional.nested()).is_err());
    Conditional.not_ours();
    conditional::floor::inside();
    conditional::function();
    assert_eq!(
        scope.tree(),
        format!(
            "held [client] shelf=\"north\"\n\
             Conditional::not_held shelf=\"north\"\n\
             nested [error] shelf=\"north\" error.type=\"alloc::string::String\" error.message=\"lost\"\n\
             Conditional::not_ours shelf=\"north\"\n\
             {module}::conditional::floor::inside floor=2\n\
             function\n",
            module = module_path!(),
        ),
    );
}
