//! A traced function as tokens.

use proc_macro2::{Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;
use syn::spanned::Spanned;

use super::body::TailFuture;
use super::function::Function;
use super::model::{Outcome, Output, Owned, Shape, Traced};
use crate::site::expand::{Opened, declare, located, open, records};
use crate::site::model::Declared;
use crate::tail::{self, AsyncBlock};

/// The function, its signature as written and its body under a span.
pub(super) fn traced(traced: &Traced) -> TokenStream {
    let Function { attributes, visibility, signature, inner_attributes, body } = &traced.function;
    let statements = match &traced.shape {
        Shape::Guarded => guarded(traced),
        Shape::Called { output, owned } => called(traced, output, owned),
        Shape::Watched { output } => watched(traced, output),
        Shape::Async { output, owned } => {
            let opening = quote_spanned!(Span::mixed_site()=> async move);
            awaited(traced, output, &future(traced, &opening, output, owned, body))
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
/// static __TELEMETRY_SITE: CallSite = call_site("load", …);
/// let __telemetry_span = open(&__TELEMETRY_SITE);
/// { body }
/// ```
fn guarded(traced: &Traced) -> TokenStream {
    let open = opening(traced, Opened::Guard, false);
    let body = &traced.function.body;
    quote_spanned! {Span::mixed_site()=>
        #open
        #body
    }
}

/// ```text
/// // Expands to:
/// static __TELEMETRY_SITE: CallSite = call_site("load", …);
/// let mut __telemetry_span = open(&__TELEMETRY_SITE);
/// call(
///     &mut __telemetry_span,
///     &Probe::<Result<Book, Error>>::NEW.__telemetry_probe(),
///     move || -> Result<Book, Error> {
///         _ = &owned;
///         { body }
///     },
/// )
/// ```
fn called(traced: &Traced, output: &Output, owned: &[Owned]) -> TokenStream {
    let private = &traced.private;
    let body = &traced.function.body;
    let block = if owned.is_empty() {
        body.to_token_stream()
    } else {
        let owned = captures(owned);
        quote_spanned!(Span::mixed_site()=> { #owned #body })
    };
    let open = opening(traced, Opened::Guard, true);
    let written = &output.written;
    let call = |outcome: &TokenStream| {
        quote_spanned! {Span::mixed_site()=>
            #private::call(&mut __telemetry_span, &#outcome, move || -> #written #block)
        }
    };
    if output.is_spelled || matches!(traced.outcome, Outcome::Ignored) {
        let call = call(&outcome(traced, &probe(private, output)));
        return quote_spanned! {Span::mixed_site()=>
            #open
            #call
        };
    }
    let call = call(&quote_spanned!(Span::mixed_site()=> #private::Ignored));
    let record = record(traced);
    quote_spanned! {Span::mixed_site()=>
        #open
        let __telemetry_result = #call;
        #record
        __telemetry_result
    }
}

/// ```text
/// // Expands to:
/// static __TELEMETRY_SITE: CallSite = call_site("load", …);
/// let mut __telemetry_span = open(&__TELEMETRY_SITE);
/// let __telemetry_result: Result<Book, Error> = { body };
/// record(&mut __telemetry_span, &Probe::of(&__telemetry_result).__telemetry_probe(), &__telemetry_result);
/// __telemetry_result
/// ```
fn watched(traced: &Traced, output: &Output) -> TokenStream {
    let open = opening(traced, Opened::Guard, true);
    let body = &traced.function.body;
    let record = record(traced);
    let written = &output.written;
    quote_spanned! {Span::mixed_site()=>
        #open
        let __telemetry_result: #written = #body;
        #[allow(unreachable_code)]
        { #record }
        #[allow(unreachable_code)]
        __telemetry_result
    }
}

/// ```text
/// // Expands to:
/// static __TELEMETRY_SITE: CallSite = call_site("load", …);
/// Traced {
///     span: open_task(&__TELEMETRY_SITE),
///     outcome: Probe::<Result<Book, Error>>::NEW.__telemetry_probe(),
///     future: async move { … },
/// }
/// .await
/// ```
fn awaited(traced: &Traced, output: &Output, future: &TokenStream) -> TokenStream {
    let private = &traced.private;
    let (open, span) = if traced.site.recorded.is_empty() && traced.bind.is_none() {
        (declare(private, &traced.site), open(private, Opened::Task, traced.root))
    } else {
        (opening(traced, Opened::Task, false), quote_spanned!(Span::mixed_site()=> __telemetry_span))
    };
    if output.is_spelled || matches!(traced.outcome, Outcome::Ignored) {
        let outcome = outcome(traced, &probe(private, output));
        return quote_spanned! {Span::mixed_site()=>
            #open
            #private::Traced {
                span: #span,
                outcome: #outcome,
                future: #future,
            }
            .await
        };
    }
    let probe = quote_spanned!(Span::mixed_site()=> #private::Probe::of_output(&__telemetry_future));
    let outcome = outcome(traced, &probe);
    quote_spanned! {Span::mixed_site()=>
        #open
        let __telemetry_future = #future;
        #private::Traced {
            span: #span,
            outcome: #outcome,
            future: __telemetry_future,
        }
        .await
    }
}

/// The body as a future. A return that never happens tells the compiler what the body is to return, as the signature
/// of a function would.
///
/// ```text
/// // Expands to:
/// async move {
///     if false {
///         return returned::<Result<Book, Error>>();
///     }
///     _ = &owned;
///     { body }
/// }
/// ```
fn future(
    traced: &Traced,
    opening: &TokenStream,
    output: &Output,
    owned: &[Owned],
    body: &Group,
) -> TokenStream {
    let Output { written, place, .. } = output;
    let returned = match written.to_string().as_str() {
        "_" | "!" => None,
        // Located at the type, to which the compiler points when the body does not fit.
        _ => {
            let private = located(&traced.private, *place);
            Some(quote_spanned! {Span::mixed_site().located_at(*place)=>
                if false {
                    return #private::returned::<#written>();
                }
            })
        }
    };
    let owned = captures(owned);
    quote_spanned! {Span::mixed_site()=>
        #opening {
            #returned
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
fn tail_future(traced: &Traced, output: &Output, tail: &TailFuture) -> TokenStream {
    let TailFuture { body, future: AsyncBlock { opening, block } } = tail;
    let awaited = awaited(traced, output, &future(traced, opening, output, &[], block));
    let mut body = body.clone();
    if let Some(place) = tail::of_block(&mut body) {
        *place = Expr::Verbatim(quote_spanned!(Span::mixed_site()=> #opening { #awaited }));
    }
    body.stmts.iter().map(ToTokens::to_token_stream).collect()
}

/// Declares the call site, opens the span, records its attributes and binds its handle.
fn opening(traced: &Traced, opened: Opened, is_written: bool) -> TokenStream {
    let Traced { private, site, root, bind, .. } = traced;
    let span = Ident::new("__telemetry_span", Span::mixed_site());
    let declaration = declare(private, site);
    let open = open(private, opened, *root);
    let records = records(private, &span, opened, site);
    let mutable = (is_written || records.is_some()).then(|| quote_spanned!(Span::mixed_site()=> mut));
    let handle = bind.as_ref().map(|bind| handle(private, bind, opened, &site.declared));
    quote_spanned! {Span::mixed_site()=>
        #declaration
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

/// The probe for a type that is spelled.
fn probe(private: &TokenStream, output: &Output) -> TokenStream {
    let written = &output.written;
    quote_spanned!(Span::mixed_site()=> #private::Probe::<#written>::NEW)
}

/// How the span is told what came out: an expression.
fn outcome(traced: &Traced, probe: &TokenStream) -> TokenStream {
    let private = &traced.private;
    match &traced.outcome {
        Outcome::Ignored => quote_spanned!(Span::mixed_site()=> #private::Ignored),
        Outcome::Probed => quote_spanned!(Span::mixed_site()=> #probe.__telemetry_probe()),
        // Located at the path, which is what a message about the types is about.
        Outcome::Mapped(path) => {
            let probe = located(probe, path.span());
            quote_spanned!(Span::mixed_site().located_at(path.span())=> #probe.mapped(|error, tell| tell(&#path(error))))
        }
    }
}

/// Tells the span what came out, where that is a variable.
fn record(traced: &Traced) -> TokenStream {
    let private = &traced.private;
    let probe = quote_spanned!(Span::mixed_site()=> #private::Probe::of(&__telemetry_result));
    let outcome = outcome(traced, &probe);
    quote_spanned!(Span::mixed_site()=> #private::record(&mut __telemetry_span, &#outcome, &__telemetry_result);)
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
