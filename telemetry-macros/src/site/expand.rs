//! A call site as tokens: the `static` and what opens a span there.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Expr, ExprReference};

use super::model::{Constant, Recorded, Site};
use super::parse::Form;

/// The path of what expansions may name.
pub(crate) fn private(root: Option<&syn::Path>) -> TokenStream {
    root.map_or_else(
        || quote_spanned!(Span::mixed_site()=> ::telemetry_core::__private),
        |path| quote_spanned!(Span::mixed_site()=> #path::__private),
    )
}

/// Opens a span.
///
/// ```text
/// // Expands to:
/// {
///     static SITE: CallSite = CallSite::new(Site { … });
///     open(&SITE)
/// }
/// ```
pub(crate) fn opened(private: &TokenStream, site: &Site, open: &str) -> TokenStream {
    let Site { name, kind, constants, recorded, declared: _ } = site;
    let open = Ident::new(open, Span::mixed_site());
    let keys = recorded.iter().map(|attribute| &attribute.key);
    let constants = constants.iter().map(|constant| {
        let Constant { key, variant, value } = constant;
        quote_spanned!(Span::mixed_site()=> (#key, #private::Constant::#variant(#value)))
    });
    quote_spanned! {Span::mixed_site()=>
        {
            static SITE: #private::CallSite = #private::CallSite::new(#private::Site {
                name: #name,
                kind: #private::SpanKind::#kind,
                keys: &[#(#keys),*],
                constants: &[#(#constants),*],
                origin: #private::Origin {
                    crate_name: ::core::env!("CARGO_PKG_NAME"),
                    crate_version: ::core::env!("CARGO_PKG_VERSION"),
                    module: ::core::module_path!(),
                    file: ::core::file!(),
                    line: ::core::line!(),
                },
            });
            #private::#open(&SITE)
        }
    }
}

/// Records the attributes that are expressions; nothing when there are none.
///
/// ```text
/// // Expands to:
/// if __telemetry_span.is_recording() {
///     __telemetry_span.attribute(0, &id);
/// }
/// ```
pub(crate) fn records(span: &Ident, recorded: &[Recorded]) -> Option<TokenStream> {
    if recorded.is_empty() {
        return None;
    }
    let records = recorded.iter().enumerate().map(|(index, attribute)| {
        let method = match attribute.form {
            Form::Typed => "attribute",
            Form::Display => "attribute_display",
            Form::Debug => "attribute_debug",
        };
        let place = Span::mixed_site().located_at(first_span(&attribute.expression));
        let method = Ident::new(method, place);
        let index = Literal::usize_unsuffixed(index);
        let value = borrowed(&attribute.expression, place);
        quote_spanned!(Span::mixed_site()=> #span.#method(#index, #value);)
    });
    Some(quote_spanned! {Span::mixed_site()=>
        if #span.is_recording() {
            #(#records)*
        }
    })
}

/// `&expression`, with the parentheses it may need.
fn borrowed(expression: &Expr, place: Span) -> Expr {
    Expr::Reference(ExprReference {
        attrs: Vec::new(),
        and_token: syn::Token![&](place),
        mutability: None,
        expr: Box::new(expression.clone()),
    })
}

fn first_span(tokens: &impl ToTokens) -> Span {
    tokens.to_token_stream().into_iter().next().map_or_else(Span::mixed_site, |token| token.span())
}
