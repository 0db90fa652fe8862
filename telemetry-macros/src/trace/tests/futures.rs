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
                let mut __telemetry_span = {
                    static SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::CallSite::new(::telemetry_core::__private::Site {
                        name: "load",
                        kind: ::telemetry_core::__private::SpanKind::Internal,
                        keys: &["id"],
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
                    ::telemetry_core::__private::TaskSpan::attribute(&mut __telemetry_span, 0, &id);
                }
                let __telemetry_result = ::telemetry_core::__private::TaskSpan::drive(
                        &mut __telemetry_span,
                        async move {
                            if let ::core::option::Option::Some(__telemetry_return) = ::core::option::Option::None::<
                                Result<Book, Error>,
                            > {
                                return __telemetry_return;
                            }
                            _ = &permit;
                            { self.find(id, permit).await }
                        },
                    )
                    .await;
                ::telemetry_core::__private::record_outcome!(__telemetry_span, __telemetry_result);
                __telemetry_result
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
                let mut __telemetry_span = {
                    static SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::CallSite::new(::telemetry_core::__private::Site {
                        name: "tidy",
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
                    ::telemetry_core::__private::open_task(&SITE)
                };
                let __telemetry_result = ::telemetry_core::__private::TaskSpan::drive(
                        &mut __telemetry_span,
                        async move {
                            if let ::core::option::Option::Some(__telemetry_return) = ::core::option::Option::None::<
                                (),
                            > {
                                return __telemetry_return;
                            }
                            {
                                sweep().await;
                            }
                        },
                    )
                    .await;
                __telemetry_result
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
                    let mut __telemetry_span = {
                        static SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::CallSite::new(::telemetry_core::__private::Site {
                            name: "load",
                            kind: ::telemetry_core::__private::SpanKind::Internal,
                            keys: &["id"],
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
                        ::telemetry_core::__private::TaskSpan::attribute(
                            &mut __telemetry_span,
                            0,
                            &id,
                        );
                    }
                    let __telemetry_result = ::telemetry_core::__private::TaskSpan::drive(
                            &mut __telemetry_span,
                            async move {
                                if let ::core::option::Option::Some(__telemetry_return) = ::core::option::Option::None::<
                                    Result<Book, Error>,
                                > {
                                    return __telemetry_return;
                                }
                                { find(id).await }
                            },
                        )
                        .await;
                    ::telemetry_core::__private::record_outcome!(
                        __telemetry_span, __telemetry_result
                    );
                    __telemetry_result
                })
            }
        "#]],
    );
}
