//! Conditions on arguments, inner attributes, items in the body, macros that make functions.
use telemetry_core::span;

#[span]
fn conditional(#[cfg(all())] text: String, #[cfg(any())] text: u8, #[cfg(all())] _other: String) -> usize {
    #![allow(unused_mut)]
    const FACTOR: usize = 2;

    fn double(number: usize) -> usize {
        number * FACTOR
    }

    let mut length = text.len();
    double(length)
}

macro_rules! getters {
    ($($name:ident: $type:ty = $value:expr),*) => {
        $(
            #[span(attrs(value = $value, literal = 1))]
            fn $name() -> Result<$type, String> {
                let value = $value;
                Ok(value)
            }
        )*
    };
}

getters!(one: u8 = 1, two: &'static str = "two");

macro_rules! wrapped {
    ($item:item) => {
        #[span]
        $item
    };
}

wrapped! {
    async fn inside(text: String) -> String {
        text
    }
}

fn main() {
    assert_eq!(conditional(String::from("ab"), String::new()), 4);
    assert_eq!(one(), Ok(1));
    assert_eq!(two(), Ok("two"));
    drop(inside(String::new()));
}
