//! Functions of shapes that trip attribute macros: each does what it did without the attribute, and is a span.
#![allow(missing_docs)]
#![allow(
    unreachable_pub,
    clippy::arc_with_non_send_sync,
    clippy::elidable_lifetime_names,
    clippy::needless_arbitrary_self_type,
    clippy::needless_lifetimes,
    clippy::needless_pass_by_value,
    clippy::needless_return,
    clippy::non_minimal_cfg,
    clippy::redundant_closure,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    clippy::unused_unit,
    reason = "the shapes matter, not whether one should write them"
)]

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::{Debug, Display};
use std::future::Future;
use std::ops::{Add, ControlFlow};
use std::panic::Location;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use telemetry_core::testing::Scope;
use telemetry_core::{Span, span, trace};

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

/// Runs a call that opens one span of this name.
fn one<T>(name: &str, call: impl FnOnce() -> T) -> T {
    let scope = Scope::new();
    let result = call();
    assert_eq!(scope.spans().len(), 1, "{}", scope.tree());
    assert_eq!(scope.spans()[0].name, name);
    result
}

struct Tuple(String, u8);

struct Fields<'a> {
    name: &'a str,
    rest: Vec<u8>,
}

mod patterns {
    use super::*;

    #[span(attrs(a, b, first, name))]
    fn destructured(
        (a, (b, mut c)): (u8, (u8, String)),
        [first, .., last]: [u8; 4],
        Fields { name, rest: ref kept }: Fields<'_>,
        &Tuple(ref text, number): &Tuple,
        _: String,
        whole @ (left, _): (u8, u8),
    ) -> String {
        c.push_str(name);
        c.push_str(text);
        format!("{c}{}", a + b + first + last + number + left + whole.1 + kept.len() as u8)
    }

    #[span]
    async fn destructured_async(
        Tuple(mut text, _): Tuple,
        Fields { rest, .. }: Fields<'_>,
        mut number: u8,
        _ignored: Rc<u8>,
    ) -> Result<String, String> {
        number += rest.len() as u8;
        text.push('!');
        Ok(format!("{text}{number}"))
    }

    #[test]
    fn every_pattern_of_an_argument_is_taken() {
        let tuple = Tuple(String::from("t"), 1);
        let fields = || Fields { name: "n", rest: vec![1, 2] };
        let text = one("destructured", || {
            destructured((1, (2, String::from("c"))), [1, 2, 3, 4], fields(), &tuple, String::new(), (5, 6))
        });
        assert_eq!(text, "cnt22");
        let text = one("destructured_async", || block_on(destructured_async(tuple, fields(), 1, Rc::new(0))));
        assert_eq!(text.as_deref(), Ok("t!3"));
    }
}

mod returns {
    use super::*;

    #[span]
    fn explicit_unit() -> () {}

    #[span]
    fn last_return(number: u8) -> Result<u8, String> {
        return Ok(number);
    }

    #[span]
    fn looped(list: &mut Vec<u8>) -> Option<u8> {
        loop {
            let number = list.pop()?;
            if number > 1 {
                break Some(number);
            }
        }
    }

    #[span]
    fn flow(stop: bool) -> ControlFlow<u8, ()> {
        if stop {
            ControlFlow::Break(1)?;
        }
        ControlFlow::Continue(())
    }

    #[span]
    fn poll(ready: bool) -> Poll<Result<u8, String>> {
        if ready { Poll::Ready(Err(String::new())) } else { Poll::Pending }
    }

    #[span]
    fn pointer() -> fn(u8) -> u8 {
        fn twice(number: u8) -> u8 {
            number * 2
        }
        twice
    }

