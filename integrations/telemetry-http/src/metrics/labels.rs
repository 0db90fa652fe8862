//! The label sets that requests can be counted and measured by.

use telemetry_core::metric::LabelSet;

macro_rules! label_sets {
    ($($(#[$doc:meta])* $set:ident[$count:literal] = $names:expr;)*) => {$(
        $(#[$doc])*
        pub(super) struct $set;

        impl LabelSet for $set {
            type Values<'a> = [&'a str; $count];
            type Texts<'v> = [&'v str; $count];
            const NAMES: &'static [&'static str] = &$names;
            const VALUES: &'static [&'static [&'static str]] = &[&[] as &[&str]; $count];
            const ENUMERATED: bool = false;

            fn index(_: &[&str; $count]) -> usize {
                0
            }

            fn texts<'v>(values: &'v [&str; $count]) -> [&'v str; $count] {
                *values
            }
        }
    )*};
}

label_sets! {
    /// Of the counter.
    MethodStatus[2] = ["method", "status"];
    /// Of the histogram: the method,
    Method[1] = ["method"];
    /// with the route,
    MethodRoute[2] = ["method", "route"];
    /// with the class of the status,
    MethodClass[2] = ["method", "status_class"];
    /// with both.
    MethodRouteClass[3] = ["method", "route", "status_class"];
    /// Of the stable histogram.
    StableDuration[3] = ["http_request_method", "http_route", "http_response_status_code"];
    /// Of the stable gauge.
    StableActive[1] = ["http_request_method"];
}
