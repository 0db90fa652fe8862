//! A step as tokens.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Expr;

use super::model::Step;
use crate::site::expand::{opened, records};

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
///     if __telemetry_span.is_recording() { … }
///     __telemetry_span
/// }
/// ```
fn guard(step: &Step) -> TokenStream {
    let span = Ident::new("__telemetry_span", Span::mixed_site());
    let opened = opened(&step.private, &step.site, "open");
    match records(&span, &step.site.recorded) {
        None => opened,
        Some(records) => quote_spanned! {Span::mixed_site()=>
            {
                let mut #span = #opened;
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
///     if __telemetry_span.is_recording() { … }
///     let __telemetry_future = future;
///     async move {
///         let __telemetry_result = __telemetry_span.run(__telemetry_future).await;
///         record_outcome!(__telemetry_span, __telemetry_result);
///         __telemetry_result
///     }
/// }
/// ```
fn task(step: &Step, future: &Expr) -> TokenStream {
    let private = &step.private;
    let span = Ident::new("__telemetry_span", Span::mixed_site());
    let opened = opened(private, &step.site, "open_task");
    let records = records(&span, &step.site.recorded);
    let future = quote!(#future);
    quote_spanned! {Span::mixed_site()=>
        {
            let mut #span = #opened;
            #records
            let __telemetry_future = ::core::future::IntoFuture::into_future(#future);
            async move {
                let __telemetry_result = #span.run(__telemetry_future).await;
                #private::record_outcome!(#span, __telemetry_result);
                __telemetry_result
            }
        }
    }
}
