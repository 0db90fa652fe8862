//! One expansion for each way to record an attribute.

use expect_test::expect;
use quote::quote;

use super::span;

#[test]
fn literal_attributes_are_constants() {
    span(
        quote!(attrs(db.system = "sqlite", rows = 3, offset = -3, id = 7u64, ratio = 0.5, cached = true)),
        quote!(
            fn load() {}
        ),
        &expect![[r#"
            fn load() {
                static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::CallSite::new(::telemetry_core::__private::Site {
                    name: "load",
                    constants: &[
                        ("db.system", ::telemetry_core::__private::Constant::Str("sqlite")),
                        ("rows", ::telemetry_core::__private::Constant::I64(3)),
                        ("offset", ::telemetry_core::__private::Constant::I64(-3)),
                        ("id", ::telemetry_core::__private::Constant::U64(7)),
                        ("ratio", ::telemetry_core::__private::Constant::F64(0.5)),
                        ("cached", ::telemetry_core::__private::Constant::Bool(true)),
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
                let __telemetry_span = ::telemetry_core::__private::open(&__TELEMETRY_SITE);
                {}
            }
        "#]],
    );
}

#[test]
fn attributes_are_evaluated_only_when_the_span_records() {
    span(
        quote!(attrs(book.id = id, next = id + 1, price = %price, tags = ?tags, "http.request header" = header(), title, %author, ?author.name)),
        quote!(
            fn load() {}
        ),
        &expect![[r#"
            fn load() {
                static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::CallSite::new(::telemetry_core::__private::Site {
                    name: "load",
                    keys: &[
                        "book.id",
                        "next",
                        "price",
                        "tags",
                        "http.request header",
                        "title",
                        "author",
                        "author.name",
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
                    ::telemetry_core::__private::SpanGuard::attribute(&mut __telemetry_span, 0, &id);
                    ::telemetry_core::__private::SpanGuard::attribute(
                        &mut __telemetry_span,
                        1,
                        &(id + 1),
                    );
                    ::telemetry_core::__private::SpanGuard::attribute_display(
                        &mut __telemetry_span,
                        2,
                        &price,
                    );
                    ::telemetry_core::__private::SpanGuard::attribute_debug(
                        &mut __telemetry_span,
                        3,
                        &tags,
                    );
                    ::telemetry_core::__private::SpanGuard::attribute(
                        &mut __telemetry_span,
                        4,
                        &header(),
                    );
                    ::telemetry_core::__private::SpanGuard::attribute(
                        &mut __telemetry_span,
                        5,
                        &title,
                    );
                    ::telemetry_core::__private::SpanGuard::attribute_display(
                        &mut __telemetry_span,
                        6,
                        &author,
                    );
                    ::telemetry_core::__private::SpanGuard::attribute_debug(
                        &mut __telemetry_span,
                        7,
                        &author.name,
                    );
                }
                {}
            }
        "#]],
    );
}

#[test]
fn declared_attributes_are_methods_of_the_handle() {
    span(
        quote!(bind = span, attrs(rows: i64, book.title: str, r#type: bool)),
        quote!(
            fn load() {
                span.rows(1);
            }
        ),
        &expect![[r#"
            fn load() {
                static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::CallSite::new(::telemetry_core::__private::Site {
                    name: "load",
                    keys: &["rows", "book.title", "type"],
                    ..::telemetry_core::__private::site(
                        &::telemetry_core::__private::Origin {
                            crate_name: ::core::env!("CARGO_PKG_NAME"),
                            crate_version: ::core::env!("CARGO_PKG_VERSION"),
                            module: ::core::module_path!(),
                            file: ::core::file!(),
                        },
                    )
                });
                let __telemetry_span = ::telemetry_core::__private::open(&__TELEMETRY_SITE);
                let span = {
                    #[derive(::core::clone::Clone, ::core::marker::Copy)]
                    struct __TelemetrySpan(::telemetry_core::__private::Span);
                    #[allow(dead_code, non_snake_case, clippy::all, clippy::pedantic)]
                    impl __TelemetrySpan {
                        fn rows(self, value: ::core::primitive::i64) {
                            ::telemetry_core::__private::Span::declared(
                                &self.0,
                                &__TELEMETRY_SITE,
                                0,
                                &value,
                            );
                        }
                        fn book_title(self, value: &::core::primitive::str) {
                            ::telemetry_core::__private::Span::declared(
                                &self.0,
                                &__TELEMETRY_SITE,
                                1,
                                &value,
                            );
                        }
                        fn r#type(self, value: ::core::primitive::bool) {
                            ::telemetry_core::__private::Span::declared(
                                &self.0,
                                &__TELEMETRY_SITE,
                                2,
                                &value,
                            );
                        }
                    }
                    impl ::core::ops::Deref for __TelemetrySpan {
                        type Target = ::telemetry_core::__private::Span;
                        fn deref(&self) -> &::telemetry_core::__private::Span {
                            &self.0
                        }
                    }
                    __TelemetrySpan(
                        ::telemetry_core::__private::SpanGuard::handle(&__telemetry_span),
                    )
                };
                {
                    span.rows(1);
                }
            }
        "#]],
    );
}

#[test]
fn bind_alone_is_the_handle() {
    span(
        quote!(bind = span),
        quote!(
            fn load() {
                span.event("x");
            }
        ),
        &expect![[r#"
            fn load() {
                static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::call_site(
                    "load",
                    &::telemetry_core::__private::Origin {
                        crate_name: ::core::env!("CARGO_PKG_NAME"),
                        crate_version: ::core::env!("CARGO_PKG_VERSION"),
                        module: ::core::module_path!(),
                        file: ::core::file!(),
                    },
                );
                let __telemetry_span = ::telemetry_core::__private::open(&__TELEMETRY_SITE);
                let span = ::telemetry_core::__private::SpanGuard::handle(&__telemetry_span);
                {
                    span.event("x");
                }
            }
        "#]],
    );
}

#[test]
fn more_attributes_than_can_be_numbered_are_refused() {
    let attributes = |count: usize| {
        let keys = (0..count).map(|number| format!("key{number}"));
        quote!(attrs(#(#keys = value),*))
    };
    let expand = |count| {
        let item = quote!(
            fn load() {}
        );
        super::attribute(super::Macro::Span, attributes(count), item).to_string()
    };
    assert!(!expand(240).contains("compile_error"));
    assert!(expand(241).contains("240 attributes"));
}
