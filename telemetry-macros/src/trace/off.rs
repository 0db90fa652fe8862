//! A function whose span is built out: as written, with what checks the arguments and is never run.

use proc_macro2::{Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;
use syn::spanned::Spanned;

use super::body::{TailFuture, tail_future_mut};
use super::expand::{bound, probe};
use super::function::Function;
use super::model::{Outcome, Output, Shape, Traced};
use crate::site::expand::located;
use crate::site::model::Declared;
use crate::site::off::checks;

/// The function, its signature and its body as written.
///
/// ```text
/// // Expands to:
/// fn load(id: u64) -> Result<Book, Error> {
///     if false {
///         check(&id);
///     }
///     let span = NO_SPAN;
///     { body }
/// }
/// ```
pub(super) fn untraced(traced: &Traced) -> TokenStream {
    let Function { attributes, visibility, signature, inner_attributes, body } = &traced.function;
    let statements = match &traced.shape {
        Shape::TailFuture { output, tail } => tail_future(traced, output, tail),
        Shape::Called { output, .. } | Shape::Watched { output } | Shape::Async { output, .. } => {
            checked(traced, Some(output), body)
        }
        Shape::Guarded => checked(traced, None, body),
    };
    quote! {
        #(#attributes)*
        #visibility #signature {
            #(#inner_attributes)*
            #statements
        }
    }
}

/// A body behind what checks the arguments.
fn checked(traced: &Traced, output: Option<&Output>, body: &Group) -> TokenStream {
    let mapped = output.and_then(|output| mapped(traced, output));
    let checks = checks(&traced.private, &traced.site, mapped);
    let handle = traced.bind.as_ref().map(|bind| handle(traced, bind));
    if checks.is_none() && handle.is_none() {
        return body.stream();
    }
    quote_spanned! {Span::mixed_site()=>
        #checks
        #handle
        #body
    }
}

fn tail_future(traced: &Traced, output: &Output, tail: &TailFuture) -> TokenStream {
    let TailFuture { body, opening, block } = tail;
    let checked = checked(traced, Some(output), block);
    let mut body = body.clone();
    if let Some(place) = tail_future_mut(&mut body) {
        *place = Expr::Verbatim(quote_spanned!(Span::mixed_site()=> #opening { #checked }));
    }
    body.stmts.iter().map(ToTokens::to_token_stream).collect()
}

/// Whether the function for errors takes the error, where its type is spelled.
fn mapped(traced: &Traced, output: &Output) -> Option<TokenStream> {
    let Outcome::Mapped(path) = &traced.outcome else { return None };
    let probe = located(&probe(&traced.private, output), path.span());
    output.is_spelled.then(|| {
        quote_spanned! {Span::mixed_site().located_at(path.span())=>
            _ = #probe.mapped(|error, tell| tell(&#path(error)));
        }
    })
}

/// A handle with the same setters, which do nothing.
fn handle(traced: &Traced, bind: &Ident) -> TokenStream {
    let private = &traced.private;
    let setters = traced.site.declared.iter().map(|Declared { setter, kind, .. }| {
        let argument = kind.argument();
        quote_spanned!(Span::mixed_site()=> fn #setter(self, _: #argument) {})
    });
    let handle = quote_spanned!(Span::mixed_site()=> #private::NO_SPAN);
    bound(private, bind, &setters.collect::<Vec<_>>(), &handle)
}
