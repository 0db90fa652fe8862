//! A step that is built out.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use super::model::Step;
use crate::site::expand::located;
use crate::site::off::checks;

/// An expression of the same type: a guard of nothing, or the future.
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
    let value = match &step.future {
        None => quote_spanned!(Span::mixed_site()=> #private::no_guard()),
        Some(future) => {
            let future = quote!(#future);
            let place = future.clone().into_iter().next().map_or_else(Span::mixed_site, |token| token.span());
            let path = located(private, place);
            quote_spanned!(Span::mixed_site().located_at(place)=> #path::no_step(#future))
        }
    };
    quote_spanned!(Span::mixed_site()=> { #checks #value })
}
