//! One expansion for each kind of block.

use expect_test::expect;
use quote::quote;

use super::trace;

#[test]
fn methods_of_an_impl_are_named_by_the_type() {
    trace(
        quote!(kind = client),
        quote!(
            impl<T> Store<T> {
                const LIMIT: usize = 3;

                const fn new(rows: T) -> Self {
                    Self { rows }
                }

                fn load(&self) {}

                #[trace(skip)]
                fn len(&self) -> usize {
                    Self::LIMIT
                }

                #[span(kind = internal)]
                fn save(&self) {}
            }
        ),
        &expect![[r#"
            impl<T> Store<T> {
                const LIMIT: usize = 3;
                const fn new(rows: T) -> Self {
                    Self { rows }
                }
                fn load(&self) {
                    static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::CallSite::new(::telemetry_core::__private::Site {
                        name: "Store::load",
                        kind: ::telemetry_core::__private::SpanKind::Client,
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
                fn len(&self) -> usize {
                    Self::LIMIT
                }
                fn save(&self) {
                    static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::call_site(
                        "save",
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
fn functions_of_a_module_are_named_by_their_path() {
    trace(
        quote!(),
        quote!(
            pub mod books {
                use super::Book;

                pub fn load() {}

                impl Book {
                    fn read(&self) {}
                }
            }
        ),
        &expect![[r#"
            pub mod books {
                use super::Book;
                pub fn load() {
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
                impl Book {
                    fn read(&self) {
                        static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::call_site(
                            "Book::read",
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
            }
        "#]],
    );
}

#[test]
fn a_mistake_in_a_block_leaves_its_functions_as_they_were() {
    trace(
        quote!(),
        quote!(
            impl Store {
                #[trace(naem = "x")]
                #[inline]
                fn load(&self) {}

                #[trace(skip)]
                fn len(&self) {}
            }
        ),
        &expect![[r#"
            ::core::compile_error! {
                "unknown argument `naem`: did you mean `name`? Accepted: `name`, `type`, `attrs`, `kind`, `level`, `root`, `parent`, `links`, `sample`, `err`, `ret`, `bind`, `timing`, `metrics`, `async`, `skip`, `crate`"
            }
            impl Store {
                #[inline]
                fn load(&self) {}
                fn len(&self) {}
            }
        "#]],
    );
}
