//! The rules for what is known to the compiler alone: constants that belong to no function, so that they are checked
//! wherever the metric stands, by `cargo check` too.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use crate::metric::model::{Help, Kind, Metric, Name, Unit};
use crate::metric::parse::span_of;

// Expands to:
//   const __TELEMETRY_NAME: &str = NAME;
//   const _: () = {
//       assert!(is_metric_name(__TELEMETRY_NAME), "…");
//       …
//   };
pub(super) fn checks(metric: &Metric, private: &TokenStream) -> TokenStream {
    let name = name_check(metric, private);
    let help = help_check(metric, private);
    quote! { #name #help }
}

fn name_check(metric: &Metric, private: &TokenStream) -> Option<TokenStream> {
    let Name::Constant(name) = &metric.name else { return None };
    let span = span_of(name);
    let suffix = match metric.kind {
        Kind::Counter => Some((quote!(), "the name of a counter ends in `_total`")),
        Kind::Gauge => Some((quote!(!), "`_total` is for counters, and this is a gauge")),
        Kind::Histogram => None,
    };
    let suffix = suffix.map(|(not, message)| {
        quote_spanned! {span=> ::core::assert!(#not #private::ends_in_total(__TELEMETRY_NAME), #message); }
    });
    let unit = match &metric.unit {
        Unit::Known(unit) => {
            let message =
                format!("the unit is the end of the name: it does not end in `_{unit}` (before `_total`)");
            Some(quote_spanned! {span=>
                ::core::assert!(#private::ends_in_unit(__TELEMETRY_NAME, #unit), #message);
            })
        }
        Unit::None | Unit::OfTheName => None,
    };
    Some(quote_spanned! {span=>
        const __TELEMETRY_NAME: &::core::primitive::str = #name;
        const _: () = {
            ::core::assert!(
                #private::is_metric_name(__TELEMETRY_NAME),
                "the metric's name is invalid: letters, digits, `_` and `:` are accepted, and no digit first"
            );
            ::core::assert!(
                !#private::is_own_name(__TELEMETRY_NAME),
                "the metric's name is reserved: names beginning with `telemetry_` are the framework's own"
            );
            #suffix
            #unit
        };
    })
}

fn help_check(metric: &Metric, private: &TokenStream) -> Option<TokenStream> {
    let Help::Computed(help) = &metric.help else { return None };
    let message = format!("metric `{}` has no HELP: its documentation is empty", metric.ident);
    Some(quote_spanned! {span_of(help)=>
        const _: () = ::core::assert!(#private::says_something(#help), #message);
    })
}
