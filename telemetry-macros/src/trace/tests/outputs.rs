//! One expansion for each argument about what comes out of a function.

use expect_test::expect;
use quote::quote;

use super::span;

#[test]
fn err_off_looks_for_no_error() {
    span(
        quote!(err = off),
        quote!(
            fn load() -> Result<Book, Error> {
                find()?
            }
        ),
        &expect![[r#"
            fn load() -> Result<Book, Error> {
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
                { find()? }
            }
        "#]],
    );
}

#[test]
fn err_can_be_mapped() {
    span(
        quote!(err = Error::code),
        quote!(
            fn load() -> Result<Book, Error> {
                find()?
            }
        ),
        &expect![[r#"
            fn load() -> Result<Book, Error> {
                static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::call_site(
                    "load",
                    &::telemetry_core::__private::Origin {
                        crate_name: ::core::env!("CARGO_PKG_NAME"),
                        crate_version: ::core::env!("CARGO_PKG_VERSION"),
                        module: ::core::module_path!(),
                        file: ::core::file!(),
                    },
                );
                let mut __telemetry_span = ::telemetry_core::__private::open(&__TELEMETRY_SITE);
                ::telemetry_core::__private::call(
                    &mut __telemetry_span,
                    &::telemetry_core::__private::Probe::<Result<Book, Error>>::NEW
                        .mapped(|error, tell| tell(&Error::code(error))),
                    move || -> Result<Book, Error> { find()? },
                )
            }
        "#]],
    );
}

#[test]
fn what_is_returned_is_recorded_beside_an_error() {
    span(
        quote!(ret = debug),
        quote!(
            fn load() -> Result<Book, Error> {
                find()
            }
        ),
        &expect![[r#"
            fn load() -> Result<Book, Error> {
                static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::call_site(
                    "load",
                    &::telemetry_core::__private::Origin {
                        crate_name: ::core::env!("CARGO_PKG_NAME"),
                        crate_version: ::core::env!("CARGO_PKG_VERSION"),
                        module: ::core::module_path!(),
                        file: ::core::file!(),
                    },
                );
                let mut __telemetry_span = ::telemetry_core::__private::open(&__TELEMETRY_SITE);
                ::telemetry_core::__private::call(
                    &mut __telemetry_span,
                    &::telemetry_core::__private::Probe::<Result<Book, Error>>::NEW
                        .returned(
                            ::telemetry_core::__private::Probe::<Result<Book, Error>>::NEW
                                .__telemetry_part(),
                            ::telemetry_core::__private::Probe::<Result<Book, Error>>::NEW
                                .__telemetry_probe(),
                            |value, span| {
                                span
                                    .record_returned(
                                        ::telemetry_core::__private::Shown::Debug(value),
                                    )
                            },
                        ),
                    move || -> Result<Book, Error> { find() },
                )
            }
        "#]],
    );
}

#[test]
fn async_says_that_a_future_is_returned() {
    span(
        quote!(async = true),
        quote!(
            fn load(id: Id) -> Later<Book> {
                if id.is_none() {
                    return nothing();
                }
                find(id)
            }
        ),
        &expect![[r#"
            fn load(id: Id) -> Later<Book> {
                static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::call_site(
                    "load",
                    &::telemetry_core::__private::Origin {
                        crate_name: ::core::env!("CARGO_PKG_NAME"),
                        crate_version: ::core::env!("CARGO_PKG_VERSION"),
                        module: ::core::module_path!(),
                        file: ::core::file!(),
                    },
                );
                let mut __telemetry_span = ::telemetry_core::__private::open_step(&__TELEMETRY_SITE);
                let __telemetry_future = ::telemetry_core::__private::making(
                    &mut __telemetry_span,
                    move || -> Later<Book> {
                        _ = &id;
                        {
                            if id.is_none() {
                                return nothing();
                            }
                            find(id)
                        }
                    },
                );
                ::telemetry_core::__private::boxed_step(
                    __telemetry_span,
                    __telemetry_future,
                    |span, returned| {
                        ::telemetry_core::__private::record(
                            span,
                            &::telemetry_core::__private::Probe::of(returned).__telemetry_probe(),
                            returned,
                        );
                    },
                )
            }
        "#]],
    );
}
