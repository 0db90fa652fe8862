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
                    static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::call_site(
                        "render",
                        &::telemetry_core::__private::Origin {
                            crate_name: ::core::env!("CARGO_PKG_NAME"),
                            crate_version: ::core::env!("CARGO_PKG_VERSION"),
                            module: ::core::module_path!(),
                            file: ::core::file!(),
                        },
                    );
                    ::telemetry_core::__private::open(&__TELEMETRY_SITE)
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
                    static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::CallSite::new(::telemetry_core::__private::Site {
                        name: "render",
                        keys: &["rows", "title"],
                        constants: &[
                            ("template", ::telemetry_core::__private::Constant::Str("list")),
                        ],
                        ..::telemetry_core::__private::site(
                            &::telemetry_core::__private::Origin {
                                crate_name: ::core::env!("CARGO_PKG_NAME"),
                                crate_version: ::core::env!("CARGO_PKG_VERSION"),
                                module: ::core::module_path!(),
                                file: ::core::file!(),
                            },
                        )
                    });
                    let mut __telemetry_span = ::telemetry_core::__private::open(&__TELEMETRY_SITE);
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
                    static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::CallSite::new(::telemetry_core::__private::Site {
                        name: "fetch",
                        keys: &["url"],
                        ..::telemetry_core::__private::site(
                            &::telemetry_core::__private::Origin {
                                crate_name: ::core::env!("CARGO_PKG_NAME"),
                                crate_version: ::core::env!("CARGO_PKG_VERSION"),
                                module: ::core::module_path!(),
                                file: ::core::file!(),
                            },
                        )
                    });
                    let mut __telemetry_span = ::telemetry_core::__private::open_step(
                        &__TELEMETRY_SITE,
                    );
                    if ::telemetry_core::__private::TaskSpan::is_recording(&__telemetry_span) {
                        ::telemetry_core::__private::TaskSpan::attribute_display(
                            &mut __telemetry_span,
                            0,
                            &url,
                        );
                    }
                    ::telemetry_core::__private::step(
                        __telemetry_span,
                        client.get(url),
                        |span, returned| {
                            ::telemetry_core::__private::record(
                                span,
                                &::telemetry_core::__private::Probe::of(returned)
                                    .__telemetry_probe(),
                                returned,
                            );
                        },
                    )
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
                    static __TELEMETRY_SITE: bookstore::telemetry::__private::CallSite = bookstore::telemetry::__private::CallSite::new(bookstore::telemetry::__private::Site {
                        name: names::RENDER,
                        keys: &["rows"],
                        ..bookstore::telemetry::__private::site(
                            &bookstore::telemetry::__private::Origin {
                                crate_name: ::core::env!("CARGO_PKG_NAME"),
                                crate_version: ::core::env!("CARGO_PKG_VERSION"),
                                module: ::core::module_path!(),
                                file: ::core::file!(),
                            },
                        )
                    });
                    let mut __telemetry_span = bookstore::telemetry::__private::open(
                        &__TELEMETRY_SITE,
                    );
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

#[test]
fn each_call_of_a_closure_is_a_span() {
    check(
        quote!("parse", text => |text: &str| text.parse::<u32>()),
        &expect![[r#"
            fn around() {
                let it = |text: &str| {
                    static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::CallSite::new(::telemetry_core::__private::Site {
                        name: "parse",
                        keys: &["text"],
                        ..::telemetry_core::__private::site(
                            &::telemetry_core::__private::Origin {
                                crate_name: ::core::env!("CARGO_PKG_NAME"),
                                crate_version: ::core::env!("CARGO_PKG_VERSION"),
                                module: ::core::module_path!(),
                                file: ::core::file!(),
                            },
                        )
                    });
                    let mut __telemetry_span = ::telemetry_core::__private::open(&__TELEMETRY_SITE);
                    if ::telemetry_core::__private::SpanGuard::is_recording(&__telemetry_span) {
                        ::telemetry_core::__private::SpanGuard::attribute(
                            &mut __telemetry_span,
                            0,
                            &text,
                        );
                    }
                    let __telemetry_result = ::telemetry_core::__private::call(
                        &mut __telemetry_span,
                        &::telemetry_core::__private::Ignored,
                        || text.parse::<u32>(),
                    );
                    ::telemetry_core::__private::record(
                        &mut __telemetry_span,
                        &::telemetry_core::__private::Probe::of(&__telemetry_result)
                            .__telemetry_probe(),
                        &__telemetry_result,
                    );
                    __telemetry_result
                };
            }
        "#]],
    );
}

#[test]
fn an_async_closure_is_awaited_in_its_span() {
    check(
        quote!("load" => async move |id: u64| -> Result<Book, Error> { db.load(id).await }),
        &expect![[r#"
            fn around() {
                let it = async move |id: u64| -> Result<Book, Error> {
                    {
                        static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::call_site(
                            "load",
                            &::telemetry_core::__private::Origin {
                                crate_name: ::core::env!("CARGO_PKG_NAME"),
                                crate_version: ::core::env!("CARGO_PKG_VERSION"),
                                module: ::core::module_path!(),
                                file: ::core::file!(),
                            },
                        );
                        let __telemetry_span = ::telemetry_core::__private::open_task(
                            &__TELEMETRY_SITE,
                        );
                        let __telemetry_future = async {
                            if false {
                                return ::telemetry_core::__private::returned::<
                                    Result<Book, Error>,
                                >();
                            }
                            { { db.load(id).await } }
                        };
                        ::telemetry_core::__private::Traced {
                            span: __telemetry_span,
                            outcome: ::telemetry_core::__private::Probe::of_output(
                                    &__telemetry_future,
                                )
                                .__telemetry_probe(),
                            future: __telemetry_future,
                        }
                            .await
                    }
                };
            }
        "#]],
    );
}

#[test]
fn the_future_a_closure_returns_runs_in_its_span() {
    check(
        quote!("load", id => move |id| Box::pin(async move { db.load(id).await })),
        &expect![[r#"
            fn around() {
                let it = move |id| Box::pin(async move {
                    static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::CallSite::new(::telemetry_core::__private::Site {
                        name: "load",
                        keys: &["id"],
                        ..::telemetry_core::__private::site(
                            &::telemetry_core::__private::Origin {
                                crate_name: ::core::env!("CARGO_PKG_NAME"),
                                crate_version: ::core::env!("CARGO_PKG_VERSION"),
                                module: ::core::module_path!(),
                                file: ::core::file!(),
                            },
                        )
                    });
                    let mut __telemetry_span = ::telemetry_core::__private::open_task(
                        &__TELEMETRY_SITE,
                    );
                    if ::telemetry_core::__private::TaskSpan::is_recording(&__telemetry_span) {
                        ::telemetry_core::__private::TaskSpan::attribute(
                            &mut __telemetry_span,
                            0,
                            &id,
                        );
                    }
                    let __telemetry_future = async move { db.load(id).await };
                    ::telemetry_core::__private::Traced {
                        span: __telemetry_span,
                        outcome: ::telemetry_core::__private::Probe::of_output(&__telemetry_future)
                            .__telemetry_probe(),
                        future: __telemetry_future,
                    }
                        .await
                });
            }
        "#]],
    );
}
