//! A step over a closure: each call of it is a span.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, ExprClosure, ReturnType};

use super::expand::timed;
use super::model::Step;
use crate::site::expand::{Opened, declare, located, open, records};
use crate::tail::{self, AsyncBlock};

/// The closure with its body under a span.
pub(super) fn closure(step: &Step, closure: &ExprClosure) -> TokenStream {
    let mut wrapped = closure.clone();
    if closure.asyncness.is_some() {
        let body = &closure.body;
        let body = awaited(step, &quote!(async), &quote!({ #body }), &closure.output);
        *wrapped.body = Expr::Verbatim(quote_spanned!(Span::mixed_site()=> { #body }));
    } else if let Some(place) = tail::of(&mut wrapped.body)
        && let Some(AsyncBlock { opening, block }) = AsyncBlock::of(place)
    {
        let body = awaited(step, &opening, &block.to_token_stream(), &ReturnType::Default);
        *place = Expr::Verbatim(quote_spanned!(Span::mixed_site()=> #opening { #body }));
    } else {
        let body = called(step, closure);
        *wrapped.body = Expr::Verbatim(quote_spanned!(Span::mixed_site()=> { #body }));
    }
    wrapped.into_token_stream()
}

/// ```text
/// // Expands to, in the closure:
/// static __TELEMETRY_SITE: CallSite = call_site("parse", …);
/// let mut __telemetry_span = open(&__TELEMETRY_SITE);
/// let __telemetry_result = call(&mut __telemetry_span, &Ignored, || body);
/// record(&mut __telemetry_span, &Probe::of(&__telemetry_result).__telemetry_probe(), &__telemetry_result);
/// __telemetry_result
/// ```
fn called(step: &Step, closure: &ExprClosure) -> TokenStream {
    let private = &step.private;
    let span = span();
    let site = declare(private, &step.site);
    let open = open(private, Opened::Guard, false);
    let records = records(private, &span, Opened::Guard, &step.site);
    let ExprClosure { output, body, .. } = closure;
    // Located at the body, to which the compiler points when it cannot tell what the closure returns.
    let place = body.to_token_stream().into_iter().next().map_or_else(Span::mixed_site, |token| token.span());
    let place = Span::mixed_site().located_at(place);
    let path = located(private, place);
    let record = quote_spanned! {place=>
        #path::record(
            &mut #span,
            &#path::Probe::of(&__telemetry_result).__telemetry_probe(),
            &__telemetry_result,
        );
    };
    quote_spanned! {Span::mixed_site()=>
        #site
        let mut #span = #open;
        #records
        let __telemetry_result = #private::call(&mut #span, &#private::Ignored, || #output #body);
        #record
        __telemetry_result
    }
}

/// ```text
/// // Expands to, in the future:
/// static __TELEMETRY_SITE: CallSite = call_site("fetch", …);
/// let __telemetry_span = open_task(&__TELEMETRY_SITE);
/// let __telemetry_future = async { body };
/// Traced {
///     span: __telemetry_span,
///     outcome: Probe::of_output(&__telemetry_future).__telemetry_probe(),
///     future: __telemetry_future,
/// }
/// .await
/// ```
fn awaited(step: &Step, opening: &TokenStream, body: &TokenStream, output: &ReturnType) -> TokenStream {
    let private = &step.private;
    let span = span();
    let site = declare(private, &step.site);
    let open = open(private, Opened::Task, false);
    let records = records(private, &span, Opened::Task, &step.site);
    let mutable = records.as_ref().map(|_| quote_spanned!(Span::mixed_site()=> mut));
    let future = match output {
        ReturnType::Default => body.clone(),
        // Tells the compiler the type, as the closure's signature does.
        ReturnType::Type(_, output) => quote_spanned! {Span::mixed_site()=>
            {
                if false {
                    return #private::returned::<#output>();
                }
                #body
            }
        },
    };
    let timed = timed(step, &span);
    quote_spanned! {Span::mixed_site()=>
        #site
        let #mutable #span = #open;
        #records
        let __telemetry_future = #opening #future;
        #private::Traced {
            span: #timed,
            outcome: #private::Probe::of_output(&__telemetry_future).__telemetry_probe(),
            future: __telemetry_future,
        }
        .await
    }
}

fn span() -> Ident {
    Ident::new("__telemetry_span", Span::mixed_site())
}