    #[span]
    fn closure<'a>(by: &'a u8) -> impl Fn(u8) -> u8 + 'a {
        move |number| number + by
    }

    #[span]
    fn boxed_closure(by: u8) -> Box<dyn FnMut(u8) -> u8> {
        Box::new(move |number| number + by)
    }

    #[span]
    fn nested_opaque() -> Result<(impl Iterator<Item = impl Display>, impl Debug), Box<dyn std::error::Error>>
    {
        Ok(([1, 2].into_iter(), "debug"))
    }

    #[span]
    fn cow(text: &str) -> Cow<'_, str> {
        if text.is_empty() { Cow::Owned(String::from("empty")) } else { Cow::Borrowed(text) }
    }

    #[span]
    fn array<const N: usize>() -> Result<[u8; N], Vec<u8>> {
        vec![0; N].try_into()
    }

    #[span]
    fn inferred_into() -> Result<Box<dyn Display>, Box<dyn std::error::Error + Send + Sync>> {
        let number: u8 = "1".parse()?;
        Ok(Box::new(number))
    }

    #[span]
    fn unwrapped(text: &str) -> u8 {
        let Ok(number) = text.parse() else { return 0 };
        number
    }

    #[span]
    fn mutable<'m>(map: &'m mut HashMap<String, Vec<u8>>, key: &str) -> Result<&'m mut Vec<u8>, String> {
        match map.get_mut(key) {
            Some(list) if list.len() > 3 => Err(String::from("full")),
            _ => Ok(map.entry(key.to_owned()).or_default()),
        }
    }

    #[test]
    fn every_type_of_result_is_returned() {
        one("explicit_unit", explicit_unit);
        assert_eq!(one("last_return", || last_return(1)), Ok(1));
        assert_eq!(one("looped", || looped(&mut vec![3, 1, 0])), Some(3));
        assert!(one("flow", || flow(true)).is_break());
        assert!(one("poll", || poll(false)).is_pending());
        assert_eq!(one("pointer", pointer)(2), 4);
        assert_eq!(one("closure", || closure(&1))(1), 2);
        assert_eq!(one("boxed_closure", || boxed_closure(1))(1), 2);
        assert_eq!(one("nested_opaque", || nested_opaque().unwrap().0.count()), 2);
        assert_eq!(one("cow", || cow("")), "empty");
        assert_eq!(one("array", array::<2>), Ok([0, 0]));
        assert_eq!(one("inferred_into", || inferred_into().unwrap().to_string()), "1");
        assert_eq!(one("unwrapped", || unwrapped("x")), 0);
        let mut map = HashMap::new();
        one("mutable", || mutable(&mut map, "a").unwrap().push(1));
        assert_eq!(map["a"], [1]);
    }
}

mod generics {
    use super::*;

    #[span(attrs(size = size_of::<T>(), name = std::any::type_name::<T>()))]
    fn sum<T: Add<Output = T> + Copy + Default, I>(numbers: I) -> T
    where
        I: IntoIterator<Item = T>,
        for<'a> &'a T: Debug,
    {
        numbers.into_iter().fold(T::default(), |sum, number| sum + number)
    }

    #[span]
    async fn generic_async<'a, T, F, Fut>(value: &'a T, call: F) -> Result<T::Owned, String>
    where
        T: ToOwned + ?Sized,
        F: FnOnce(&'a T) -> Fut,
        Fut: Future<Output = bool>,
    {
        if call(value).await { Ok(value.to_owned()) } else { Err(String::from("no")) }
    }

    #[span]
    fn higher_ranked(call: &dyn for<'a> Fn(&'a str) -> &'a str, text: impl AsRef<str>) -> String {
        call(text.as_ref()).to_owned()
    }

    #[span(attrs(N, LOUD))]
    fn constants<const N: usize, const LOUD: bool>() -> usize {
        if LOUD { N * 2 } else { N }
    }

    trait Store {
        const NAME: &'static str;
        type Key<'a>
        where
            Self: 'a;

        #[span(attrs(store = Self::NAME))]
        fn find<'a>(&'a self, key: Self::Key<'a>) -> Option<Self::Key<'a>> {
            Some(key)
        }

        #[span]
        fn boxed(self: Box<Self>) -> Result<Box<Self>, ()> {
            Ok(self)
        }

        #[span]
        fn sized() -> &'static str
        where
            Self: Sized,
        {
            Self::NAME
        }
    }

    impl Store for () {
        const NAME: &'static str = "unit";
        type Key<'a> = &'a str;
    }

    #[test]
    fn generic_functions_are_one_span_each() {
        assert_eq!(one("sum", || sum([1, 2])), 3);
        assert_eq!(
            one("generic_async", || block_on(generic_async("text", async |text| text.len() == 4))),
            Ok(String::from("text"))
        );
        assert_eq!(one("higher_ranked", || higher_ranked(&str::trim, " a ")), "a");
        assert_eq!(one("constants", constants::<2, true>), 4);
        assert_eq!(one("find", || ().find("key")), Some("key"));
        assert!(one("boxed", || Box::new(()).boxed()).is_ok());
        assert_eq!(one("sized", <() as Store>::sized), "unit");
    }
}

