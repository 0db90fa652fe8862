//! `#[trace]` and `#[span]`: a function whose calls are spans.

mod body;
mod expand;
mod function;
mod model;
mod parse;
mod rules;
mod signature;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::quote;

use crate::mistakes::Mistakes;

/// Which of the two macros is at work; they differ only in the name they give.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Macro {
    /// `#[trace]`: named by the path.
    Trace,
    /// `#[span]`: named by the function.
    Span,
}

impl Macro {
    /// As it is written.
    fn written(self) -> &'static str {
        match self {
            Self::Trace => "#[trace]",
            Self::Span => "#[span]",
        }
    }
}

/// Expands either macro. After a mistake the item comes out as it went in, beside the errors.
pub(crate) fn attribute(of: Macro, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let arguments = parse::arguments(arguments, &mut mistakes);
    let function = mistakes.keep(function::parse(of, item.clone()));
    let traced = function.map(|function| model::traced(of, arguments, function, &mut mistakes));
    match mistakes.finish(traced) {
        Ok(traced) => traced.as_ref().map_or(item, expand::traced),
        Err(mistakes) => {
            let errors = mistakes.to_compile_error();
            quote!(#errors #item)
        }
    }
}
