//! Traced functions that await traced functions, twelve deep: what their futures take, and what their types are called.
#![allow(missing_docs)]

use std::any::type_name_of_val;
use std::future::ready;

use telemetry_core::span;
use telemetry_core::testing::Scope;

/// Twelve functions, each of which awaits the one before it, under the same attributes.
macro_rules! chain {
    ($attributes:tt $first:ident $($name:ident < $inner:ident)*) => {
        chain!(@ $attributes $first(x) { ready(()).await; Ok(x) });
        $(chain!(@ $attributes $name(x) { let y = x + 1; Ok($inner(x).await? + y) });)*

        /// The sizes of their futures, from the innermost out.
        pub(super) fn sizes() -> Vec<usize> {
            vec![size_of_val(&$first(1)), $(size_of_val(&$name(1))),*]
        }
    };
    (@ [$($attributes:tt)*] $name:ident($x:ident) $body:block) => {
        $($attributes)*
        pub(super) async fn $name($x: u64) -> Result<u64, String> $body
    };
}

mod traced {
    use super::{ready, span};

    chain! { [#[span]] f1 f2 < f1 f3 < f2 f4 < f3 f5 < f4 f6 < f5 f7 < f6 f8 < f7 f9 < f8 f10 < f9 f11 < f10 f12 < f11 }
}

mod attributed {
    use super::{ready, span};

    chain! {
        [#[span(attrs(id = 7), timing)]]
        f1 f2 < f1 f3 < f2 f4 < f3 f5 < f4 f6 < f5 f7 < f6 f8 < f7 f9 < f8 f10 < f9 f11 < f10 f12 < f11
    }
}

mod bare {
    use super::ready;

    chain! { [] f1 f2 < f1 f3 < f2 f4 < f3 f5 < f4 f6 < f5 f7 < f6 f8 < f7 f9 < f8 f10 < f9 f11 < f10 f12 < f11 }
}

/// What each level adds.
fn steps(sizes: &[usize]) -> Vec<usize> {
    sizes.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[test]
fn futures_grow_by_the_same_at_every_level() {
    let bare = steps(&bare::sizes());
    for (sizes, most) in [(traced::sizes(), 3), (attributed::sizes(), 8)] {
        let steps = steps(&sizes);
        assert!(steps.iter().all(|step| *step == steps[0]), "{sizes:?}");
        // The span's word, the argument once more, and the states of the function around the body; five for the timing.
        let more = steps[0] - bare[0];
        assert!(more <= most * size_of::<usize>(), "a level takes {} bytes, {} untraced", steps[0], bare[0]);
    }
}

#[test]
fn types_do_not_grow_with_the_depth() {
    let (shallow, deep) = (traced::f2(1), traced::f12(1));
    let (shallow, deep) = (type_name_of_val(&shallow), type_name_of_val(&deep));
    assert!(deep.len() <= shallow.len() + 1, "{deep}");
}

#[tokio::test]
async fn the_chain_is_recorded_whole() {
    let scope = Scope::new();
    assert_eq!(traced::f12(1).await, Ok(23));
    let lines: Vec<String> =
        (1..=12).map(|depth| format!("{}f{}\n", "  ".repeat(depth - 1), 13 - depth)).collect();
    assert_eq!(scope.tree(), lines.concat());
}
