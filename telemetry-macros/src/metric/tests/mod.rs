//! What `metric!` expands to, and what it says about mistakes.
#![allow(clippy::needless_raw_string_hashes, reason = "as expect-test writes them")]

mod labels;

use expect_test::{Expect, expect};
use quote::quote;

fn check(input: proc_macro2::TokenStream, expected: &Expect) {
    let file = syn::parse2(super::metric(input)).expect("the expansion parses");
    expected.assert_eq(&prettyplease::unparse(&file));
}

#[test]
fn a_counter_without_labels() {
    check(
        quote! {
            /// Jobs done.
            ///
            /// Not part of HELP.
            pub static JOBS: Counter = "jobs_total";
        },
        &expect![[r#"
            /// Jobs done.
            ///
            /// Not part of HELP.
            pub static JOBS: ::telemetry_core::__private::metric::Counter = ::telemetry_core::__private::metric::counter(::telemetry_core::__private::metric::Declared {
                name: "jobs_total",
                help: "Jobs done.",
                unit: ::core::option::Option::None,
                crate_name: ::core::env!("CARGO_PKG_NAME"),
                crate_version: ::core::env!("CARGO_PKG_VERSION"),
            });
            const _: () = {
                #[::telemetry_core::__private::linkme::distributed_slice(
                    ::telemetry_core::__private::metric::DECLARED
                )]
                #[linkme(crate = ::telemetry_core::__private::linkme)]
                static __TELEMETRY_DECLARED: &::telemetry_core::__private::metric::Core = JOBS
                    .core();
            };
        "#]],
    );
}

#[test]
fn a_histogram_with_a_unit_and_literal_buckets() {
    check(
        quote! {
            /// Bytes sent.
            static SENT: Histogram = "sent_bytes", unit = "bytes", buckets = [1, 10, 1e3];
        },
        &expect![[r#"
            /// Bytes sent.
            static SENT: ::telemetry_core::__private::metric::Histogram = ::telemetry_core::__private::metric::histogram(
                ::telemetry_core::__private::metric::Declared {
                    name: "sent_bytes",
                    help: "Bytes sent.",
                    unit: ::core::option::Option::Some("bytes"),
                    crate_name: ::core::env!("CARGO_PKG_NAME"),
                    crate_version: ::core::env!("CARGO_PKG_VERSION"),
                },
                &[1f64, 10f64, 1000f64],
            );
            const _: () = {
                #[::telemetry_core::__private::linkme::distributed_slice(
                    ::telemetry_core::__private::metric::DECLARED
                )]
                #[linkme(crate = ::telemetry_core::__private::linkme)]
                static __TELEMETRY_DECLARED: &::telemetry_core::__private::metric::Core = SENT
                    .core();
            };
        "#]],
    );
}

#[test]
fn a_histogram_with_constant_buckets_under_another_crate_name() {
    check(
        quote! {
            crate = ::bookstore::telemetry;
            /// Time taken.
            pub(crate) static TIME: Histogram = "time_seconds", buckets = FINE;
        },
        &expect![[r#"
            /// Time taken.
            pub(crate) static TIME: ::bookstore::telemetry::__private::metric::Histogram = ::bookstore::telemetry::__private::metric::histogram(
                ::bookstore::telemetry::__private::metric::Declared {
                    name: "time_seconds",
                    help: "Time taken.",
                    unit: ::core::option::Option::Some("seconds"),
                    crate_name: ::core::env!("CARGO_PKG_NAME"),
                    crate_version: ::core::env!("CARGO_PKG_VERSION"),
                },
                {
                    const __TELEMETRY_BUCKETS: &[::core::primitive::f64] = &FINE;
                    const _: () = ::core::assert!(
                        ::bookstore::telemetry::__private::metric::are_valid_buckets(__TELEMETRY_BUCKETS),
                        "the buckets of `TIME` must be finite and strictly increasing"
                    );
                    __TELEMETRY_BUCKETS
                },
            );
            const _: () = {
                #[::bookstore::telemetry::__private::linkme::distributed_slice(
                    ::bookstore::telemetry::__private::metric::DECLARED
                )]
                #[linkme(crate = ::bookstore::telemetry::__private::linkme)]
                static __TELEMETRY_DECLARED: &::bookstore::telemetry::__private::metric::Core = TIME
                    .core();
            };
        "#]],
    );
}

