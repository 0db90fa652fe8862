//! A function whose span is built out: as written, with what checks the arguments and is never run.

use proc_macro2::{Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;

use super::body::TailFuture;
use super::expand::{bound, outcome, probe, with_body};
use super::model::{Outcome, Output, Shape, Traced};
use crate::site::expand::borrowed;
use crate::site::model::Declared;
use crate::site::off::checks;
use crate::tail::{self, AsyncBlock};

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
    let body = &traced.function.body;
    let statements = match &traced.shape {
        Shape::TailFuture { output, tail } => tail_future(traced, output, tail),
        Shape::Called { output, .. } | Shape::Watched { output, .. } | Shape::Async { output, .. } => {
            checked(traced, Some(output), body)
        }
        Shape::Guarded | Shape::Making { .. } => checked(traced, None, body),
    };
    with_body(traced, &statements)
}

/// A body behind what checks the arguments.
fn checked(traced: &Traced, output: Option<&Output>, body: &Group) -> TokenStream {
    let more: Vec<TokenStream> =
        relations(traced).chain(output.and_then(|output| shown(traced, output))).collect();
    let more = (!more.is_empty()).then(|| quote!(#(#more)*));
    let checks = checks(&traced.private, &traced.site, more);
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
    let TailFuture { body, taken_apart, future: AsyncBlock { opening, block } } = tail;
    let checked = checked(traced, Some(output), block);
    let mut body = body.clone();
    if let Some(place) = tail::of_block(&mut body) {
        *place = Expr::Verbatim(quote_spanned!(Span::mixed_site()=> #opening { #(#taken_apart)* #checked }));
    }
    body.stmts.iter().map(ToTokens::to_token_stream).collect()
}

/// Whether a parent and links are spans.
fn relations(traced: &Traced) -> impl Iterator<Item = TokenStream> {
    let private = &traced.private;
    let parent = traced.opening.parent.as_ref().map(|parent| {
        let parent = borrowed(parent);
        quote_spanned!(Span::mixed_site()=> _ = #private::context_of(#parent);)
    });
    let links = traced.opening.links.as_ref();
    let links = links.map(|links| quote_spanned!(Span::mixed_site()=> #private::check_links(#links);));
    parent.into_iter().chain(links)
}

/// Whether what comes out can be recorded as it is asked for, where its type is spelled.
fn shown(traced: &Traced, output: &Output) -> Option<TokenStream> {
    let is_asked_for = traced.ret.is_some() || matches!(traced.outcome, Outcome::Mapped(_));
    (is_asked_for && output.is_spelled).then(|| {
        let outcome = outcome(traced, &probe(&traced.private, output));
        quote_spanned!(Span::mixed_site()=> _ = #outcome;)
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
