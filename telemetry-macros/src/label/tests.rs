//! What `#[derive(Label)]` expands to.
#![allow(clippy::needless_raw_string_hashes, reason = "as expect-test writes them")]

use expect_test::{Expect, expect};
use quote::quote;

fn check(input: proc_macro2::TokenStream, expected: &Expect) {
    let file = syn::parse2(super::derive(input)).expect("the expansion parses");
    expected.assert_eq(&prettyplease::unparse(&file));
}

#[test]
fn variants_in_snake_case() {
    check(
        quote! {
            enum Outcome { Hit, NotFound, r#Type }
        },
        &expect![[r##"
            #[automatically_derived]
            impl ::telemetry_core::__private::metric::Label for Outcome {
                const VALUES: &'static [&'static str] = &["hit", "not_found", "type"];
                #[inline]
                fn index(&self) -> usize {
                    match self {
                        Self::Hit { .. } => 0usize,
                        Self::NotFound { .. } => 1usize,
                        Self::r#Type { .. } => 2usize,
                    }
                }
            }
        "##]],
    );
}

#[test]
fn a_case_for_all_and_a_name_for_one() {
    check(
        quote! {
            #[label(rename_all = "kebab-case", crate = bookstore::telemetry)]
            enum Outcome { NotFound, #[label(rename = "5xx")] ServerError }
        },
        &expect![[r##"
            #[automatically_derived]
            impl bookstore::telemetry::__private::metric::Label for Outcome {
                const VALUES: &'static [&'static str] = &["not-found", "5xx"];
                #[inline]
                fn index(&self) -> usize {
                    match self {
                        Self::NotFound { .. } => 0usize,
                        Self::ServerError { .. } => 1usize,
                    }
                }
            }
        "##]],
    );
}

#[test]
fn every_mistake_is_reported_and_the_impl_stands() {
    check(
        quote! {
            #[label(rename_all = "snek_case")]
            enum Outcome { A(u8), #[label(renam = "x")] B, #[label(rename = "b")] C }
        },
        &expect![[r#"
            ::core::compile_error! {
                "a label is one of a fixed set of values, so its variants have no fields; use a `str` label for free text"
            }
            ::core::compile_error! {
                "Unknown field: `renam`. Did you mean `rename`?"
            }
            ::core::compile_error! {
                "unknown case `snek_case`: expected one of snake_case, kebab-case, SCREAMING_SNAKE_CASE, lowercase, UPPERCASE, camelCase, PascalCase; did you mean `snake_case`?"
            }
            ::core::compile_error! {
                "the value `b` is that of `B` already"
            }
            #[automatically_derived]
            impl ::telemetry_core::__private::metric::Label for Outcome {
                const VALUES: &'static [&'static str] = &["a", "b", "b"];
                #[inline]
                fn index(&self) -> usize {
                    match self {
                        Self::A { .. } => 0usize,
                        Self::B { .. } => 1usize,
                        Self::C { .. } => 2usize,
                    }
                }
            }
        "#]],
    );
}
