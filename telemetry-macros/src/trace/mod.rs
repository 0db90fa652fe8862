//! `#[trace]` and `#[span]`: a function whose calls are spans.

mod block;
mod body;
mod defaults;
mod early;
mod expand;
mod function;
mod item;
mod model;
mod off;
mod parse;
mod rules;
mod signature;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use self::block::Ours;
use self::defaults::Defaults;
use self::item::Item;
use crate::mistakes::Mistakes;
use crate::site::off::BUILT_OUT;

/// Which of the two macros is at work; they differ only in the name they give.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Macro {
    /// `#[trace]`: named by the path.
    Trace,
    /// `#[span]`: named by the function.
    Span,
}

impl Macro {
    /// Its name.
    fn name(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Span => "span",
        }
    }

    /// As it is written.
    fn written(self) -> String {
        format!("#[{}]", self.name())
    }
}

/// What comes out of one function.
fn expanded(traced: &model::Traced) -> TokenStream {
    if BUILT_OUT { off::untraced(traced) } else { expand::traced(traced) }
}

/// Expands either macro. After a mistake the item comes out as it went in, beside the errors.
pub(crate) fn attribute(of: Macro, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let arguments = parse::arguments(arguments, &mut mistakes);
    let ours = Ours::of(&arguments);
    let parsed = item::parse(of, &ours, item.clone(), &mut mistakes);
    let (traced, untraced) = match mistakes.keep(parsed) {
        None => (TokenStream::new(), item),
        Some(Item::Block(block)) => {
            rules::skips_a_member(&arguments, &mut mistakes);
            block.check(&mut mistakes);
            let defaults = Defaults::new(arguments, &mut mistakes);
            (block.traced(of, &defaults, &mut mistakes), block.to_token_stream())
        }
        Some(Item::Function(function)) => {
            rules::skips_a_member(&arguments, &mut mistakes);
            if let Some(second) = function.attributes.iter().find(|attribute| ours.is_one(attribute)) {
                mistakes.at(
                    second.path(),
                    "this function is given a span twice: remove one of the two attributes",
                );
            }
            let traced = model::traced(of, arguments, None, *function, &mut mistakes);
            (expanded(&traced), item)
        }
    };
    mistakes.finish(traced).unwrap_or_else(|mistakes| {
        let errors = mistakes.to_compile_error();
        quote!(#errors #untraced)
    })
}
