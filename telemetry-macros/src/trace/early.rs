//! Early returns of a body that must not become a closure: each leaves a block with a label instead, so that what comes
//! out passes by.
//!
//! A closure would be the caller that a `#[track_caller]` body sees. What stands in the arguments of a macro is only
//! tokens here, so a `return` or `?` in there stays what it is.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{VisitMut, visit_expr_mut};
use syn::{Block, Expr, ExprReturn, ExprTry, Item};

/// The body as a block with a label; none where nothing leaves it early, or where it cannot be understood.
///
/// ```text
/// // Expands to:
/// '__telemetry_body: {
///     let text = (match Branch::branch(read()) {
///         Continue(value) => value,
///         Break(residual) => break '__telemetry_body FromResidual::from_residual(residual),
///     });
///     break '__telemetry_body Ok(text);
/// }
/// ```
pub(super) fn caught(private: &TokenStream, body: &Group) -> Option<TokenStream> {
    let mut block: Block = syn::parse2(TokenTree::Group(body.clone()).into()).ok()?;
    let mut early = Early { private, found: false };
    early.visit_block_mut(&mut block);
    early.found.then(|| quote_spanned!(Span::mixed_site()=> '__telemetry_body: #block))
}

struct Early<'p> {
    private: &'p TokenStream,
    found: bool,
}

impl VisitMut for Early<'_> {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        // What is in here leaves something else.
        if matches!(expression, Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) | Expr::TryBlock(_)) {
            return;
        }
        visit_expr_mut(self, expression);
        let left = match expression {
            Expr::Return(ExprReturn { attrs, return_token, expr }) => {
                let place = Span::mixed_site().located_at(return_token.span());
                Some(quote_spanned!(place=> #(#attrs)* break '__telemetry_body #expr))
            }
            Expr::Try(ExprTry { attrs, expr, question_token }) => {
                let place = Span::mixed_site().located_at(question_token.span());
                let path = crate::site::expand::located(self.private, place);
                Some(quote_spanned! {place=>
                    #(#attrs)* (match #path::Branch::branch(#expr) {
                        ::core::ops::ControlFlow::Continue(value) => value,
                        ::core::ops::ControlFlow::Break(residual) => {
                            break '__telemetry_body #path::FromResidual::from_residual(residual)
                        }
                    })
                })
            }
            _ => None,
        };
        if let Some(left) = left {
            self.found = true;
            *expression = Expr::Verbatim(left.into_token_stream());
        }
    }

    /// A function in the body returns by itself.
    fn visit_item_mut(&mut self, _: &mut Item) {}
}
