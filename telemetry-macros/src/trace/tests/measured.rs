//! Expansions of what is measured, and of bodies that are rewritten.

use expect_test::expect;
use quote::quote;

use super::{span, trace};

#[test]
fn metrics_wrap_the_span_of_a_scope() {
    span(
        quote!(metrics, name = names::LOAD, attrs(id)),
        quote!(
            fn load(id: u64) -> Result<Book, Error> {
                find(id)?
            }
        ),
        &expect![[r#"
            fn load(id: u64) -> Result<Book, Error> {
                const __TELEMETRY_NAME: &'static ::core::primitive::str = names::LOAD;
                static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::CallSite::new(::telemetry_core::__private::Site {
                    name: __TELEMETRY_NAME,
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
                static __TELEMETRY_CALLS: ::telemetry_core::__private::Calls = ::telemetry_core::__private::Calls::new(
                    __TELEMETRY_NAME,
                );
                const _: () = {
                    #[::telemetry_core::__private::linkme::distributed_slice(
                        ::telemetry_core::__private::CALLS
                    )]
                    #[linkme(crate = ::telemetry_core::__private::linkme)]
                    static __TELEMETRY_DECLARED: &::telemetry_core::__private::Calls = &__TELEMETRY_CALLS;
                };
                let mut __telemetry_span = ::telemetry_core::__private::open(&__TELEMETRY_SITE);
                if ::telemetry_core::__private::SpanGuard::is_recording(&__telemetry_span) {
                    ::telemetry_core::__private::SpanGuard::attribute(&mut __telemetry_span, 0, &id);
                }
                let mut __telemetry_span = ::telemetry_core::__private::Measured::scope(
                    &__TELEMETRY_CALLS,
                    __telemetry_span,
                );
                ::telemetry_core::__private::call(
                    &mut __telemetry_span,
                    &::telemetry_core::__private::Probe::<Result<Book, Error>>::NEW
                        .__telemetry_probe(),
                    move || -> Result<Book, Error> { find(id)? },
                )
            }
        "#]],
    );
}

#[test]
fn metrics_wrap_the_span_of_a_future_with_its_timing() {
    span(
        quote!(metrics, timing),
        quote!(
            async fn load() -> u64 {
                find().await
            }
        ),
        &expect![[r#"
            async fn load() -> u64 {
                const __TELEMETRY_NAME: &'static ::core::primitive::str = "load";
                static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::call_site(
                    __TELEMETRY_NAME,
                    &::telemetry_core::__private::Origin {
                        crate_name: ::core::env!("CARGO_PKG_NAME"),
                        crate_version: ::core::env!("CARGO_PKG_VERSION"),
                        module: ::core::module_path!(),
                        file: ::core::file!(),
                    },
                );
                static __TELEMETRY_CALLS: ::telemetry_core::__private::Calls = ::telemetry_core::__private::Calls::new(
                    __TELEMETRY_NAME,
                );
                const _: () = {
                    #[::telemetry_core::__private::linkme::distributed_slice(
                        ::telemetry_core::__private::CALLS
                    )]
                    #[linkme(crate = ::telemetry_core::__private::linkme)]
                    static __TELEMETRY_DECLARED: &::telemetry_core::__private::Calls = &__TELEMETRY_CALLS;
                };
                ::telemetry_core::__private::Traced {
                    span: ::telemetry_core::__private::Measured::future(
                        &__TELEMETRY_CALLS,
                        ::telemetry_core::__private::TimedSpan::new(
                            ::telemetry_core::__private::open_task(&__TELEMETRY_SITE),
                        ),
                    ),
                    outcome: ::telemetry_core::__private::Ignored,
                    future: async move {
                        if false {
                            return ::telemetry_core::__private::returned::<u64>();
                        }
                        { find().await }
                    },
                }
                    .await
            }
        "#]],
    );
}

#[test]
fn a_future_that_is_made_is_measured_from_the_call_on() {
    span(
        quote!(metrics),
        quote!(
            fn load(id: u64) -> BoxFuture<'static, u64> {
                find(id)
            }
        ),
        &expect![[r#"
            fn load(id: u64) -> BoxFuture<'static, u64> {
                const __TELEMETRY_NAME: &'static ::core::primitive::str = "load";
                static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::call_site(
                    __TELEMETRY_NAME,
                    &::telemetry_core::__private::Origin {
                        crate_name: ::core::env!("CARGO_PKG_NAME"),
                        crate_version: ::core::env!("CARGO_PKG_VERSION"),
                        module: ::core::module_path!(),
                        file: ::core::file!(),
                    },
                );
                static __TELEMETRY_CALLS: ::telemetry_core::__private::Calls = ::telemetry_core::__private::Calls::new(
                    __TELEMETRY_NAME,
                );
                const _: () = {
                    #[::telemetry_core::__private::linkme::distributed_slice(
                        ::telemetry_core::__private::CALLS
                    )]
                    #[linkme(crate = ::telemetry_core::__private::linkme)]
                    static __TELEMETRY_DECLARED: &::telemetry_core::__private::Calls = &__TELEMETRY_CALLS;
                };
                let __telemetry_span = ::telemetry_core::__private::open_step(&__TELEMETRY_SITE);
                let mut __telemetry_span = ::telemetry_core::__private::Measured::future(
                    &__TELEMETRY_CALLS,
                    __telemetry_span,
                );
                let __telemetry_future = ::telemetry_core::__private::making(
                    &mut __telemetry_span,
                    move || -> BoxFuture<'static, u64> { find(id) },
                );
                ::telemetry_core::__private::boxed(
                    ::telemetry_core::__private::step(
                        __telemetry_span,
                        __telemetry_future,
                        |span, returned| {
                            ::telemetry_core::__private::record(
                                span,
                                &::telemetry_core::__private::Ignored,
                                returned,
                            );
                        },
                    ),
                )
            }
        "#]],
    );
}