mod receivers {
    use super::*;

    #[derive(Default)]
    struct Shelf(RefCell<Vec<u8>>);

    #[trace]
    impl Shelf {
        fn by_value(self) -> Vec<u8> {
            self.0.into_inner()
        }

        fn by_mutable_value(mut self) -> Result<Self, String> {
            self.0.get_mut().push(1);
            Ok(self)
        }

        fn by_reference(&self) -> std::cell::Ref<'_, Vec<u8>> {
            self.0.borrow()
        }

        fn by_lifetime<'a>(&'a mut self) -> Result<&'a mut Vec<u8>, String> {
            Ok(self.0.get_mut())
        }

        fn by_box(self: Box<Self>) -> Option<Self> {
            Some(*self)
        }

        fn by_rc(self: &Rc<Self>) -> Rc<Self> {
            Rc::clone(self)
        }

        fn by_arc(self: Arc<Self>) -> Result<Arc<Self>, String> {
            Ok(self)
        }

        fn by_pin(self: Pin<&mut Self>) -> Result<(), String> {
            self.get_mut().0.get_mut().push(2);
            Ok(())
        }

        fn by_mutable_pin(mut self: Pin<&mut Self>) -> usize {
            self.as_mut().0.get_mut().len()
        }

        async fn by_pin_async(self: Pin<&mut Self>) -> usize {
            self.0.borrow().len()
        }

        async fn by_value_async(self) -> Vec<u8> {
            self.0.into_inner()
        }

        fn by_type(self: &Self) -> usize {
            self.0.borrow().len()
        }
    }

    #[test]
    fn every_receiver_is_taken() {
        let scope = Scope::new();
        let mut shelf = Shelf::default().by_mutable_value().unwrap();
        assert_eq!(shelf.by_reference().len(), 1);
        shelf.by_lifetime().unwrap().clear();
        assert_eq!(shelf.by_type(), 0);
        let mut pinned = pin!(Box::new(shelf).by_box().unwrap());
        pinned.as_mut().by_pin().unwrap();
        assert_eq!(pinned.as_mut().by_mutable_pin(), 1);
        assert_eq!(block_on(pinned.by_pin_async()), 1);
        assert_eq!(Rc::strong_count(&Rc::new(Shelf::default()).by_rc()), 2);
        assert!(Arc::new(Shelf::default()).by_arc().is_ok());
        assert_eq!(block_on(Shelf::default().by_value_async()), Shelf::default().by_value());
        let tree = scope.tree();
        assert_eq!(tree.lines().count(), 12, "{tree}");
        assert!(tree.lines().all(|line| line.starts_with("Shelf::by_")), "{tree}");
    }
}

mod bodies {
    use super::*;

    #[span]
    fn items(number: u8) -> Result<u8, std::num::TryFromIntError> {
        use std::convert::TryFrom as _;
        const LIMIT: u16 = 3;
        static ONE: u8 = 1;
        struct Local(u8);
        impl Local {
            fn get(&self) -> u8 {
                self.0
            }
        }
        macro_rules! twice {
            ($value:expr) => {
                $value + $value
            };
        }
        fn inner(number: u8) -> u8 {
            number + ONE
        }
        let limit = u8::try_from(LIMIT)?;
        Ok(twice!(inner(Local(number).get())) + limit)
    }