#[test]
fn every_mistake_is_reported_and_the_static_stands() {
    check(
        quote! {
            static WRONG: Gauge = "9-wrong_total" { le: str, a: String, a: str }, unit = "seconds", buckets = [1.0], limit = 0, colour = "red";
        },
        &expect![[r#"
            ::core::compile_error! {
                "metric `WRONG` has no HELP: add a doc comment (`/// …`) that says what it measures"
            }
            ::core::compile_error! {
                "metric name `9-wrong_total` is invalid: letters, digits, `_` and `:` are accepted, and no digit first"
            }
            ::core::compile_error! {
                "label `le` is reserved: `le`, `quantile`, `otel_metric_overflow` and names in `__` belong to the exposition"
            }
            ::core::compile_error! {
                "a string label is declared as `str` and borrows its text"
            }
            ::core::compile_error! {
                "label `a` is declared twice"
            }
            ::core::compile_error! {
                "unknown key `colour`: expected `unit`, `buckets` or `limit`"
            }
            ::core::compile_error! {
                "the unit is the end of the name: call the metric `9-wrong_seconds`, or leave the unit out"
            }
            ::core::compile_error! {
                "`buckets` is for histograms"
            }
            ::core::compile_error! {
                "the limit of series is a whole number from 1 to 100000"
            }
            static WRONG: ::telemetry_core::__private::metric::Gauge<WrongLabels<'static>> = ::telemetry_core::__private::metric::gauge(::telemetry_core::__private::metric::Declared {
                name: "9-wrong_total",
                help: "",
                unit: ::core::option::Option::Some("seconds"),
                crate_name: ::core::env!("CARGO_PKG_NAME"),
                crate_version: ::core::env!("CARGO_PKG_VERSION"),
            });
            const _: () = {
                #[::telemetry_core::__private::linkme::distributed_slice(
                    ::telemetry_core::__private::metric::DECLARED
                )]
                #[linkme(crate = ::telemetry_core::__private::linkme)]
                static __TELEMETRY_DECLARED: &::telemetry_core::__private::metric::Core = WRONG
                    .core();
            };
            ///The labels of [`WRONG`].
            struct WrongLabels<'a> {
                ///The label `le`.
                le: &'a str,
                ///The label `a`.
                a: &'a str,
            }
            impl ::telemetry_core::__private::metric::LabelSet for WrongLabels<'static> {
                type Values<'a> = WrongLabels<'a>;
                type Texts<'v> = [&'v str; 2usize];
                const NAMES: &'static [&'static str] = &["le", "a"];
                const VALUES: &'static [&'static [&'static str]] = &[&[], &[]];
                const ENUMERATED: bool = false;
                #[inline(always)]
                fn index(_: &WrongLabels<'_>) -> usize {
                    0
                }
                #[inline(always)]
                fn texts<'v>(__telemetry_values: &'v WrongLabels<'_>) -> [&'v str; 2usize] {
                    [__telemetry_values.le, __telemetry_values.a]
                }
            }
            impl<
                'a,
                __TelemetryText0: ::core::convert::AsRef<str> + ?::core::marker::Sized,
                __TelemetryText1: ::core::convert::AsRef<str> + ?::core::marker::Sized,
            > ::core::convert::From<(&'a __TelemetryText0, &'a __TelemetryText1)>
            for WrongLabels<'a> {
                #[inline(always)]
                fn from((le, a): (&'a __TelemetryText0, &'a __TelemetryText1)) -> Self {
                    Self {
                        le: ::core::convert::AsRef::as_ref(le),
                        a: ::core::convert::AsRef::as_ref(a),
                    }
                }
            }
        "#]],
    );
}

#[test]
fn a_gauge_with_a_constant_name_and_computed_help() {
    check(
        quote! {
            #[doc = include_str!("help.md")]
            static DEPTH: Gauge = NAME;
        },
        &expect![[r##"
            #[doc = include_str!("help.md")]
            static DEPTH: ::telemetry_core::__private::metric::Gauge = {
                const __TELEMETRY_NAME: &::core::primitive::str = NAME;
                const _: () = {
                    ::core::assert!(
                        ::telemetry_core::__private::metric::is_metric_name(__TELEMETRY_NAME),
                        "the metric's name is invalid: letters, digits, `_` and `:` are accepted, and no digit first"
                    );
                    ::core::assert!(
                        ! ::telemetry_core::__private::metric::is_own_name(__TELEMETRY_NAME),
                        "the metric's name is reserved: names beginning with `telemetry_` are the framework's own"
                    );
                    ::core::assert!(
                        ! ::telemetry_core::__private::metric::ends_in_total(__TELEMETRY_NAME),
                        "`_total` is for counters, and this is a gauge"
                    );
                };
                const _: () = ::core::assert!(
                    ::telemetry_core::__private::metric::says_something(include_str!("help.md")),
                    "metric `DEPTH` has no HELP: its documentation is empty"
                );
                ::telemetry_core::__private::metric::gauge(::telemetry_core::__private::metric::Declared {
                    name: __TELEMETRY_NAME,
                    help: ::core::primitive::str::trim_ascii(include_str!("help.md")),
                    unit: ::telemetry_core::__private::metric::base_unit(__TELEMETRY_NAME),
                    crate_name: ::core::env!("CARGO_PKG_NAME"),
                    crate_version: ::core::env!("CARGO_PKG_VERSION"),
                })
            };
            const _: () = {
                #[::telemetry_core::__private::linkme::distributed_slice(
                    ::telemetry_core::__private::metric::DECLARED
                )]
                #[linkme(crate = ::telemetry_core::__private::linkme)]
                static __TELEMETRY_DECLARED: &::telemetry_core::__private::metric::Core = DEPTH
                    .core();
            };
        "##]],
    );
}
