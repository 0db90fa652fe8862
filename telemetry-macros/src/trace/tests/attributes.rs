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
                let __telemetry_span = {
                    static SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::CallSite::new(::telemetry_core::__private::Site {
                        name: "load",
                        kind: ::telemetry_core::__private::SpanKind::Internal,
                        keys: &[],
                        constants: &[
                            ("db.system", ::telemetry_core::__private::Constant::Str("sqlite")),
                            ("rows", ::telemetry_core::__private::Constant::I64(3)),
                            ("offset", ::telemetry_core::__private::Constant::I64(-3)),
                            ("id", ::telemetry_core::__private::Constant::U64(7)),
                            ("ratio", ::telemetry_core::__private::Constant::F64(0.5)),
                            ("cached", ::telemetry_core::__private::Constant::Bool(true)),
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
                let mut __telemetry_span = {
                    static SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::CallSite::new(::telemetry_core::__private::Site {
                        name: "load",
                        kind: ::telemetry_core::__private::SpanKind::Internal,
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
                if __telemetry_span.is_recording() {
                    __telemetry_span.attribute(0, &id);
                    __telemetry_span.attribute(1, &(id + 1));
                    __telemetry_span.attribute_display(2, &price);
                    __telemetry_span.attribute_debug(3, &tags);
                    __telemetry_span.attribute(4, &header());
                    __telemetry_span.attribute(5, &title);
                    __telemetry_span.attribute_display(6, &author);
                    __telemetry_span.attribute_debug(7, &author.name);
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
                let __telemetry_span = {
                    static SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::CallSite::new(::telemetry_core::__private::Site {
                        name: "load",
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
                let span = {
                    #[derive(::core::clone::Clone, ::core::marker::Copy)]
                    struct __TelemetrySpan(::telemetry_core::__private::Span);
                    #[allow(dead_code, non_snake_case, clippy::all, clippy::pedantic)]
                    impl __TelemetrySpan {
                        fn rows(self, value: ::core::primitive::i64) {
                            self.0.i64("rows", value);
                        }
                        fn book_title(self, value: &::core::primitive::str) {
                            self.0.str("book.title", value);
                        }
                        fn r#type(self, value: ::core::primitive::bool) {
                            self.0.bool("type", value);
                        }
                    }
                    impl ::core::ops::Deref for __TelemetrySpan {
                        type Target = ::telemetry_core::__private::Span;
                        fn deref(&self) -> &::telemetry_core::__private::Span {
                            &self.0
                        }
                    }
                    __TelemetrySpan(__telemetry_span.handle())
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
                let __telemetry_span = {
                    static SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::CallSite::new(::telemetry_core::__private::Site {
                        name: "load",
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
                let span = __telemetry_span.handle();
                {
                    span.event("x");
                }
            }
        "#]],
    );
}
