//! Metrics with labels.

use super::*;

#[test]
fn a_counter_with_enumerated_labels_under_a_condition() {
    check(
        quote! {
            /// Requests answered.
            #[cfg(feature = "http")]
            pub static HTTP_REQUESTS: Counter = "http_requests_total" { method: Method, ok: bool };
        },
        &expect![[r#"
            /// Requests answered.
            #[cfg(feature = "http")]
            pub static HTTP_REQUESTS: ::telemetry_core::__private::metric::Counter<
                HttpRequestsLabels,
            > = ::telemetry_core::__private::metric::counter(::telemetry_core::__private::metric::Declared {
                name: "http_requests_total",
                help: "Requests answered.",
                unit: ::core::option::Option::None,
                crate_name: ::core::env!("CARGO_PKG_NAME"),
                crate_version: ::core::env!("CARGO_PKG_VERSION"),
            });
            #[cfg(feature = "http")]
            const _: () = {
                #[::telemetry_core::__private::linkme::distributed_slice(
                    ::telemetry_core::__private::metric::DECLARED
                )]
                #[linkme(crate = ::telemetry_core::__private::linkme)]
                static __TELEMETRY_DECLARED: &::telemetry_core::__private::metric::Core = HTTP_REQUESTS
                    .core();
            };
            #[cfg(feature = "http")]
            ///The labels of [`HTTP_REQUESTS`].
            pub struct HttpRequestsLabels {
                ///The label `method`.
                pub method: Method,
                ///The label `ok`.
                pub ok: bool,
            }
            #[cfg(feature = "http")]
            impl ::telemetry_core::__private::metric::LabelSet for HttpRequestsLabels {
                type Values<'a> = HttpRequestsLabels;
                type Texts<'v> = [&'v str; 2usize];
                const NAMES: &'static [&'static str] = &["method", "ok"];
                const VALUES: &'static [&'static [&'static str]] = &[
                    <Method as ::telemetry_core::__private::metric::Label>::VALUES,
                    <bool as ::telemetry_core::__private::metric::Label>::VALUES,
                ];
                const ENUMERATED: bool = true;
                #[inline(always)]
                fn index(__telemetry_values: &HttpRequestsLabels) -> usize {
                    ::telemetry_core::__private::metric::position(
                        <Method as ::telemetry_core::__private::metric::Label>::index(
                            &__telemetry_values.method,
                        ),
                        <Method as ::telemetry_core::__private::metric::Label>::VALUES,
                    ) * <bool as ::telemetry_core::__private::metric::Label>::VALUES.len()
                        + ::telemetry_core::__private::metric::position(
                            <bool as ::telemetry_core::__private::metric::Label>::index(
                                &__telemetry_values.ok,
                            ),
                            <bool as ::telemetry_core::__private::metric::Label>::VALUES,
                        )
                }
                #[inline(always)]
                fn texts<'v>(__telemetry_values: &'v HttpRequestsLabels) -> [&'v str; 2usize] {
                    [
                        ::telemetry_core::__private::metric::text(
                            <Method as ::telemetry_core::__private::metric::Label>::index(
                                &__telemetry_values.method,
                            ),
                            <Method as ::telemetry_core::__private::metric::Label>::VALUES,
                        ),
                        ::telemetry_core::__private::metric::text(
                            <bool as ::telemetry_core::__private::metric::Label>::index(
                                &__telemetry_values.ok,
                            ),
                            <bool as ::telemetry_core::__private::metric::Label>::VALUES,
                        ),
                    ]
                }
            }
            #[cfg(feature = "http")]
            impl ::core::convert::From<(Method, bool)> for HttpRequestsLabels {
                #[inline(always)]
                fn from((method, ok): (Method, bool)) -> Self {
                    Self { method, ok }
                }
            }
        "#]],
    );
}

#[test]
fn a_gauge_with_a_string_label_and_a_limit() {
    check(
        quote! {
            /// Connections open.
            pub static OPEN: Gauge = "open_connections" { r#type: str, state: State }, limit = 20;
        },
        &expect![[r#"
            /// Connections open.
            pub static OPEN: ::telemetry_core::__private::metric::Gauge<OpenLabels<'static>> = ::telemetry_core::__private::metric::gauge(::telemetry_core::__private::metric::Declared {
                name: "open_connections",
                help: "Connections open.",
                unit: ::core::option::Option::None,
                crate_name: ::core::env!("CARGO_PKG_NAME"),
                crate_version: ::core::env!("CARGO_PKG_VERSION"),
            });
            const _: () = {
                #[::telemetry_core::__private::linkme::distributed_slice(
                    ::telemetry_core::__private::metric::DECLARED
                )]
                #[linkme(crate = ::telemetry_core::__private::linkme)]
                static __TELEMETRY_DECLARED: &::telemetry_core::__private::metric::Core = OPEN
                    .core();
            };
            ///The labels of [`OPEN`].
            pub struct OpenLabels<'a> {
                ///The label `type`.
                pub r#type: &'a str,
                ///The label `state`.
                pub state: State,
            }
            impl ::telemetry_core::__private::metric::LabelSet for OpenLabels<'static> {
                type Values<'a> = OpenLabels<'a>;
                type Texts<'v> = [&'v str; 2usize];
                const NAMES: &'static [&'static str] = &["type", "state"];
                const VALUES: &'static [&'static [&'static str]] = &[
                    &[],
                    <State as ::telemetry_core::__private::metric::Label>::VALUES,
                ];
                const ENUMERATED: bool = false;
                const LIMIT: usize = 20usize;
                #[inline(always)]
                fn index(_: &OpenLabels<'_>) -> usize {
                    0
                }
                #[inline(always)]
                fn texts<'v>(__telemetry_values: &'v OpenLabels<'_>) -> [&'v str; 2usize] {
                    [
                        __telemetry_values.r#type,
                        ::telemetry_core::__private::metric::text(
                            <State as ::telemetry_core::__private::metric::Label>::index(
                                &__telemetry_values.state,
                            ),
                            <State as ::telemetry_core::__private::metric::Label>::VALUES,
                        ),
                    ]
                }
            }
            impl<
                'a,
                __TelemetryText0: ::core::convert::AsRef<str> + ?::core::marker::Sized,
            > ::core::convert::From<(&'a __TelemetryText0, State)> for OpenLabels<'a> {
                #[inline(always)]
                fn from((r#type, state): (&'a __TelemetryText0, State)) -> Self {
                    Self {
                        r#type: ::core::convert::AsRef::as_ref(r#type),
                        state,
                    }
                }
            }
        "#]],
    );
}
