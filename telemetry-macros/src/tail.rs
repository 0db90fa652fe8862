//! The `async` block that a body ends in, bare or boxed: what is traced of a function that returns a future.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Block, Expr, ExprAsync, Stmt};

/// An `async` block, taken apart.
pub(crate) struct AsyncBlock {
    /// What it begins with: `async` or `async move`.
    pub opening: TokenStream,
    /// Its content, in its braces.
    pub block: Group,
}

impl AsyncBlock {
    /// The parts of an expression that is one.
    pub(crate) fn of(expression: &Expr) -> Option<Self> {
        let Expr::Async(ExprAsync { async_token, capture, block, .. }) = expression else { return None };
        let content = block.stmts.iter().map(ToTokens::to_token_stream).collect();
        let block = braced(content, block.brace_token.span.join());
        Some(Self { opening: quote!(#async_token #capture), block })
    }
}

/// A block where the user wrote it, yet known as part of an expansion: its braces are not said to be unnecessary.
pub(crate) fn braced(content: TokenStream, place: Span) -> Group {
    let mut block = Group::new(Delimiter::Brace, content);
    block.set_span(Span::mixed_site().located_at(place));
    block
}

/// The place of the `async` block at the end of a body.
pub(crate) fn of_block(body: &mut Block) -> Option<&mut Expr> {
    match body.stmts.last_mut()? {
        Stmt::Expr(tail, None) => of(tail),
        _ => None,
    }
}

/// The place of the `async` block that an expression comes to.
pub(crate) fn of(expression: &mut Expr) -> Option<&mut Expr> {
    match expression {
        Expr::Async(_) => Some(expression),
        Expr::Block(block) if block.label.is_none() => of_block(&mut block.block),
        // `Box::pin(async …)`
        Expr::Call(call) => match &*call.func {
            Expr::Path(function) if function.path.segments.last().is_some_and(|last| last.ident == "pin") => {
                call.args.first_mut().and_then(of)
            }
            _ => None,
        },
        // `async { … }.boxed()`
        Expr::MethodCall(call) if call.method == "boxed" || call.method == "boxed_local" => {
            of(&mut call.receiver)
        }
        Expr::Group(group) => of(&mut group.expr),
        Expr::Paren(paren) => of(&mut paren.expr),
        _ => None,
    }
}
