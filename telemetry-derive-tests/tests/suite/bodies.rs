//! What stands in bodies, and recursion.

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
