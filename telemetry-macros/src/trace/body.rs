//! The few questions that are put to a body.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Block, Expr};

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

/// The body, if it ends in an `async` block and returns no other future before. A body that cannot be understood is left
/// as it is.
pub(super) fn tail_future(body: &Group) -> Option<TailFuture> {
    let body: Block = syn::parse2(TokenTree::Group(body.clone()).into()).ok()?;
    let mut before = body.clone();
    let place = tail::of_block(&mut before)?;
    let future = AsyncBlock::of(place)?;
    *place = Expr::Verbatim(TokenStream::new());
    let returns = Ident::new("return", Span::call_site());
    (!mentions(&before.to_token_stream(), &returns)).then_some(TailFuture { body, future })
}
