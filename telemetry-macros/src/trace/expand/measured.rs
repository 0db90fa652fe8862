//! What `timing` and `metrics` add to a span as tokens.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use crate::site::expand::declare_as;
use crate::site::model::Name;
use crate::trace::model::Traced;

/// Whether the span of a future is more than a span.
pub(super) fn is_asked_for(traced: &Traced) -> bool {
    traced.site.timing.is_some() || traced.metrics
}

/// Declares the call site, and where its calls are counted.
///
/// ```text
/// // Expands to:
/// const __TELEMETRY_NAME: &str = NAME;
/// static __TELEMETRY_SITE: CallSite = call_site(__TELEMETRY_NAME, …);
/// static __TELEMETRY_CALLS: Calls = Calls::new(__TELEMETRY_NAME);
/// const _: () = {
///     #[distributed_slice(CALLS)]
///     static __TELEMETRY_DECLARED: &Calls = &__TELEMETRY_CALLS;
/// };
/// ```
pub(super) fn declared(traced: &Traced) -> TokenStream {
    let Traced { private, site, .. } = traced;
    let constant = quote_spanned!(Span::mixed_site()=> __TELEMETRY_NAME);
    let name = &site.name;
    let declared = declare_as(private, site, &Name::Literal(constant.clone()));
    quote_spanned! {Span::mixed_site()=>
        const #constant: &'static ::core::primitive::str = #name;
        #declared
        static __TELEMETRY_CALLS: #private::Calls = #private::Calls::new(#constant);
        const _: () = {
            #[#private::linkme::distributed_slice(#private::CALLS)]
            #[linkme(crate = #private::linkme)]
            static __TELEMETRY_DECLARED: &#private::Calls = &__TELEMETRY_CALLS;
        };
    }
}

/// The span of a scope, the call counted and timed where that is asked for: a statement.
///
/// ```text
/// // Expands to:
/// let mut __telemetry_span = Measured::scope(&__TELEMETRY_CALLS, __telemetry_span);
/// ```
pub(super) fn scope(traced: &Traced, mutable: Option<&TokenStream>) -> Option<TokenStream> {
    let private = &traced.private;
    traced.metrics.then(|| {
        quote_spanned! {Span::mixed_site()=>
            let #mutable __telemetry_span = #private::Measured::scope(&__TELEMETRY_CALLS, __telemetry_span);
        }
    })
}

/// The span of a future, whose polls are counted and timed, and whose call is, where that is asked for: an expression.
///
/// ```text
/// // Expands to:
/// Measured::future(&__TELEMETRY_CALLS, TimedSpan::new(__telemetry_span))
/// ```
pub(super) fn future(traced: &Traced, mut span: TokenStream) -> TokenStream {
    let private = &traced.private;
    if traced.site.timing.is_some() {
        span = quote_spanned!(Span::mixed_site()=> #private::TimedSpan::new(#span));
    }
    if traced.metrics {
        span = quote_spanned!(Span::mixed_site()=> #private::Measured::future(&__TELEMETRY_CALLS, #span));
    }
    span
}
