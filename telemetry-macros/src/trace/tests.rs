//! What the macros expand to, to be read in review. `UPDATE_EXPECT=1 cargo test -p telemetry-macros` rewrites it.
#![allow(clippy::needless_raw_string_hashes, reason = "written by expect-test")]

mod arguments;
mod attributes;
mod blocks;
mod futures;
mod measured;
mod off;
mod outputs;
mod shapes;

use expect_test::Expect;
use proc_macro2::TokenStream;

use super::{Macro, attribute};

/// Checks what `#[trace(arguments)]` makes of an item.
fn trace(arguments: TokenStream, item: TokenStream, expected: &Expect) {
    expected.assert_eq(&pretty(&attribute(Macro::Trace, arguments, item)));
}

/// Checks what `#[span(arguments)]` makes of an item.
fn span(arguments: TokenStream, item: TokenStream, expected: &Expect) {
    expected.assert_eq(&pretty(&attribute(Macro::Span, arguments, item)));
}

fn pretty(tokens: &TokenStream) -> String {
    match syn::parse2(tokens.clone()) {
        Ok(file) => prettyplease::unparse(&file),
        Err(error) => format!("{error} in {tokens}"),
    }
}
