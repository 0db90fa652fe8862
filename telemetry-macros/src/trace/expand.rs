//! A traced function as tokens.

mod measured;
mod opening;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;
use syn::spanned::Spanned;

pub(super) use self::opening::bound;
use self::opening::{declared, opening, span};
use super::body::TailFuture;
use super::function::Function;
use super::model::{Outcome, Output, Owned, Shape, Traced, Wrapped};
use super::parse::{Returned, Shown};
use super::signature;
use crate::site::expand::{Opened, located};
use crate::tail::{self, AsyncBlock};

/// The function, its signature as written and its body under a span.
pub(super) fn traced(traced: &Traced) -> TokenStream {
    let body = &traced.function.body;
    let statements = match &traced.shape {
        Shape::Guarded => guarded(traced),
        Shape::Called { output, owned } => called(traced, output, owned),
        Shape::Watched { output, body } => watched(traced, output, body),
        Shape::Async { output, owned } => {
            let opening = quote_spanned!(Span::mixed_site()=> async move);
            awaited(traced, output, &future(traced, &opening, output, owned, body))
        }
        Shape::TailFuture { output, tail } => tail_future(traced, output, tail),
        Shape::Making { output, owned, wrapped } => making(traced, output, owned, *wrapped),
    };
    with_body(traced, &statements)
}

