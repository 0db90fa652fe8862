//! Futures of every origin.

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