    #[span]
    fn labelled(rows: &[&[u8]]) -> Option<u8> {
        let found = 'search: {
            for row in rows {
                for cell in *row {
                    if *cell > 2 {
                        break 'search Some(*cell);
                    }
                }
            }
            None
        };
        Some(found? + 1)
    }

    #[span]
    fn shadowed(span: u8, result: u8) -> Result<u8, u8> {
        let span = span + 1;
        let result = result + span;
        let call = |open: u8| open + result;
        Ok(call(1))
    }

    #[span]
    async fn streams(numbers: Vec<u8>) -> Result<u8, String> {
        let mut sum = 0_u8;
        for number in &numbers {
            sum = sum.checked_add(async { *number }.await).ok_or_else(|| String::from("overflow"))?;
        }
        let twice = async |number: u8| number * 2;
        Ok(twice(sum).await)
    }

    #[span]
    fn recursive(depth: u8) -> Result<u8, String> {
        match depth {
            0 => Ok(0),
            _ => recursive(depth - 1).map(|below| below + 1),
        }
    }

    #[span]
    fn recursive_boxed(depth: u8) -> Pin<Box<dyn Future<Output = u8> + Send>> {
        Box::pin(async move { if depth == 0 { 0 } else { recursive_boxed(depth - 1).await + 1 } })
    }

    #[span]
    fn unsafe_block(number: &u8) -> u8 {
        let pointer: *const u8 = number;
        // SAFETY: made from a reference that lives.
        unsafe { *pointer }
    }

    #[span]
    #[unsafe(no_mangle)]
    extern "C" fn telemetry_suite_exported(number: i32) -> i32 {
        number - 1
    }

    #[span]
    unsafe extern "C" fn foreign(number: i32) -> i32 {
        number + 1
    }

    #[test]
    fn every_body_does_what_it_did() {
        assert_eq!(one("items", || items(1)), Ok(7));
        assert_eq!(one("labelled", || labelled(&[&[1], &[2, 3]])), Some(4));
        assert_eq!(one("shadowed", || shadowed(1, 2)), Ok(5));
        assert_eq!(one("streams", || block_on(streams(vec![1, 2]))), Ok(6));
        assert_eq!(one("unsafe_block", || unsafe_block(&3)), 3);
        // SAFETY: it has no conditions.
        assert_eq!(one("foreign", || unsafe { foreign(1) }), 2);
        assert_eq!(one("telemetry_suite_exported", || telemetry_suite_exported(1)), 0);
        let scope = Scope::new();
        assert_eq!(recursive(1), Ok(1));
        assert_eq!(block_on(assert_send(recursive_boxed(1))), 1);
        assert_eq!(scope.tree(), "recursive\n  recursive\nrecursive_boxed\n  recursive_boxed\n");
    }
}

mod attributes {
    use super::*;

    #[cfg_attr(all(), inline(never))]
    #[span]
    #[must_use]
    #[deprecated = "kept"]
    pub fn beside() -> u8 {
        1
    }

    #[expect(dead_code, reason = "never called")]
    #[span]
    fn expected_before() {}

    #[span]
    #[expect(unused_variables, reason = "not used")]
    fn expected_behind(argument: u8) {}

    #[span]
    #[allow(unused_mut, unused_variables)]
    async fn allowed(mut argument: Vec<u8>) {}

    #[span]
    fn conditional(
        #[cfg(any())] absent: Absent,
        #[cfg(all())] present: String,
        #[allow(unused)] other: u8,
    ) -> String {
        present
    }

