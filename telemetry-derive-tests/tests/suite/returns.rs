//! Types that are returned, and ways to return.

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
fn nested_opaque() -> Result<(impl Iterator<Item = impl Display>, impl Debug), Box<dyn std::error::Error>> {
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
