//! A step as tokens.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Expr;

use super::model::Step;
use crate::site::expand::{Opened, open, records};

/// An expression: a guard, or a future.
pub(super) fn step(step: &Step) -> TokenStream {
    match &step.future {
        None => guard(step),
        Some(future) => task(step, future),
    }
}

/// ```text
/// // Expands to:
/// {
///     let mut __telemetry_span = open(&SITE);
///     if SpanGuard::is_recording(&__telemetry_span) { … }
///     __telemetry_span
/// }
/// ```
fn guard(step: &Step) -> TokenStream {
    let span = Ident::new("__telemetry_span", Span::mixed_site());
    let open = open(&step.private, &step.site, Opened::Guard, false);
    match records(&step.private, &span, Opened::Guard, &step.site) {
        None => open,
        Some(records) => quote_spanned! {Span::mixed_site()=>
            {
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
///     let mut __telemetry_span = open_task(&SITE);
///     if TaskSpan::is_recording(&__telemetry_span) { … }
///     let __telemetry_future = future;
///     async move {
///         let __telemetry_result = TaskSpan::drive(&mut __telemetry_span, async move { __telemetry_future.await }).await;
///         record_outcome!(__telemetry_span, __telemetry_result);
///         __telemetry_result
///     }
/// }
/// ```
fn task(step: &Step, future: &Expr) -> TokenStream {
    let private = &step.private;
    let span = Ident::new("__telemetry_span", Span::mixed_site());
    let open = open(private, &step.site, Opened::Task, false);
    let records = records(private, &span, Opened::Task, &step.site);
    // Located at the future, to which the compiler points when it is none.
    let future = quote!(#future);
    let place = future.clone().into_iter().next().map_or_else(Span::mixed_site, |token| token.span());
    let awaited = quote_spanned!(Span::mixed_site().located_at(place)=> __telemetry_future.await);
    quote_spanned! {Span::mixed_site()=>
        {
            let mut #span = #open;
            #records
            let __telemetry_future = #future;
            async move {
                let __telemetry_result = #private::TaskSpan::drive(&mut #span, async move { #awaited }).await;
                #private::record_outcome!(#span, __telemetry_result);
                __telemetry_result
            }
        }
    }
}
