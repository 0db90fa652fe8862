//! `step!`: a child of the current span, opened inside a function.

mod closure;
mod expand;
mod model;
mod off;
mod parse;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::quote;

use crate::mistakes::Mistakes;
use crate::site::off::BUILT_OUT;

/// Expands the macro.
pub(crate) fn step(tokens: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let written = parse::step(tokens, &mut mistakes);
    let step = written.map(|written| model::step(written, &mut mistakes));
    match mistakes.finish(step) {
        Ok(step) => {
            let expand = if BUILT_OUT { off::nothing } else { expand::step };
            step.as_ref().map(expand).unwrap_or_default()
        }
        Err(mistakes) => {
            // An expression of a type that fits everywhere, so that no second error follows.
            let errors = mistakes.into_iter().map(|mistake| mistake.to_compile_error());
            quote!({ #(#errors)* })
        }
    }
}
