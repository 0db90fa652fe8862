//! A traced function as tokens.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;
use syn::spanned::Spanned;

use super::body::{TailFuture, tail_future_mut};
use super::function::Function;
use super::model::{Outcome, Owned, Shape, Traced};
use crate::site::expand::{Opened, open, records};
use crate::site::model::Declared;

/// The function, its signature as written and its body under a span.
pub(super) fn traced(traced: &Traced) -> TokenStream {
    let Function { attributes, visibility, signature, inner_attributes, body } = &traced.function;
    let statements = match &traced.shape {
        Shape::Guarded => guarded(traced, &body.to_token_stream()),
        Shape::Called { output, owned } => called(traced, output, owned),
        Shape::Watched { output } => watched(traced, output),
        Shape::Async { output, owned } => {
            let polled = polled(
                &traced.function,
                &quote_spanned!(Span::mixed_site()=> async move),
                output,
                owned,
                &body.to_token_stream(),
            );
            awaited(traced, &polled)
        }
        Shape::TailFuture { output, tail } => tail_future(traced, output, tail),
    };
    quote! {
        #(#attributes)*
        #visibility #signature {
            #(#inner_attributes)*
            #statements
        }
    }
}

/// ```text
/// // Expands to:
/// let __telemetry_span = open(&SITE);
/// { body }
/// ```
fn guarded(traced: &Traced, body: &TokenStream) -> TokenStream {
    let open = opening(traced, Opened::Guard);
    quote_spanned! {Span::mixed_site()=>
        #open
        #body
    }
}

