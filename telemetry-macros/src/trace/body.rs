//! The few questions that are put to a body.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Block, Expr, ExprAsync, Stmt};

/// A body that ends in an `async` block, bare or boxed.
pub(super) struct TailFuture {
    /// The whole body.
    pub body: Block,
    /// What the `async` block begins with: `async` or `async move`.
    pub opening: TokenStream,
    /// The content of the `async` block, in its braces.
    pub block: Group,
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
    let body: Block = syn::parse2(TokenTree::Group(body.clone()).into()).ok()?;
    let mut searched = body.clone();
    let Expr::Async(ExprAsync { async_token, capture, block, .. }) = tail_future_mut(&mut searched)? else {
        return None;
    };
    let content = block.stmts.iter().map(ToTokens::to_token_stream).collect();
    let block = braced(content, block.brace_token.span.join());
    Some(TailFuture { opening: quote!(#async_token #capture), block, body })
}

/// A block where the user wrote it, yet known as part of an expansion: its braces are not said to be unnecessary.
pub(super) fn braced(content: TokenStream, place: Span) -> Group {
    let mut block = Group::new(Delimiter::Brace, content);
    block.set_span(Span::mixed_site().located_at(place));
    block
}

/// The place of the `async` block at the end of a body.
pub(super) fn tail_future_mut(body: &mut Block) -> Option<&mut Expr> {
    match body.stmts.last_mut()? {
        Stmt::Expr(tail, None) => future_mut(tail),
        _ => None,
    }
}

fn future_mut(expression: &mut Expr) -> Option<&mut Expr> {
    match expression {
        Expr::Async(_) => Some(expression),
        // `Box::pin(async …)`
        Expr::Call(call) => match &*call.func {
            Expr::Path(function) if function.path.segments.last().is_some_and(|last| last.ident == "pin") => {
                call.args.first_mut().and_then(future_mut)
            }
            _ => None,
        },
        // `async { … }.boxed()`
        Expr::MethodCall(call) if call.method == "boxed" || call.method == "boxed_local" => {
            future_mut(&mut call.receiver)
        }
        Expr::Group(group) => future_mut(&mut group.expr),
        Expr::Paren(paren) => future_mut(&mut paren.expr),
        _ => None,
    }
}
