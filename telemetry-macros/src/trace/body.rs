//! The few questions that are put to a body.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use syn::Block;
use syn::ext::IdentExt;

use crate::tail::{self, AsyncBlock};

/// A body that ends in an `async` block, bare or boxed.
pub(super) struct TailFuture {
    /// The whole body.
    pub body: Block,
    /// The `async` block.
    pub future: AsyncBlock,
}

/// Whether a name occurs, in a format string too.
pub(super) fn mentions(tokens: &TokenStream, name: &Ident) -> bool {
    fn search(tokens: TokenStream, name: &str) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Group(group) => search(group.stream(), name),
            TokenTree::Ident(ident) => ident.unraw() == name,
            TokenTree::Literal(literal) => literal.to_string().contains(name),
            TokenTree::Punct(_) => false,
        })
    }
    search(tokens.clone(), &name.unraw().to_string())
}

/// The body, if it ends in an `async` block. A body that cannot be understood is left as it is.
pub(super) fn tail_future(body: &Group) -> Option<TailFuture> {
    let mut body: Block = syn::parse2(TokenTree::Group(body.clone()).into()).ok()?;
    let future = AsyncBlock::of(tail::of_block(&mut body)?)?;
    Some(TailFuture { body, future })
}