/// ```text
/// // Expands to:
/// let mut __telemetry_span = open(&SITE);
/// let __telemetry_result = call_once(move || -> Result<Book, Error> {
///     _ = &owned;
///     { body }
/// });
/// record_outcome!(__telemetry_span, __telemetry_result);
/// __telemetry_result
/// ```
fn called(traced: &Traced, output: &TokenStream, owned: &[Owned]) -> TokenStream {
    let private = &traced.private;
    let body = &traced.function.body;
    let block = if owned.is_empty() {
        body.to_token_stream()
    } else {
        let owned = captures(owned);
        quote_spanned!(Span::mixed_site()=> { #owned #body })
    };
    let call = quote_spanned!(Span::mixed_site()=> #private::call_once(move || -> #output #block));
    match record(traced) {
        None => guarded(traced, &call),
        Some(record) => {
            let open = opening(traced, Opened::Guard);
            quote_spanned! {Span::mixed_site()=>
                #open
                let __telemetry_result = #call;
                #record
                __telemetry_result
            }
        }
    }
}

/// ```text
/// // Expands to:
/// let mut __telemetry_span = open(&SITE);
/// let __telemetry_result: Result<Book, Error> = { body };
/// record_outcome!(__telemetry_span, __telemetry_result);
/// __telemetry_result
/// ```
fn watched(traced: &Traced, output: &TokenStream) -> TokenStream {
    let open = opening(traced, Opened::Guard);
    let body = &traced.function.body;
    let record = record(traced);
    quote_spanned! {Span::mixed_site()=>
        #open
        let __telemetry_result: #output = #body;
        #[allow(unreachable_code)]
        { #record }
        #[allow(unreachable_code)]
        __telemetry_result
    }
}

/// ```text
/// // Expands to:
/// let mut __telemetry_span = open_task(&SITE);
/// let __telemetry_result = TaskSpan::drive(&mut __telemetry_span, async move { … }).await;
/// record_outcome!(__telemetry_span, __telemetry_result);
/// __telemetry_result
/// ```
fn awaited(traced: &Traced, future: &TokenStream) -> TokenStream {
    let private = &traced.private;
    let open = opening(traced, Opened::Task);
    let record = record(traced);
    quote_spanned! {Span::mixed_site()=>
        #open
        let __telemetry_result = #private::TaskSpan::drive(&mut __telemetry_span, #future).await;
        #record
        __telemetry_result
    }
}

/// The body as a future. A return that never happens tells the compiler what the body is to return, as the signature
/// of a function would.
///
/// ```text
/// // Expands to:
/// async move {
///     if let Some(__telemetry_return) = None::<Result<Book, Error>> {
///         return __telemetry_return;
///     }
///     _ = &owned;
///     { body }
/// }
/// ```
fn polled(
    function: &Function,
    opening: &TokenStream,
    output: &TokenStream,
    owned: &[Owned],
    body: &TokenStream,
) -> TokenStream {
    let place = function.output().map_or_else(|| function.signature.ident.span(), Spanned::span);
    let output = match output.to_string().as_str() {
        "_" | "!" => None,
        // Located at the type, to which the compiler points when the body does not fit.
        _ => Some(quote_spanned! {Span::mixed_site().located_at(place)=>
            if let ::core::option::Option::Some(__telemetry_return) = ::core::option::Option::None::<#output> {
                return __telemetry_return;
            }
        }),
    };
    let owned = captures(owned);
    quote_spanned! {Span::mixed_site()=>
        #opening {
            #output
            #owned
            #body
        }
    }
}

/// ```text
/// // Expands to:
/// before;
/// Box::pin(async move {
///     // as for an `async fn`
/// })
/// ```
fn tail_future(traced: &Traced, output: &TokenStream, tail: &TailFuture) -> TokenStream {
    let TailFuture { body, opening, block } = tail;
    let awaited = awaited(traced, &polled(&traced.function, opening, output, &[], &block.to_token_stream()));
    let mut body = body.clone();
    if let Some(place) = tail_future_mut(&mut body) {
        *place = Expr::Verbatim(quote_spanned!(Span::mixed_site()=> #opening { #awaited }));
    }
    body.stmts.iter().map(ToTokens::to_token_stream).collect()
}

/// Opens the span, records its attributes and binds its handle.
fn opening(traced: &Traced, opened: Opened) -> TokenStream {
    let Traced { private, site, root, bind, outcome, .. } = traced;
    let span = Ident::new("__telemetry_span", Span::mixed_site());
    let open = open(private, site, opened, *root);
    let records = records(private, &span, opened, site);
    let is_written = records.is_some() || opened == Opened::Task || !matches!(outcome, Outcome::Ignored);
    let mutable = is_written.then(|| quote_spanned!(Span::mixed_site()=> mut));
    let handle = bind.as_ref().map(|bind| handle(private, bind, opened, &site.declared));
    quote_spanned! {Span::mixed_site()=>
        let #mutable #span = #open;
        #records
        #handle
    }
}

/// ```text
/// // Expands to:
/// let span = {
///     struct __TelemetrySpan(Span);
///     impl __TelemetrySpan {
///         fn rows(self, value: i64) {
///             Span::i64(&self.0, "rows", value);
///         }
///     }
///     impl Deref for __TelemetrySpan { … }
///     __TelemetrySpan(SpanGuard::handle(&__telemetry_span))
/// };
/// ```
fn handle(private: &TokenStream, bind: &Ident, opened: Opened, declared: &[Declared]) -> TokenStream {
    let ty = opened.type_name();
    // Located at the handle's name, to which the compiler points when a setter is not declared.
    let name = Ident::new("__TelemetrySpan", Span::mixed_site().located_at(bind.span()));
    let handle = quote_spanned!(Span::mixed_site()=> #private::#ty::handle(&__telemetry_span));
    if declared.is_empty() {
        return quote_spanned!(Span::mixed_site()=> let #bind = #handle;);
    }
    let setters = declared.iter().map(|attribute| {
        let Declared { key, setter, kind, .. } = attribute;
        let (method, argument) = (Ident::new(kind.method(), Span::mixed_site()), kind.argument());
        quote_spanned! {Span::mixed_site()=>
            fn #setter(self, value: #argument) {
                #private::Span::#method(&self.0, #key, value);
            }
        }
    });
    quote_spanned! {Span::mixed_site()=>
        let #bind = {
            #[derive(::core::clone::Clone, ::core::marker::Copy)]
            struct #name(#private::Span);
            #[allow(dead_code, non_snake_case, clippy::all, clippy::pedantic)]
            impl #name {
                #(#setters)*
            }
            impl ::core::ops::Deref for #name {
                type Target = #private::Span;
                fn deref(&self) -> &#private::Span {
                    &self.0
                }
            }
            #name(#handle)
        };
    }
}

/// Tells the span what came out, when that can be an error.
fn record(traced: &Traced) -> Option<TokenStream> {
    let private = &traced.private;
    match &traced.outcome {
        Outcome::Ignored => None,
        Outcome::Probed => Some(quote_spanned! {Span::mixed_site()=>
            #private::record_outcome!(__telemetry_span, __telemetry_result);
        }),
        // Located at the path, which is what a message about the types is about.
        Outcome::Mapped(path) => {
            let place = Span::mixed_site().located_at(path.span());
            let private = private.clone().into_iter().map(|mut token| {
                token.set_span(place);
                token
            });
            let private: TokenStream = private.collect();
            Some(quote_spanned! {place=>
                #private::record_mapped(&mut __telemetry_span, &__telemetry_result, #path);
            })
        }
    }
}

/// Moves variables into the closure or block around, whole and in this order, so that they are dropped at its end as
/// they would be at the end of the function.
fn captures(owned: &[Owned]) -> TokenStream {
    let captures = owned.iter().map(|Owned { attributes, variable }| {
        if attributes.is_empty() {
            quote_spanned!(Span::mixed_site()=> _ = &#variable;)
        } else {
            quote_spanned!(Span::mixed_site()=> #(#attributes)* { _ = &#variable; })
        }
    });
    quote!(#(#captures)*)
}
