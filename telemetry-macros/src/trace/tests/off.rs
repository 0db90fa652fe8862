//! What comes out where spans are built out.

use expect_test::{Expect, expect};
use proc_macro2::TokenStream;
use quote::quote;

use super::pretty;
use crate::mistakes::Mistakes;
use crate::trace::item::{self, Item};
use crate::trace::{Macro, Ours, model, off, parse};

/// Checks what is left of a function under `#[span(arguments)]`.
fn untraced(arguments: TokenStream, function: TokenStream, expected: &Expect) {
    let mut mistakes = Mistakes::default();
    let arguments = parse::arguments(arguments, &mut mistakes);
    let ours = Ours::of(&arguments);
    let Ok(Item::Function(function)) = item::parse(Macro::Span, &ours, function, &mut mistakes) else {
        panic!("not a function");
    };
    let traced = model::traced(Macro::Span, arguments, None, *function, &mut mistakes);
    let tokens = mistakes.finish(off::untraced(&traced)).expect("no mistakes");
    expected.assert_eq(&pretty(&tokens));
}

#[test]
fn a_function_is_left_as_it_is_written() {
    untraced(
        quote!(name = "books.load", level = debug, root, attrs(db.system = "sqlite"), sample = always),
        quote!(
            /// Loads a book.
            #[inline]
            pub async fn load<T: Clone>(id: u64, _: T) -> Result<u64, Error> {
                let found = find(id).await?;
                Ok(found)
            }
        ),
        &expect![[r#"
            /// Loads a book.
            #[inline]
            pub async fn load<T: Clone>(id: u64, _: T) -> Result<u64, Error> {
                let found = find(id).await?;
                Ok(found)
            }
        "#]],
    );
}

#[test]
fn arguments_are_checked_and_never_evaluated() {
    untraced(
        quote!(name = names::LOAD, attrs(id, title = %title, ?kind), err = code, sample = LIMIT),
        quote!(
            fn load(id: u64, title: &str, kind: Kind) -> Result<u64, Error> {
                find(id)
            }
        ),
        &expect![[r#"
            fn load(id: u64, title: &str, kind: Kind) -> Result<u64, Error> {
                const _: &'static ::core::primitive::str = names::LOAD;
                if false {
                    ::telemetry_core::__private::check(&id);
                    ::telemetry_core::__private::check_display(&title);
                    ::telemetry_core::__private::check_debug(&kind);
                    ::telemetry_core::__private::check_sampler(&LIMIT);
                    _ = ::telemetry_core::__private::Probe::<Result<u64, Error>>::NEW
                        .mapped(|error, tell| tell(&code(error)));
                }
                { find(id) }
            }
        "#]],
    );
}

#[test]
fn a_handle_takes_the_same_calls() {
    untraced(
        quote!(attrs(rows: i64), bind = span, timing),
        quote!(
            fn load() -> BoxFuture<'static, u64> {
                Box::pin(async move {
                    span.rows(3);
                    3
                })
            }
        ),
        &expect![[r#"
            fn load() -> BoxFuture<'static, u64> {
                Box::pin(async move {
                    let span = {
                        #[derive(::core::clone::Clone, ::core::marker::Copy)]
                        struct __TelemetrySpan(::telemetry_core::__private::Span);
                        #[allow(dead_code, non_snake_case, clippy::all, clippy::pedantic)]
                        impl __TelemetrySpan {
                            fn rows(self, _: ::core::primitive::i64) {}
                        }
                        impl ::core::ops::Deref for __TelemetrySpan {
                            type Target = ::telemetry_core::__private::Span;
                            fn deref(&self) -> &::telemetry_core::__private::Span {
                                &self.0
                            }
                        }
                        __TelemetrySpan(::telemetry_core::__private::NO_SPAN)
                    };
                    {
                        span.rows(3);
                        3
                    }
                })
            }
        "#]],
    );
}
