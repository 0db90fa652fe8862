//! Generic functions and methods of traits.

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
