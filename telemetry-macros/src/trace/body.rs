//! The few questions that are put to a body.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Block, Expr, Local, Stmt};

use super::signature::variables_of;
use crate::tail::{self, AsyncBlock};

/// A body that ends in an `async` block, bare or boxed.
pub(super) struct TailFuture {
    /// The whole body.
    pub body: Block,
    /// The statements at its beginning that take arguments apart, where the attributes are about their parts.
    pub taken_apart: Vec<Local>,
    /// The `async` block, without those.
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
///
/// `wanted` are expressions that are to be evaluated before the `async` block.
pub(super) fn tail_future(body: &Group, wanted: &TokenStream) -> Option<TailFuture> {
    let body: Block = syn::parse2(TokenTree::Group(body.clone()).into()).ok()?;
    let mut before = body.clone();
    let place = tail::of_block(&mut before)?;
    let taken_apart = match place {
        Expr::Async(future) => take_apart(&mut future.block.stmts, wanted),
        _ => Vec::new(),
    };
    let future = AsyncBlock::of(place)?;
    *place = Expr::Verbatim(TokenStream::new());
    let returns = Ident::new("return", Span::call_site());
    (!mentions(&before.to_token_stream(), &returns)).then_some(TailFuture { body, taken_apart, future })
}

/// Takes out the statements with which `async_trait` takes apart the arguments that are patterns, as in
/// `let (row, column) = { let __arg1 = __arg1; __arg1 };`, if they bind what is wanted.
fn take_apart(statements: &mut Vec<Stmt>, wanted: &TokenStream) -> Vec<Local> {
    let is_wanted = |local: &Local| {
        let mut variables = Vec::new();
        variables_of(&local.pat, &mut variables);
        variables.into_iter().any(|variable| mentions(wanted, variable))
    };
    let is_argument = |local: &Local| {
        let Some(Expr::Block(init)) = local.init.as_ref().map(|init| &*init.expr) else { return false };
        let Some(Stmt::Expr(Expr::Path(last), None)) = init.block.stmts.last() else { return false };
        last.path.get_ident().is_some_and(|name| name.to_string().starts_with("__arg"))
    };
    let mut taken = Vec::new();
    statements.retain(|statement| match statement {
        Stmt::Local(local) if is_argument(local) && is_wanted(local) => {
            taken.push(local.clone());
            false
        }
        _ => true,
    });
    taken
}
