//! `#[derive(Label)]`: an enum (`parse`), its values (`model`), the impl (`expand`).

mod expand;
mod model;
mod parse;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;

/// The expansion of `#[derive(Label)]`: the impl, and an error for each mistake.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let item = match syn::parse2(input) {
        Ok(item) => item,
        Err(error) => return error.into_compile_error(),
    };
    let (label, mistakes) = model::build(parse::item(&item));
    let errors = mistakes.into_iter().map(syn::Error::into_compile_error);
    let implementation = expand::label(&label);
    quote::quote! { #(#errors)* #implementation }
}