#[test]
fn a_tracked_body_leaves_a_labelled_block() {
    span(
        quote!(),
        quote!(
            #[track_caller]
            fn load(id: u64) -> Result<Book, Error> {
                if id == 0 {
                    return Err(Error::NotFound);
                }
                let closure = || -> Option<u64> { Some(read()?) };
                Ok(find(id)?.with(closure()))
            }
        ),
        &expect![[r##"
            #[track_caller]
            fn load(id: u64) -> Result<Book, Error> {
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
                let __telemetry_result: Result<Book, Error> = '__telemetry_body: {
                    if id == 0 {
                        break '__telemetry_body Err(Error::NotFound);
                    }
                    let closure = || -> Option<u64> { Some(read()?) };
                    Ok(
                        (match ::telemetry_core::__private::Branch::branch(find(id)) {
                            ::core::ops::ControlFlow::Continue(value) => value,
                            ::core::ops::ControlFlow::Break(residual) => {
                                break '__telemetry_body ::telemetry_core::__private::FromResidual::from_residual(
                                    residual,
                                );
                            }
                        })
                            .with(closure()),
                    )
                };
                #[allow(unreachable_code)]
                {
                    ::telemetry_core::__private::record(
                        &mut __telemetry_span,
                        &::telemetry_core::__private::Probe::of(&__telemetry_result)
                            .__telemetry_probe(),
                        &__telemetry_result,
                    );
                }
                #[allow(unreachable_code)] __telemetry_result
            }
        "##]],
    );
}

#[test]
fn an_attribute_under_a_condition_makes_a_form_for_either_case() {
    trace(
        quote!(),
        quote!(
            impl Shelf {
                #[cfg_attr(test, span(root), must_use)]
                #[cfg_attr(debug_assertions, trace(skip))]
                fn load(&self) {}
            }
        ),
        &expect![[r#"
            impl Shelf {
                #[cfg(test)]
                #[must_use]
                fn load(&self) {
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
                #[cfg(test)]
                #[cfg(debug_assertions)]
                ::core::compile_error! {
                    "this function is given a span twice: remove one of the two attributes"
                }
                #[cfg(not(test))]
                #[cfg(debug_assertions)]
                fn load(&self) {}
                #[cfg(not(test))]
                #[cfg(not(debug_assertions))]
                fn load(&self) {
                    static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::call_site(
                        "Shelf::load",
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
            }
        "#]],
    );
}

#[test]
fn arguments_that_async_trait_takes_apart_are_taken_apart_before_the_span_opens() {
    span(
        quote!(attrs(row)),
        quote!(
            fn load<'t>(&'t self, __arg1: (u64, String)) -> Pin<Box<dyn Future<Output = u64> + Send + 't>> {
                Box::pin(async move {
                    let __self = self;
                    let (row, text) = {
                        let __arg1 = __arg1;
                        __arg1
                    };
                    let __ret: u64 = { row + text.len() };
                    __ret
                })
            }
        ),
        &expect![[r#"
            fn load<'t>(
                &'t self,
                __arg1: (u64, String),
            ) -> Pin<Box<dyn Future<Output = u64> + Send + 't>> {
                Box::pin(async move {
                    let (row, text) = {
                        let __arg1 = __arg1;
                        __arg1
                    };
                    static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::CallSite::new(::telemetry_core::__private::Site {
                        name: "load",
                        keys: &["row"],
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
                            &row,
                        );
                    }
                    ::telemetry_core::__private::Traced {
                        span: __telemetry_span,
                        outcome: ::telemetry_core::__private::Ignored,
                        future: async move {
                            if false {
                                return ::telemetry_core::__private::returned::<u64>();
                            }
                            _ = &text;
                            _ = &row;
                            {
                                let __self = self;
                                let __ret: u64 = { row + text.len() };
                                __ret
                            }
                        },
                    }
                        .await
                })
            }
        "#]],
    );
}
