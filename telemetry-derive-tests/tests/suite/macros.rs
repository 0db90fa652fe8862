//! Functions and arguments made by macros.

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
