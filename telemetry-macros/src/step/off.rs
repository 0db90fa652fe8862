//! A step that is built out.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, ExprBlock, ExprClosure};

use super::model::{Covered, Step};
use crate::site::expand::located;
use crate::site::off::checks;
use crate::tail::braced;

/// An expression of the same type: a guard of nothing, the future, or the closure.
///
/// ```text
/// // Expands to:
/// {
///     if false {
///         check(&rows);
///     }
///     NO_GUARD
/// }
/// ```
pub(super) fn nothing(step: &Step) -> TokenStream {
    let private = &step.private;
    let checks = checks(private, &step.site, None);
    let value = match &step.covered {
        Covered::Scope => quote_spanned!(Span::mixed_site()=> #private::no_guard()),
        Covered::Future(future) => {
            let future = quote!(#future);
            let place = future.clone().into_iter().next().map_or_else(Span::mixed_site, |token| token.span());
            let path = located(private, place);
            quote_spanned!(Span::mixed_site().located_at(place)=> #path::no_step(#future))
        }
        // The attributes may name the closure's arguments.
        Covered::Calls(calls) => {
            let mut closure = ExprClosure::clone(calls);
            let body = match &*calls.body {
                // Two pairs of the user's braces would be one too many for the compiler.
                Expr::Block(ExprBlock { label: None, block, .. }) => {
                    let content = block.stmts.iter().map(ToTokens::to_token_stream).collect();
                    braced(content, block.brace_token.span.join()).to_token_stream()
                }
                body => body.to_token_stream(),
            };
            *closure.body = Expr::Verbatim(quote_spanned!(Span::mixed_site()=> { #checks #body }));
            return closure.into_token_stream();
        }
    };
    quote_spanned!(Span::mixed_site()=> { #checks #value })
}
