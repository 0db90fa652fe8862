//! One expansion for each argument.

use expect_test::expect;
use quote::quote;

use super::{span, trace};

#[test]
fn span_names_by_the_function() {
    span(
        quote!(),
        quote!(
            fn load() {}
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
                {}
            }
        "#]],
    );
}

#[test]
fn trace_names_by_the_path() {
    trace(
        quote!(),
        quote!(
            fn load() {}
        ),
        &expect![[r#"
            fn load() {
                static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::call_site(
                    ::core::concat!(::core::module_path!(), "::", "load"),
                    &::telemetry_core::__private::Origin {
                        crate_name: ::core::env!("CARGO_PKG_NAME"),
                        crate_version: ::core::env!("CARGO_PKG_VERSION"),
                        module: ::core::module_path!(),
                        file: ::core::file!(),
                    },
                );
                let __telemetry_span = ::telemetry_core::__private::open(&__TELEMETRY_SITE);
                {}
            }
        "#]],
    );
}

#[test]
fn name_is_a_literal() {
    trace(
        quote!(name = "books.load"),
        quote!(
            fn load() {}
        ),
        &expect![[r#"
            fn load() {
                static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::call_site(
                    "books.load",
                    &::telemetry_core::__private::Origin {
                        crate_name: ::core::env!("CARGO_PKG_NAME"),
                        crate_version: ::core::env!("CARGO_PKG_VERSION"),
                        module: ::core::module_path!(),
                        file: ::core::file!(),
                    },
                );
                let __telemetry_span = ::telemetry_core::__private::open(&__TELEMETRY_SITE);
                {}
            }
        "#]],
    );
}

#[test]
fn name_is_a_constant() {
    trace(
        quote!(name = names::LOAD),
        quote!(
            fn load() {}
        ),
        &expect![[r#"
            fn load() {
                static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::CallSite::new(::telemetry_core::__private::Site {
                    name: names::LOAD,
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
fn type_stands_before_the_function() {
    trace(
        quote!(type = Store),
        quote!(
            fn load(&self) {}
        ),
        &expect![[r#"
            fn load(&self) {
                static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::call_site(
                    "Store::load",
                    &::telemetry_core::__private::Origin {
                        crate_name: ::core::env!("CARGO_PKG_NAME"),
                        crate_version: ::core::env!("CARGO_PKG_VERSION"),
                        module: ::core::module_path!(),
                        file: ::core::file!(),
                    },
                );
                let __telemetry_span = ::telemetry_core::__private::open(&__TELEMETRY_SITE);
                {}
            }
        "#]],
    );
}

#[test]
fn kind_is_recorded_in_the_call_site() {
    span(
        quote!(kind = server),
        quote!(
            fn load() {}
        ),
        &expect![[r#"
            fn load() {
                static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::CallSite::new(::telemetry_core::__private::Site {
                    name: "load",
                    kind: ::telemetry_core::__private::SpanKind::Server,
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
fn root_begins_a_trace() {
    span(
        quote!(root),
        quote!(
            fn load() {}
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
                let __telemetry_span = ::telemetry_core::__private::open_root(&__TELEMETRY_SITE);
                {}
            }
        "#]],
    );
}

#[test]
fn crate_is_where_the_library_is_found() {
    span(
        quote!(crate = bookstore::telemetry),
        quote!(
            fn load() -> Result<Book, Error> {
                find()?
            }
        ),
        &expect![[r#"
            fn load() -> Result<Book, Error> {
                static __TELEMETRY_SITE: bookstore::telemetry::__private::CallSite = bookstore::telemetry::__private::call_site(
                    "load",
                    &bookstore::telemetry::__private::Origin {
                        crate_name: ::core::env!("CARGO_PKG_NAME"),
                        crate_version: ::core::env!("CARGO_PKG_VERSION"),
                        module: ::core::module_path!(),
                        file: ::core::file!(),
                    },
                );
                let mut __telemetry_span = bookstore::telemetry::__private::open(&__TELEMETRY_SITE);
                bookstore::telemetry::__private::call(
                    &mut __telemetry_span,
                    &bookstore::telemetry::__private::Probe::<Result<Book, Error>>::NEW
                        .__telemetry_probe(),
                    move || -> Result<Book, Error> { find()? },
                )
            }
        "#]],
    );
}

#[test]
fn a_parent_and_a_sampler_are_said_before_the_span_opens() {
    span(
        quote!(parent = headers.parent(), sample = 0.25),
        quote!(
            fn load(headers: &Headers) {}
        ),
        &expect![[r#"
            fn load(headers: &Headers) {
                static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::call_site(
                        "load",
                        &::telemetry_core::__private::Origin {
                            crate_name: ::core::env!("CARGO_PKG_NAME"),
                            crate_version: ::core::env!("CARGO_PKG_VERSION"),
                            module: ::core::module_path!(),
                            file: ::core::file!(),
                        },
                    )
                    .sampler(const { &::telemetry_core::__private::ratio(0.25) });
                let __telemetry_span = ::telemetry_core::__private::open_under(
                    &__TELEMETRY_SITE,
                    || ::telemetry_core::__private::context_of(&headers.parent()),
                );
                {}
            }
        "#]],
    );
}

#[test]
fn links_are_recorded_when_it_is_open() {
    span(
        quote!(links = [first, second], sample = SAMPLER, root),
        quote!(
            async fn load(first: SpanContext, second: SpanContext) {}
        ),
        &expect![[r#"
            async fn load(first: SpanContext, second: SpanContext) {
                static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::call_site(
                        "load",
                        &::telemetry_core::__private::Origin {
                            crate_name: ::core::env!("CARGO_PKG_NAME"),
                            crate_version: ::core::env!("CARGO_PKG_VERSION"),
                            module: ::core::module_path!(),
                            file: ::core::file!(),
                        },
                    )
                    .sampler(&SAMPLER);
                let __telemetry_links = ::telemetry_core::__private::wanted(
                    &__TELEMETRY_SITE,
                    || [first, second],
                );
                let mut __telemetry_span = ::telemetry_core::__private::open_task_root(
                    &__TELEMETRY_SITE,
                );
                ::telemetry_core::__private::TaskSpan::links(
                    &mut __telemetry_span,
                    __telemetry_links,
                );
                ::telemetry_core::__private::Traced {
                    span: __telemetry_span,
                    outcome: ::telemetry_core::__private::Ignored,
                    future: async move {
                        if false {
                            return ::telemetry_core::__private::returned::<()>();
                        }
                        {}
                    },
                }
                    .await
            }
        "#]],
    );
}
