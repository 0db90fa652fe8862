//! A step as tokens.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;

use super::closure::closure;
use super::model::{Covered, Step};
use crate::site::expand::{Opened, declare, located, open, records};

/// An expression: a guard, a future, or a closure.
pub(super) fn step(step: &Step) -> TokenStream {
    match &step.covered {
        Covered::Scope => guard(step),
        Covered::Future(future) => task(step, future),
        Covered::Calls(calls) => closure(step, calls),
    }
}

/// ```text
/// // Expands to:
/// {
///     static __TELEMETRY_SITE: CallSite = call_site("render", …);
///     let mut __telemetry_span = open(&__TELEMETRY_SITE);
///     if SpanGuard::is_recording(&__telemetry_span) { … }
///     __telemetry_span
/// }
/// ```
fn guard(step: &Step) -> TokenStream {
    let span = Ident::new("__telemetry_span", Span::mixed_site());
    let site = declare(&step.private, &step.site);
    let open = open(&step.private, Opened::Guard, false);
    match records(&step.private, &span, Opened::Guard, &step.site) {
        None => quote_spanned!(Span::mixed_site()=> { #site #open }),
        Some(records) => quote_spanned! {Span::mixed_site()=>
            {
                #site
                let mut #span = #open;
                #records
                #span
            }
        },
    }
}

/// The span is opened where the step stands, so that its parent is the span around it, wherever the future goes.
///
/// ```text
/// // Expands to:
/// {
///     static __TELEMETRY_SITE: CallSite = call_site("fetch", …);
///     let mut __telemetry_span = open_step(&__TELEMETRY_SITE);
///     if TaskSpan::is_recording(&__telemetry_span) { … }
///     step(__telemetry_span, client.get(url), |span, returned| {
///         record(span, &Probe::of(returned).__telemetry_probe(), returned);
///     })
/// }
/// ```
fn task(step: &Step, future: &Expr) -> TokenStream {
    let private = &step.private;
    let span = Ident::new("__telemetry_span", Span::mixed_site());
    let site = declare(private, &step.site);
    let open = open(private, Opened::Step, false);
    let records = records(private, &span, Opened::Step, &step.site);
    let mutable = records.as_ref().map(|_| quote_spanned!(Span::mixed_site()=> mut));
    // Located at the future, to which the compiler points when it is none.
    let future = quote!(#future);
    let place = future.clone().into_iter().next().map_or_else(Span::mixed_site, |token| token.span());
    let path = located(private, place);
    let polled = timed(step, &span);
    let wrapped = quote_spanned! {Span::mixed_site().located_at(place)=>
        #path::step(#polled, #future, |span, returned| {
            #path::record(span, &#path::Probe::of(returned).__telemetry_probe(), returned);
        })
    };
    quote_spanned! {Span::mixed_site()=>
        {
            #site
            let #mutable #span = #open;
            #records
            #wrapped
        }
    }
}

/// The span of a future, whose polls are counted and timed where that is asked for.
pub(super) fn timed(step: &Step, span: &Ident) -> TokenStream {
    let private = &step.private;
    if step.site.timing.is_some() {
        quote_spanned!(Span::mixed_site()=> #private::TimedSpan::new(#span))
    } else {
        span.to_token_stream()
    }
}
