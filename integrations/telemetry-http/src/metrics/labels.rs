//! The label sets that requests are counted and measured by.

use telemetry_core::metric::LabelSet;

macro_rules! label_sets {
    ($($(#[$doc:meta])* $set:ident[$count:literal] = $names:expr, $limit:literal series;)*) => {$(
        $(#[$doc])*
        pub(super) struct $set;

        impl LabelSet for $set {
            type Values<'a> = [&'a str; $count];
            type Texts<'v> = [&'v str; $count];
            const NAMES: &'static [&'static str] = &$names;
            const VALUES: &'static [&'static [&'static str]] = &[&[] as &[&str]; $count];
            const ENUMERATED: bool = false;
            const LIMIT: usize = $limit;

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
    /// Of the histogram. A router has few routes, and each is answered with few statuses.
    MethodRouteStatus[3] = ["method", "route", "status"], 4_000 series;
    /// Of the gauge. There are ten.
    Method[1] = ["method"], 10 series;
}
