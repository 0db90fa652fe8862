//! A step that cannot be invalid.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Expr, ExprClosure};

use super::parse::{Name, Settings, WrittenStep};
use crate::mistakes::{Mistakes, check_span_name};
use crate::site::expand::private;
use crate::site::model::{self as site, Attributes, Site};
use crate::tail;

/// A span opened in the middle of a function.
pub(super) struct Step {
    /// The path of what the expansion may name.
    pub private: TokenStream,
    pub site: Site,
    pub covered: Covered,
}

/// What the span covers.
pub(super) enum Covered {
    /// The scope around the step.
    Scope,
    Future(Expr),
    /// Each call of a closure.
    Calls(Box<ExprClosure>),
}

/// Checks a step. What comes out is only used when there were no mistakes.
pub(super) fn step(written: WrittenStep, mistakes: &mut Mistakes) -> Step {
    let WrittenStep { settings: Settings { crate_path, decision, timing }, name, attributes, covered } =
        written;
    if let Name::Literal(name) = &name {
        check_span_name(name, "step", mistakes);
    }
    if let Name::Path(path) = &name
        && path.segments.first().is_some_and(|first| first.ident == "Self")
    {
        mistakes.at(path, "`Self` cannot be used here, write the type: the name lives in a `static`");
    }
    let covered = covered.map_or(Covered::Scope, covers);
    if let Some(timing) = &timing
        && !covered.is_polled()
    {
        mistakes.at(
            timing,
            "`timing` counts the polls of a future: give the step one, `… => future`, or remove it",
        );
    }
    let Attributes { constants, recorded, declared } = Attributes::from_written(attributes, mistakes);
    for attribute in &declared {
        let message = format!(
            "an attribute of a step is set when it opens: give `{}` a value, or set it later through the guard's handle",
            attribute.key
        );
        mistakes.push(syn::Error::new(attribute.span, message));
    }
    let name = match name {
        Name::Literal(name) => site::Name::Literal(quote!(#name)),
        Name::Path(path) => site::Name::Path(path),
    };
    let timing = timing.as_ref().map(Ident::span);
    let site = Site { name, kind: None, decision, constants, recorded, declared: Vec::new(), timing };
    Step { private: private(crate_path.as_ref()), site, covered }
}

impl Covered {
    /// Whether there is a future to poll.
    fn is_polled(&self) -> bool {
        match self {
            Self::Scope => false,
            Self::Future(_) => true,
            Self::Calls(closure) => {
                closure.asyncness.is_some() || tail::of(&mut closure.body.clone()).is_some()
            }
        }
    }
}

fn covers(expression: Expr) -> Covered {
    match expression {
        Expr::Closure(closure) => Covered::Calls(Box::new(closure)),
        Expr::Group(group) => covers(*group.expr),
        Expr::Paren(paren) => covers(*paren.expr),
        future => Covered::Future(future),
    }
}
