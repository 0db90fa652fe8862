//! What the attribute stands on: a function, or a block that holds functions.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Ident, Token, Visibility};

use super::Macro;
use super::block::{self, Block, Ours};
use super::function::{self, Function, Read};
use crate::mistakes::Mistakes;

/// An item that can be traced.
pub(super) enum Item {
    Function(Box<Function>),
    Block(Block),
}

/// Reads the item; another is a mistake.
pub(super) fn parse(of: Macro, ours: &Ours, item: TokenStream, mistakes: &mut Mistakes) -> syn::Result<Item> {
    let read = |input: ParseStream| {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility: Visibility = input.parse()?;
        if let Some(kind) = block::ahead(input) {
            return block::parse(kind, ours, attributes, visibility, input, mistakes).map(Item::Block);
        }
        if !function::is_ahead(input) {
            refuse(of, input)?;
        }
        match function::function(attributes, visibility, input)? {
            Read::Function(function) => Ok(Item::Function(function)),
            Read::WithoutBody { name, .. } => Err(swallow(input, without_body(of, &name))),
        }
    };
    read.parse2(item)
}

/// The mistake of tracing a method that is only declared.
pub(super) fn without_body(of: Macro, name: &Ident) -> syn::Error {
    let written = of.written();
    let message = format!(
        "`{name}` has no body to trace: put `{written}` on the method in each impl, or give it a default body"
    );
    syn::Error::new_spanned(name, message)
}

/// Says what to do instead when the attribute stands on something else.
fn refuse(of: Macro, input: ParseStream) -> syn::Result<()> {
    let written = of.written();
    let ahead = input.fork();
    let _ = ahead.parse::<Option<Token![unsafe]>>();
    let Ok(refused) = ahead.call(Ident::parse_any) else { return Ok(()) };
    let accepts = format!("`{written}` goes on functions, `impl` blocks, traits and modules");
    let message = match refused.to_string().as_str() {
        word @ ("struct" | "union" | "type" | "use" | "static" | "macro_rules" | "const") => {
            format!("{accepts}, not on a `{word}` item")
        }
        "enum" => format!("{accepts}, not on an `enum` item"),
        "extern" if ahead.peek(Token![crate]) => format!("{accepts}, not on an `extern crate` item"),
        "extern" => format!("{accepts}, not on an `extern` block: its functions have no body"),
        "let" | "async" | "move" => {
            format!("{accepts}: for a closure or an `async` block, write `step!(\"name\" => …)`")
        }
        _ if ahead.peek(Token![!]) => format!("{accepts}, not on a call of a macro: put it inside of that"),
        _ => return Ok(()),
    };
    Err(swallow(input, syn::Error::new_spanned(refused, message)))
}

/// Takes the rest of the input, so that the mistake is not followed by another about tokens left over.
fn swallow(input: ParseStream, mistake: syn::Error) -> syn::Error {
    let _ = input.parse::<TokenStream>();
    mistake
}