    #[span]
    fn conditional_generic<#[cfg(any())] A, #[cfg(all())] B: Display>(value: B) -> Result<String, ()> {
        Ok(value.to_string())
    }

    #[span]
    #[track_caller]
    fn tracked(fails: bool) -> Result<u32, u32> {
        if fails { Err(Location::caller().line()) } else { Ok(Location::caller().line()) }
    }

    #[span]
    #[test]
    fn a_test_with_the_attribute_above() -> Result<(), std::num::ParseIntError> {
        assert_eq!("1".parse::<u8>()?, 1);
        Ok(())
    }

    #[test]
    #[span(root)]
    #[should_panic(expected = "on purpose")]
    fn a_test_with_the_attribute_below() {
        panic!("on purpose");
    }

    #[test]
    fn other_attributes_keep_their_meaning() {
        #[allow(deprecated)]
        let number = one("beside", || beside());
        assert_eq!(number, 1);
        one("expected_behind", || expected_behind(1));
        one("allowed", || block_on(allowed(Vec::new())));
        assert_eq!(one("conditional", || conditional(String::from("a"), 1)), "a");
        assert_eq!(one("conditional_generic", || conditional_generic(1)), Ok(String::from("1")));
        assert_eq!(one("tracked", || tracked(true)), Err(line!()));
    }
}

mod macros {
    use super::*;

    macro_rules! endpoint {
        ($(#[$meta:meta])* $vis:vis async fn $name:ident($($arg:ident: $ty:ty),* $(,)?) -> $ret:ty $body:block) => {
            #[span($(attrs($arg)),*)]
            $(#[$meta])*
            $vis async fn $name($($arg: $ty),*) -> $ret $body
        };
    }

    endpoint! {
        #[inline]
        pub async fn made(id: u64) -> Result<u64, String> {
            if id == 0 {
                return Err(String::from("zero"));
            }
            Ok(id)
        }
    }

    macro_rules! traced_struct {
        ($name:ident { $($method:ident => $value:expr),* }) => {
            struct $name;

            #[trace]
            impl $name {
                $(fn $method(&self) -> Result<u8, String> { Ok($value) })*
            }
        };
    }

    traced_struct!(Made { first => 1, second => 2 });

    macro_rules! named {
        ($name:expr, $kind:ident, $value:expr) => {{
            #[span(name = $name, kind = $kind, attrs(value = $value))]
            fn inner() -> u8 {
                $value
            }
            inner()
        }};
    }

    #[test]
    fn macros_may_make_the_function_or_its_arguments() {
        assert_eq!(one("made", || block_on(made(1))), Ok(1));
        let scope = Scope::new();
        assert_eq!((Made.first(), Made.second()), (Ok(1), Ok(2)));
        assert_eq!(named!("by.macro", server, 3), 3);
        assert_eq!(scope.tree(), "Made::first\nMade::second\nby.macro [server] value=3\n");
    }
}

mod panics {
    use super::*;

    #[span]
    fn diverges() -> ! {
        panic!("diverged")
    }

    #[span]
    async fn diverges_later() -> u8 {
        unreachable!("later")
    }

    #[span]
    fn never_comes_back(stop: bool) -> Result<std::convert::Infallible, String> {
        loop {
            if stop {
                return Err(String::from("stopped"));
            }
        }
    }

    #[test]
    fn panics_pass_through() {
        let scope = Scope::new();
        assert!(std::panic::catch_unwind(|| diverges()).is_err());
        assert!(std::panic::catch_unwind(|| block_on(diverges_later())).is_err());
        assert!(never_comes_back(true).is_err());
        assert!(!Span::current().is_recording());
        let tree = scope.tree();
        assert_eq!(tree.matches("error.type=\"panic\"").count(), 2, "{tree}");
    }
}

mod asyncness {
    use super::*;

    #[async_trait::async_trait]
    trait Source {
        async fn by_reference(&self, id: u64) -> Result<u64, String>;

        async fn by_mutable(&mut self, (first, second): (u8, u8)) -> u8;

        async fn by_value(self: Box<Self>) -> String;

        #[span]
        async fn defaulted<'a>(&'a self, text: &'a str) -> &'a str
        where
            Self: Sync,
        {
            text
        }

        #[span]
        async fn associated() -> u8
        where
            Self: Sized,
        {
            1
        }
    }

    struct Shelf(String);

    #[async_trait::async_trait]
    impl Source for Shelf {
        #[span(attrs(id, name = self.0))]
        async fn by_reference(&self, id: u64) -> Result<u64, String> {
            let found = id.checked_sub(1).ok_or("none")?;
            Ok(found)
        }

        #[span]
        async fn by_mutable(&mut self, (first, second): (u8, u8)) -> u8 {
            self.0.clear();
            first + second
        }

        #[span]
        async fn by_value(self: Box<Self>) -> String {
            self.0
        }
    }

    #[async_trait::async_trait(?Send)]
    trait LocalSource {
        async fn read(&self) -> Rc<u8>;
    }

    #[async_trait::async_trait(?Send)]
    impl LocalSource for u8 {
        #[span]
        async fn read(&self) -> Rc<u8> {
            Rc::new(*self)
        }
    }

    trait Native {
        fn later(&self) -> impl Future<Output = Result<u8, String>> + Send;

        async fn soon(&self) -> u8;
    }

    impl Native for u8 {
        #[span]
        async fn later(&self) -> Result<u8, String> {
            Ok(*self)
        }

        #[span]
        async fn soon(&self) -> u8 {
            *self
        }
    }

    fn assert_auto<T: Send + Sync + Unpin + 'static>(value: T) -> T {
        value
    }

    #[span]
    fn owned(text: String) -> impl Future<Output = String> + Unpin {
        std::future::ready(text)
    }

    #[span]
    async fn shared(text: Arc<str>) -> usize {
        text.len()
    }

    #[test]
    fn futures_keep_their_auto_traits() {
        assert_eq!(one("owned", || block_on(assert_auto(owned(String::from("a"))))), "a");
        let shared = Box::pin(shared(Arc::from("abc")));
        assert_eq!(one("shared", || block_on(assert_auto(shared))), 3);
    }

    #[span]
    fn lent<'a>(text: &'a str, other: &str) -> impl Future<Output = &'a str> + use<'a> {
        let length = other.len();
        async move { &text[..length] }
    }

