//! Metrics to tokens. No rules here.

mod checks;
mod labels;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Attribute;

use super::model::{Base2, Buckets, Help, Kind, Metric, Name, Unit};
use super::parse::span_of;

// Expands to:
//   /// Books looked up.
//   pub static LOOKUPS: Counter<LookupsLabels> = counter(Declared { name: "…", help: "…", … });
//   const _: () = { #[distributed_slice(DECLARED)] static …: &Core = LOOKUPS.core(); };
//   pub struct LookupsLabels { pub outcome: Outcome }      and its impls
pub(super) fn metric(metric: &Metric) -> TokenStream {
    let Metric { krate, attrs, vis, ident, .. } = metric;
    let private = quote!(#krate::__private::metric);
    let is_base2 = matches!(metric.buckets, Buckets::Base2(_));
    let (ty, function) = match metric.kind {
        Kind::Counter => (quote!(Counter), quote!(counter)),
        Kind::Gauge => (quote!(Gauge), quote!(gauge)),
        Kind::Histogram if is_base2 => (quote!(Histogram), quote!(exponential)),
        Kind::Histogram => (quote!(Histogram), quote!(histogram)),
    };
    let family = labels::family(metric);
    let (name, help, unit) = (name(metric), help(metric), unit(metric, &private));
    let buckets = buckets(metric, &private);
    let labels = (!metric.labels.is_empty()).then(|| labels::labels(metric, &private));
    let registration = registration(metric, &private);
    let checks = checks::checks(metric, &private);
    // The whole call at the name, its path too, so that the place the registry reports is that of this declaration.
    let function = at(metric.name_span, quote!(#private::#function));
    let call = quote_spanned! {metric.name_span=>
        #function(
            #private::Declared {
                name: #name,
                help: #help,
                unit: #unit,
                crate_name: ::core::env!("CARGO_PKG_NAME"),
                crate_version: ::core::env!("CARGO_PKG_VERSION"),
            },
            #buckets
        )
    };
    let call = if checks.is_empty() { call } else { quote!({ #checks #call }) };
    quote! {
        #(#attrs)*
        #vis static #ident: #private::#ty #family = #call;
        #registration
        #labels
    }
}

fn name(metric: &Metric) -> TokenStream {
    match &metric.name {
        Name::Literal(name) => quote!(#name),
        Name::Constant(_) => quote!(__TELEMETRY_NAME),
    }
}

fn help(metric: &Metric) -> TokenStream {
    match &metric.help {
        Help::Text(help) => quote!(#help),
        Help::Computed(help) => quote!(::core::primitive::str::trim_ascii(#help)),
    }
}

fn unit(metric: &Metric, private: &TokenStream) -> TokenStream {
    match &metric.unit {
        Unit::None => quote!(::core::option::Option::None),
        Unit::Known(unit) => quote!(::core::option::Option::Some(#unit)),
        Unit::OfTheName => {
            let name = name(metric);
            quote!(#private::base_unit(#name))
        }
    }
}

// Expands to:
//   const _: () = {
//       #[distributed_slice(DECLARED)]
//       static __TELEMETRY_DECLARED: &Core = LOOKUPS.core();
//   };
fn registration(metric: &Metric, private: &TokenStream) -> TokenStream {
    let Metric { krate, ident, .. } = metric;
    let cfg = cfg(metric);
    quote! {
        #(#cfg)*
        const _: () = {
            #[#krate::__private::linkme::distributed_slice(#private::DECLARED)]
            #[linkme(crate = #krate::__private::linkme)]
            static __TELEMETRY_DECLARED: &#private::Core = #ident.core();
        };
    }
}

// Expands to:
//   DEFAULT_BUCKETS,                                        or
//   &[0.1f64, 0.5f64],                                      or
//   { const BUCKETS: &[f64] = &SIZES; const _: () = assert!(are_valid_buckets(BUCKETS), "…"); BUCKETS },     or
//   {
//       const _: () = assert!(Base2::is_valid(1e-6, 1e3, 3), "…");
//       const BASE2: Base2 = Base2::covering(1e-6, 1e3, 3);
//       (BASE2, &const { BASE2.bounds::<{ BASE2.bound_count() }>() })
//   },
fn buckets(metric: &Metric, private: &TokenStream) -> Option<TokenStream> {
    let tokens = match (&metric.buckets, metric.kind) {
        (_, Kind::Counter | Kind::Gauge) => return None,
        (Buckets::Default, _) => quote!(#private::DEFAULT_BUCKETS),
        (Buckets::Checked(bounds), _) => quote!(&[#(#bounds),*]),
        (Buckets::Unchecked(expr), _) => {
            let message = format!("the buckets of `{}` must be finite and strictly increasing", metric.ident);
            let check = quote_spanned! {span_of(expr)=>
                const _: () = ::core::assert!(#private::are_valid_buckets(__TELEMETRY_BUCKETS), #message);
            };
            quote! {{
                const __TELEMETRY_BUCKETS: &[::core::primitive::f64] = &#expr;
                #check
                __TELEMETRY_BUCKETS
            }}
        }
        (Buckets::Base2(shape), _) => base2(shape, private, &metric.ident),
    };
    Some(quote!(#tokens,))
}

fn base2(shape: &Base2, private: &TokenStream, ident: &Ident) -> TokenStream {
    let Base2 { from, to, scale } = shape;
    let message = format!(
        "the range of `{ident}` must be positive and increase, and have at most 1,024 buckets: \
         2^scale for each power of two in it"
    );
    let check = quote_spanned! {span_of(from)=>
        const _: () = ::core::assert!(#private::Base2::is_valid(#from, #to, #scale), #message);
    };
    quote! {{
        #check
        const __TELEMETRY_BASE2: #private::Base2 = #private::Base2::covering(#from, #to, #scale);
        const __TELEMETRY_BUCKETS: [::core::primitive::f64; __TELEMETRY_BASE2.bound_count()] = __TELEMETRY_BASE2.bounds();
        (__TELEMETRY_BASE2, &__TELEMETRY_BUCKETS)
    }}
}

/// The conditions under which the metric is compiled: all that goes with it stands under them too.
fn cfg(metric: &Metric) -> Vec<&Attribute> {
    metric.attrs.iter().filter(|attr| attr.path().is_ident("cfg")).collect()
}

/// The tokens with another span.
fn at(span: Span, tokens: TokenStream) -> TokenStream {
    let respanned = tokens.into_iter().map(|mut token| {
        token.set_span(span);
        token
    });
    respanned.collect()
}
