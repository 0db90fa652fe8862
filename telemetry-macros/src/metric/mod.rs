//! `metric!`: tokens to declarations (`parse`), to metrics that obey the rules (`model`), to statics (`expand`).

mod expand;
mod model;
mod parse;
mod suggest;
#[cfg(test)]
mod tests;

pub(crate) use suggest::did_you_mean;

use proc_macro2::TokenStream;

/// The expansion of `metric!`: the statics, and an error for each mistake.
pub(crate) fn metric(input: TokenStream) -> TokenStream {
    let file = parse::declarations(input);
    let (metrics, mistakes) = model::build(file);
    let errors = mistakes.into_iter().map(syn::Error::into_compile_error);
    let metrics = metrics.iter().map(expand::metric);
    quote::quote! { #(#errors)* #(#metrics)* }
}
