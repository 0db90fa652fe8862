//! The macros of `telemetry-core`, which re-exports them.
#![forbid(unsafe_code)]

use proc_macro::TokenStream;

mod mistakes;
mod site;
mod step;
mod trace;

#[proc_macro_attribute]
pub fn trace(arguments: TokenStream, item: TokenStream) -> TokenStream {
    trace::attribute(trace::Macro::Trace, arguments.into(), item.into()).into()
}

#[proc_macro_attribute]
pub fn span(arguments: TokenStream, item: TokenStream) -> TokenStream {
    trace::attribute(trace::Macro::Span, arguments.into(), item.into()).into()
}

#[proc_macro]
pub fn step(tokens: TokenStream) -> TokenStream {
    step::step(tokens.into()).into()
}