    #[span(attrs(count))]
    fn matched(count: u8) -> Pin<Box<dyn Future<Output = Result<u8, String>> + Send>> {
        match count {
            0 => Box::pin(async { Err(String::from("none")) }),
            1 => Box::pin(std::future::ready(Ok(1))),
            _ => Box::pin(async move { Ok(count) }),
        }
    }

    #[test]
    fn futures_of_every_origin_are_traced() {
        let scope = Scope::new();
        let mut shelf = Shelf(String::from("oak"));
        assert!(block_on(assert_send(shelf.by_reference(0))).is_err());
        assert_eq!(block_on(shelf.by_mutable((1, 2))), 3);
        assert_eq!(block_on(shelf.defaulted("a")), "a");
        assert_eq!(block_on(Shelf::associated()), 1);
        assert_eq!(block_on(Box::new(shelf).by_value()), "");
        assert_eq!(*block_on(LocalSource::read(&3)), 3);
        assert_eq!(block_on(assert_send(1_u8.later())), Ok(1));
        assert_eq!(block_on(1_u8.soon()), 1);
        assert_eq!(block_on(lent("abc", "a")), "a");
        assert!(block_on(matched(0)).is_err());
        assert_eq!((block_on(matched(1)), block_on(matched(2))), (Ok(1), Ok(2)));
        let error = |text| format!("error.type=\"alloc::string::String\" error.message=\"{text}\"");
        assert_eq!(
            scope.tree(),
            format!(
                "by_reference [error] id=0 name=\"oak\" {}\nby_mutable\ndefaulted\nassociated\nby_value\nread\n\
                 later\nsoon\nlent\nmatched [error] count=0 {}\nmatched count=1\nmatched count=2\n",
                error("none"),
                error("none")
            ),
        );
    }
}
