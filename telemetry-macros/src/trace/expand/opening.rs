//! The opening of a span as tokens, with its attributes, its links and its handle.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Expr;

use crate::site::expand::{Opened, borrowed, declare, located, open, records, site_name};
use crate::site::model::{Declared, Site};
use crate::trace::expand::measured;
use crate::trace::model::{Opening, Traced};

/// Declares what a call needs that is known before.
pub(super) fn declared(traced: &Traced) -> TokenStream {
    if traced.metrics { measured::declared(traced) } else { declare(&traced.private, &traced.site) }
}

/// Declares the call site, opens the span, records its attributes and binds its handle.
pub(super) fn opening(traced: &Traced, opened: Opened, is_written: bool) -> TokenStream {
    let Traced { private, site, opening, bind, .. } = traced;
    let name = Ident::new("__telemetry_span", Span::mixed_site());
    let declaration = declared(traced);
    let open = span(traced, opened);
    let records = records(private, &name, opened, site);
    let (links, link) = opening.links.as_ref().map(|links| self::links(private, opened, links)).unzip();
    let mutable = quote_spanned!(Span::mixed_site()=> mut);
    // Behind a measured scope the span is another one.
    let measured =
        (opened == Opened::Guard).then(|| measured::scope(traced, is_written.then_some(&mutable))).flatten();
    let is_written = records.is_some() || link.is_some() || is_written && measured.is_none();
    let mutable = is_written.then_some(mutable);
    let handle = bind.as_ref().map(|bind| handle(private, bind, opened, site));
    quote_spanned! {Span::mixed_site()=>
        #declaration
        #links
        let #mutable #name = #open;
        #records
        #link
        #handle
        #measured
    }
}

/// What takes the links before the span is open, when what is current is the span around it, and what records them.
///
/// ```text
/// // Expands to:
/// let __telemetry_links = wanted(&__TELEMETRY_SITE, || [Span::current()]);
/// // and, behind the opening:
/// SpanGuard::links(&mut __telemetry_span, __telemetry_links);
/// ```
fn links(private: &TokenStream, opened: Opened, links: &Expr) -> (TokenStream, TokenStream) {
    let (ty, site) = (opened.type_name(), site_name());
    // Located at the links, to which the compiler points when they are none.
    let place = Span::mixed_site().located_at(place_of(links));
    let path = located(&quote_spanned!(place=> #private::#ty), place);
    (
        quote_spanned!(Span::mixed_site()=> let __telemetry_links = #private::wanted(&#site, || #links);),
        quote_spanned!(place=> #path::links(&mut __telemetry_span, __telemetry_links);),
    )
}

/// Opens the span: an expression.
///
/// ```text
/// // Expands to:
/// open(&__TELEMETRY_SITE)
/// // or, with a parent:
/// open_under(&__TELEMETRY_SITE, || context_of(&parent))
/// ```
pub(super) fn span(traced: &Traced, opened: Opened) -> TokenStream {
    let Traced { private, opening: Opening { root, parent, .. }, .. } = traced;
    let Some(parent) = parent else { return open(private, opened, *root) };
    let parent = borrowed(parent);
    let place = Span::mixed_site().located_at(place_of(&parent));
    let path = located(private, place);
    let open = Ident::new(opened.under_function(), place);
    let site = site_name();
    quote_spanned!(place=> #path::#open(&#site, || #path::context_of(#parent)))
}

fn place_of(tokens: &impl ToTokens) -> Span {
    tokens.to_token_stream().into_iter().next().map_or_else(Span::mixed_site, |token| token.span())
}

/// ```text
/// // Expands to:
/// let span = {
///     struct __TelemetrySpan(Span);
///     impl __TelemetrySpan {
///         fn rows(self, value: i64) {
///             Span::declared(&self.0, &__TELEMETRY_SITE, 0, &value);
///         }
///     }
///     impl Deref for __TelemetrySpan { … }
///     __TelemetrySpan(SpanGuard::handle(&__telemetry_span))
/// };
/// ```
fn handle(private: &TokenStream, bind: &Ident, opened: Opened, site: &Site) -> TokenStream {
    let ty = opened.type_name();
    let handle = quote_spanned!(Span::mixed_site()=> #private::#ty::handle(&__telemetry_span));
    let call_site = site_name();
    let setters = site.declared.iter().zip(site.recorded.len()..).map(|(attribute, index)| {
        let Declared { setter, kind, .. } = attribute;
        let (index, argument) = (Literal::usize_unsuffixed(index), kind.argument());
        quote_spanned! {Span::mixed_site()=>
            fn #setter(self, value: #argument) {
                #private::Span::declared(&self.0, &#call_site, #index, &value);
            }
        }
    });
    bound(private, bind, &setters.collect::<Vec<_>>(), &handle)
}

/// The handle under its name: with setters, if there are any.
pub(in crate::trace) fn bound(
    private: &TokenStream,
    bind: &Ident,
    setters: &[TokenStream],
    handle: &TokenStream,
) -> TokenStream {
    if setters.is_empty() {
        return quote_spanned!(Span::mixed_site()=> let #bind = #handle;);
    }
    // Located at the handle's name, to which the compiler points when a setter is not declared.
    let name = Ident::new("__TelemetrySpan", Span::mixed_site().located_at(bind.span()));
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
