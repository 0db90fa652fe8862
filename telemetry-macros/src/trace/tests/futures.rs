//! One expansion for each way a future is run.

use expect_test::expect;
use quote::quote;

use super::span;

#[test]
fn an_async_function_runs_in_its_span() {
    span(
        quote!(attrs(id)),
        quote!(
            async fn load(&self, id: i64, permit: Permit) -> Result<Book, Error> {
                self.find(id, permit).await
            }
        ),
        &expect![[r#"
            async fn load(&self, id: i64, permit: Permit) -> Result<Book, Error> {
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
                let mut __telemetry_span = ::telemetry_core::__private::open_task(&__TELEMETRY_SITE);
                if ::telemetry_core::__private::TaskSpan::is_recording(&__telemetry_span) {
                    ::telemetry_core::__private::TaskSpan::attribute(&mut __telemetry_span, 0, &id);
                }
                ::telemetry_core::__private::Traced {
                    span: __telemetry_span,
                    outcome: ::telemetry_core::__private::Probe::<Result<Book, Error>>::NEW
                        .__telemetry_probe(),
                    future: async move {
                        if false {
                            return ::telemetry_core::__private::returned::<Result<Book, Error>>();
                        }
                        _ = &permit;
                        { self.find(id, permit).await }
                    },
                }
                    .await
            }
        "#]],
    );
}

#[test]
fn an_async_function_may_return_nothing() {
    span(
        quote!(),
        quote!(
            async fn tidy() {
                sweep().await;
            }
        ),
        &expect![[r#"
            async fn tidy() {
                static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::call_site(
                    "tidy",
                    &::telemetry_core::__private::Origin {
                        crate_name: ::core::env!("CARGO_PKG_NAME"),
                        crate_version: ::core::env!("CARGO_PKG_VERSION"),
                        module: ::core::module_path!(),
                        file: ::core::file!(),
                    },
                );
                ::telemetry_core::__private::Traced {
                    span: ::telemetry_core::__private::open_task(&__TELEMETRY_SITE),
                    outcome: ::telemetry_core::__private::Ignored,
                    future: async move {
                        if false {
                            return ::telemetry_core::__private::returned::<()>();
                        }
                        {
                            sweep().await;
                        }
                    },
                }
                    .await
            }
        "#]],
    );
}

#[test]
fn a_boxed_future_runs_in_its_span() {
    span(
        quote!(attrs(id)),
        quote!(
            fn load<'a>(id: &'a str) -> Pin<Box<dyn Future<Output = Result<Book, Error>> + Send + 'a>> {
                let id = id.trim();
                Box::pin(async move { find(id).await })
            }
        ),
        &expect![[r#"
            fn load<'a>(
                id: &'a str,
            ) -> Pin<Box<dyn Future<Output = Result<Book, Error>> + Send + 'a>> {
                let id = id.trim();
                Box::pin(async move {
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
                    ::telemetry_core::__private::Traced {
                        span: __telemetry_span,
                        outcome: ::telemetry_core::__private::Probe::<Result<Book, Error>>::NEW
                            .__telemetry_probe(),
                        future: async move {
                            if false {
                                return ::telemetry_core::__private::returned::<
                                    Result<Book, Error>,
                                >();
                            }
                            { find(id).await }
                        },
                    }
                        .await
                })
            }
        "#]],
    );
}