/// The function with these statements for its body.
pub(super) fn with_body(traced: &Traced, statements: &TokenStream) -> TokenStream {
    let Function { attributes, visibility, signature, braces, inner_attributes, .. } = &traced.function;
    // Braces of the user's: in those of an expansion the compiler would not say that the function is never used.
    let mut block = Group::new(Delimiter::Brace, quote!(#(#inner_attributes)* #statements));
    block.set_span(*braces);
    quote!(#(#attributes)* #visibility #signature #block)
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
    let block = owning(owned, &traced.function.body);
    let open = opening(traced, Opened::Guard, true);
    let written = &output.written;
    let call = |outcome: &TokenStream| {
        quote_spanned! {Span::mixed_site()=>
            #private::call(&mut __telemetry_span, &#outcome, move || -> #written #block)
        }
    };
    if output.is_spelled || traced.ignores_output() {
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
fn watched(traced: &Traced, output: &Output, body: &TokenStream) -> TokenStream {
    let open = opening(traced, Opened::Guard, true);
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
    let is_plain = traced.site.recorded.is_empty() && traced.opening.links.is_none() && traced.bind.is_none();
    let (open, span) = if is_plain {
        (declared(traced), span(traced, Opened::Task))
    } else {
        (opening(traced, Opened::Task, false), quote_spanned!(Span::mixed_site()=> __telemetry_span))
    };
    let span = measured::future(traced, span);
    if output.is_spelled || traced.ignores_output() {
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
///     let (row, column) = __arg1;
///     // as for an `async fn`
/// })
/// ```
fn tail_future(traced: &Traced, output: &Output, tail: &TailFuture) -> TokenStream {
    let TailFuture { body, taken_apart, future: AsyncBlock { opening, block } } = tail;
    let owned = signature::bound(taken_apart, &block.stream());
    let awaited = awaited(traced, output, &future(traced, opening, output, &owned, block));
    let mut body = body.clone();
    if let Some(place) = tail::of_block(&mut body) {
        *place = Expr::Verbatim(quote_spanned!(Span::mixed_site()=> #opening { #(#taken_apart)* #awaited }));
    }
    body.stmts.iter().map(ToTokens::to_token_stream).collect()
}

/// ```text
/// // Expands to:
/// static __TELEMETRY_SITE: CallSite = call_site("load", …);
/// let mut __telemetry_span = open_step(&__TELEMETRY_SITE);
/// // with `timing`, with `metrics`:
/// let mut __telemetry_span = TimedSpan::new(__telemetry_span);
/// let __telemetry_future = making(&mut __telemetry_span, move || -> BoxFuture<'_, Book> { body });
/// boxed(step(__telemetry_span, __telemetry_future, |span, returned| {
///     record(span, &Probe::of(returned).__telemetry_probe(), returned);
/// }))
/// ```
fn making(traced: &Traced, output: &Output, owned: &[Owned], wrapped: Wrapped) -> TokenStream {
    let private = &traced.private;
    let written = &output.written;
    let body = owning(owned, &traced.function.body);
    let outcome = outcome(traced, &quote_spanned!(Span::mixed_site()=> #private::Probe::of(returned)));
    // Located at the type, to which the compiler points when it is no future, or none in a box.
    let place = Span::mixed_site().located_at(output.place);
    let path = located(private, place);
    let span = quote_spanned!(Span::mixed_site()=> __telemetry_span);
    // What looks at the polls looks at the body too.
    let measured = measured::is_asked_for(traced).then(|| {
        let measured = measured::future(traced, span.clone());
        quote_spanned!(Span::mixed_site()=> let mut #span = #measured;)
    });
    let open = opening(traced, Opened::Step, measured.is_none());
    let step = Ident::new(if wrapped == Wrapped::Same { "boxed_step" } else { "step" }, place);
    let step = quote_spanned! {place=>
        #path::#step(#span, __telemetry_future, |span, returned| {
            #path::record(span, &#outcome, returned);
        })
    };
    let step = if wrapped == Wrapped::Boxed { quote_spanned!(place=> #path::boxed(#step)) } else { step };
    quote_spanned! {Span::mixed_site()=>
        #open
        #measured
        let __telemetry_future = #private::making(&mut __telemetry_span, move || -> #written #body);
        #step
    }
}

/// The probe for a type that is spelled.
pub(super) fn probe(private: &TokenStream, output: &Output) -> TokenStream {
    let written = &output.written;
    quote_spanned!(Span::mixed_site()=> #private::Probe::<#written>::NEW)
}

/// How the span is told what came out: an expression.
pub(super) fn outcome(traced: &Traced, probe: &TokenStream) -> TokenStream {
    let private = &traced.private;
    let outcome = match &traced.outcome {
        Outcome::Ignored => quote_spanned!(Span::mixed_site()=> #private::Ignored),
        Outcome::Probed => quote_spanned!(Span::mixed_site()=> #probe.__telemetry_probe()),
        // Located at the path, which is what a message about the types is about.
        Outcome::Mapped(path) => {
            let probe = located(probe, path.span());
            quote_spanned!(Span::mixed_site().located_at(path.span())=> #probe.mapped(|error, tell| tell(&#path(error))))
        }
    };
    let Some(Returned { place, shown }) = &traced.ret else { return outcome };
    let place = Span::mixed_site().located_at(*place);
    let path = located(private, place);
    let shown = match shown {
        Shown::Value => quote_spanned!(place=> #path::Shown::Value(value)),
        Shown::Display => quote_spanned!(place=> #path::Shown::Display(value)),
        Shown::Debug => quote_spanned!(place=> #path::Shown::Debug(value)),
        Shown::Mapped(function) => quote_spanned!(place=> #path::Shown::Value(&#function(value))),
    };
    quote_spanned! {Span::mixed_site()=>
        #probe.returned(#probe.__telemetry_part(), #outcome, |value, span| span.record_returned(#shown))
    }
}

/// Tells the span what came out, where that is a variable.
fn record(traced: &Traced) -> TokenStream {
    let private = &traced.private;
    let probe = quote_spanned!(Span::mixed_site()=> #private::Probe::of(&__telemetry_result));
    let outcome = outcome(traced, &probe);
    quote_spanned!(Span::mixed_site()=> #private::record(&mut __telemetry_span, &#outcome, &__telemetry_result);)
}

/// The body as a block that owns these variables.
fn owning(owned: &[Owned], body: &Group) -> TokenStream {
    if owned.is_empty() {
        return body.to_token_stream();
    }
    let owned = captures(owned);
    quote_spanned!(Span::mixed_site()=> { #owned #body })
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
