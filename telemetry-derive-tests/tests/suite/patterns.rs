//! Patterns of arguments.

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
