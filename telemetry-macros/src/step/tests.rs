//! What the macro expands to, to be read in review. `UPDATE_EXPECT=1 cargo test -p telemetry-macros` rewrites it.

use expect_test::{Expect, expect};
use proc_macro2::TokenStream;
use quote::quote;

use super::step;

fn check(tokens: TokenStream, expected: &Expect) {
    let tokens = step(tokens);
    let text = match syn::parse2(quote!(fn around() { let it = #tokens; })) {
        Ok(file) => prettyplease::unparse(&file),
        Err(error) => format!("{error} in {tokens}"),
    };
    expected.assert_eq(&text);
}

#[test]
fn a_step_is_a_guard() {
    check(
        quote!("render"),
        &expect![[r#"
        fn around() {
            let it = {
                static SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::CallSite::new(::telemetry_core::__private::Site {
                    name: "render",
                    kind: ::telemetry_core::__private::SpanKind::Internal,
                    keys: &[],
                    constants: &[],
                    origin: ::telemetry_core::__private::Origin {
                        crate_name: ::core::env!("CARGO_PKG_NAME"),
                        crate_version: ::core::env!("CARGO_PKG_VERSION"),
                        module: ::core::module_path!(),
                        file: ::core::file!(),
                        line: ::core::line!(),
                    },
                });
                ::telemetry_core::__private::open(&SITE)
            };
        }
    "#]],
    );
}

#[test]
fn a_step_with_attributes_is_a_guard_that_has_them() {
    check(
        quote!("render", template = "list", rows = rows.len(), %title),
        &expect![[r#"
            fn around() {
                let it = {
                    let mut __telemetry_span = {
                        static SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::CallSite::new(::telemetry_core::__private::Site {
                            name: "render",
                            kind: ::telemetry_core::__private::SpanKind::Internal,
                            keys: &["rows", "title"],
                            constants: &[
                                ("template", ::telemetry_core::__private::Constant::Str("list")),
                            ],
                            origin: ::telemetry_core::__private::Origin {
                                crate_name: ::core::env!("CARGO_PKG_NAME"),
                                crate_version: ::core::env!("CARGO_PKG_VERSION"),
                                module: ::core::module_path!(),
                                file: ::core::file!(),
                                line: ::core::line!(),
                            },
                        });
                        ::telemetry_core::__private::open(&SITE)
                    };
                    if ::telemetry_core::__private::SpanGuard::is_recording(&__telemetry_span) {
                        ::telemetry_core::__private::SpanGuard::attribute(
                            &mut __telemetry_span,
                            0,
                            &rows.len(),
                        );
                        ::telemetry_core::__private::SpanGuard::attribute_display(
                            &mut __telemetry_span,
                            1,
                            &title,
                        );
                    }
                    __telemetry_span
                };
            }
        "#]],
    );
}

#[test]
fn a_step_over_a_future_is_a_future() {
    check(
        quote!("fetch", url = %url => client.get(url)),
        &expect![[r#"
            fn around() {
                let it = {
                    let mut __telemetry_span = {
                        static SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::CallSite::new(::telemetry_core::__private::Site {
                            name: "fetch",
                            kind: ::telemetry_core::__private::SpanKind::Internal,
                            keys: &["url"],
                            constants: &[],
                            origin: ::telemetry_core::__private::Origin {
                                crate_name: ::core::env!("CARGO_PKG_NAME"),
                                crate_version: ::core::env!("CARGO_PKG_VERSION"),
                                module: ::core::module_path!(),
                                file: ::core::file!(),
                                line: ::core::line!(),
                            },
                        });
                        ::telemetry_core::__private::open_task(&SITE)
                    };
                    if ::telemetry_core::__private::TaskSpan::is_recording(&__telemetry_span) {
                        ::telemetry_core::__private::TaskSpan::attribute_display(
                            &mut __telemetry_span,
                            0,
                            &url,
                        );
                    }
                    let __telemetry_future = client.get(url);
                    async move {
                        let __telemetry_result = ::telemetry_core::__private::TaskSpan::drive(
                                &mut __telemetry_span,
                                async move { __telemetry_future.await },
                            )
                            .await;
                        ::telemetry_core::__private::record_outcome!(
                            __telemetry_span, __telemetry_result
                        );
                        __telemetry_result
                    }
                };
            }
        "#]],
    );
}

#[test]
fn the_crate_comes_first() {
    check(
        quote!(crate = bookstore::telemetry, names::RENDER, rows),
        &expect![[r#"
            fn around() {
                let it = {
                    let mut __telemetry_span = {
                        static SITE: bookstore::telemetry::__private::CallSite = bookstore::telemetry::__private::CallSite::new(bookstore::telemetry::__private::Site {
                            name: names::RENDER,
                            kind: bookstore::telemetry::__private::SpanKind::Internal,
                            keys: &["rows"],
                            constants: &[],
                            origin: bookstore::telemetry::__private::Origin {
                                crate_name: ::core::env!("CARGO_PKG_NAME"),
                                crate_version: ::core::env!("CARGO_PKG_VERSION"),
                                module: ::core::module_path!(),
                                file: ::core::file!(),
                                line: ::core::line!(),
                            },
                        });
                        bookstore::telemetry::__private::open(&SITE)
                    };
                    if bookstore::telemetry::__private::SpanGuard::is_recording(&__telemetry_span) {
                        bookstore::telemetry::__private::SpanGuard::attribute(
                            &mut __telemetry_span,
                            0,
                            &rows,
                        );
                    }
                    __telemetry_span
                };
            }
        "#]],
    );
}
