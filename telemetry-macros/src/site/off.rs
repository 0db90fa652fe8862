//! What checks the arguments of a span that is built out.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

use super::expand::borrowed;
use super::model::{Name, Site};
use super::parse::Form;
use super::room;

/// Whether spans are left out of what is built.
pub(crate) const BUILT_OUT: bool = cfg!(feature = "off");

/// Statements that are compiled and never run; `more` among them.
///
/// ```text
/// // Expands to:
/// const _: &str = NAME;
/// if false {
///     check(&id);
///     check_display(&title);
/// }
/// ```
pub(crate) fn checks(private: &TokenStream, site: &Site, more: Option<TokenStream>) -> Option<TokenStream> {
    let name = match &site.name {
        Name::Path(path) => {
            Some(quote_spanned!(Span::mixed_site()=> const _: &'static ::core::primitive::str = #path;))
        }
        Name::Literal(_) => None,
    };
    let room = room::expand(private, site);
    let recorded = site.recorded.iter().map(|attribute| {
        let check = match attribute.form {
            Form::Typed => "check",
            Form::Display => "check_display",
            Form::Debug => "check_debug",
        };
        let (check, value) = (Ident::new(check, Span::mixed_site()), borrowed(&attribute.expression));
        quote_spanned!(Span::mixed_site()=> #private::#check(#value);)
    });
    // The others are known to be samplers.
    let sampler =
        site.decision.has_sampler_of_users().then(|| site.decision.sampler_expression(private)).flatten();
    let sampler =
        sampler.map(|sampler| quote_spanned!(Span::mixed_site()=> #private::check_sampler(#sampler);));
    let checks: Vec<TokenStream> = recorded.chain(sampler).chain(more).collect();
    if name.is_none() && checks.is_empty() {
        return None;
    }
    let checks = (!checks.is_empty()).then(|| quote_spanned!(Span::mixed_site()=> if false { #(#checks)* }));
    Some(quote_spanned!(Span::mixed_site()=> #name #room #checks))
}
