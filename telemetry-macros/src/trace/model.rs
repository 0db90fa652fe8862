//! A traced function that cannot be invalid.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, LitBool, Path, Type};

use super::Macro;
use super::body::{self, TailFuture};
use super::early;
use super::function::Function;
use super::parse::{Arguments, ErrorHandling, KINDS, Name, Returned, TypeName};
use super::rules;
use super::signature::{self, Yields};
use crate::mistakes::Mistakes;
use crate::site::expand::private;
use crate::site::model::{self as site, Attributes, Site};

/// A function and the span of its calls.
pub(super) struct Traced {
    pub function: Function,
    /// The path of what the expansion may name.
    pub private: TokenStream,
    pub site: Site,
    pub opening: Opening,
    /// The name of the handle in the body.
    pub bind: Option<Ident>,
    /// Whether calls are counted and timed.
    pub metrics: bool,
    pub outcome: Outcome,
    /// How what is returned is recorded, if it is.
    pub ret: Option<Returned>,
    pub shape: Shape,
}

/// What is said of the span beside its call site.
pub(super) struct Opening {
    /// Whether it begins a trace of its own.
    pub root: bool,
    pub parent: Option<Expr>,
    pub links: Option<Expr>,
}

impl Traced {
    /// Whether nothing is recorded of what comes out.
    pub(super) fn ignores_output(&self) -> bool {
        matches!(self.outcome, Outcome::Ignored) && self.ret.is_none()
    }
}

/// What becomes of an error the function returns.
pub(super) enum Outcome {
    /// It is not looked for: asked for, or the function returns what cannot be an error.
    Ignored,
    /// Recorded as the type of the error allows.
    Probed,
    /// Recorded by the message this function makes of it.
    Mapped(Path),
}

/// How the body is run under its span.
pub(super) enum Shape {
    /// As it stands, after the guard.
    Guarded,
    /// In a closure, so that `return` and `?` pass by, and the arguments it owns are dropped before the span ends.
    Called { output: Output, owned: Vec<Owned> },
    /// As it stands, but for early returns, which leave it as its last expression does.
    Watched { output: Output, body: TokenStream },
    /// In an `async` block, polled under the span.
    Async { output: Output, owned: Vec<Owned> },
    /// The `async` block at the end of the body is polled under the span.
    TailFuture { output: Output, tail: Box<TailFuture> },
    /// The body is run and the future it makes is polled under the span.
    Making { output: Output, owned: Vec<Owned>, wrapped: Wrapped },
}

/// What becomes of a future that the body makes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrapped {
    /// Its type is opaque, and the one of the wrapper around it is, too.
    Opaque,
    /// The wrapper is put into a box.
    Boxed,
    /// The type only turns out to be a box: the wrapper becomes another one of the same type.
    Same,
}

/// The type of what comes out of the body.
pub(super) struct Output {
    /// The type as it can stand in a body, with `_` for what cannot be spelled.
    pub written: TokenStream,
    /// Whether it is spelled to the end.
    pub is_spelled: bool,
    /// Where it stands.
    pub place: Span,
}

/// A variable the function was given by value, to be dropped before the span ends.
pub(super) struct Owned {
    /// The `#[cfg]` attributes of the argument, and what keeps lints quiet.
    pub attributes: Vec<Attribute>,
    pub variable: TokenStream,
}

/// Joins arguments and function. What comes out is only used when there were no mistakes.
pub(super) fn traced(
    of: Macro,
    arguments: Arguments,
    container: Option<&str>,
    function: Function,
    mistakes: &mut Mistakes,
) -> Traced {
    rules::check(of, &arguments, &function, mistakes);
    let asked = asked(&arguments);
    let Arguments {
        name,
        type_name,
        attributes,
        kind,
        decision,
        err,
        bind,
        ret,
        timing,
        metrics,
        crate_path,
        ..
    } = arguments;
    let Attributes { constants, recorded, declared } = Attributes::from_written(attributes, mistakes);
    rules::check_declared(&declared, bind.as_ref(), mistakes);
    let site = Site {
        name: site_name(of, name, type_name, container, &function),
        kind: kind.as_ref().and_then(kind_variant),
        decision,
        constants,
        recorded,
        declared,
        timing: timing.as_ref().map(Ident::span),
    };
    let outcome = outcome(err, &function, asked);
    let private = private(crate_path.as_ref());
    let looks = ret.is_some() || !matches!(outcome, Outcome::Ignored);
    Traced {
        shape: shape(&function, &site, looks, asked, &private),
        private,
        opening: Opening { root: arguments.root.is_some(), parent: arguments.parent, links: arguments.links },
        metrics: metrics.is_some(),
        function,
        site,
        bind,
        outcome,
        ret,
    }
}

/// What `async = …` says.
pub(super) fn asked(arguments: &Arguments) -> Option<bool> {
    arguments.is_async.as_ref().map(LitBool::value)
}

fn site_name(
    of: Macro,
    name: Option<Name>,
    type_name: Option<TypeName>,
    container: Option<&str>,
    function: &Function,
) -> site::Name {
    let ident = function.signature.ident.unraw().to_string();
    let container = type_name.map(|ty| ty.name.unraw().to_string()).or_else(|| container.map(str::to_owned));
    let text = match (name, container, of) {
        (Some(Name::Path(path)), _, _) => return site::Name::Path(path),
        (Some(Name::Literal(literal)), _, _) => quote!(#literal),
        (None, _, Macro::Span) => quote!(#ident),
        (None, Some(container), Macro::Trace) => {
            let name = format!("{container}::{ident}");
            quote!(#name)
        }
        (None, None, Macro::Trace) => {
            quote_spanned!(Span::mixed_site()=> ::core::concat!(::core::module_path!(), "::", #ident))
        }
    };
    site::Name::Literal(text)
}

/// The variant of `SpanKind` for a word; none for the kind that call sites are of by themselves.
fn kind_variant(word: &Ident) -> Option<Ident> {
    let word = word.to_string();
    let (first, rest) = word.split_at(1);
    (word != KINDS[0]).then(|| Ident::new(&format!("{}{rest}", first.to_uppercase()), Span::mixed_site()))
}

fn outcome(err: Option<ErrorHandling>, function: &Function, asked: Option<bool>) -> Outcome {
    match err {
        Some(ErrorHandling::Mapped(path)) => Outcome::Mapped(path),
        None if returns_maybe_result(function, asked) => Outcome::Probed,
        Some(ErrorHandling::Off) | None => Outcome::Ignored,
    }
}

/// Whether an error can come out of the function, as far as the form of its return type tells.
pub(super) fn returns_maybe_result(function: &Function, asked: Option<bool>) -> bool {
    match (function.output(), yields(function, asked)) {
        (_, Some(Yields::Hidden)) => true,
        (_, Some(Yields::Spelled(output))) | (Some(output), None) => signature::maybe_result(output),
        (None, None) => false,
    }
}

/// What the future yields that the function returns: found by the form of the type, unless it was said.
fn yields(function: &Function, asked: Option<bool>) -> Option<Yields<'_>> {
    let output = function.output().filter(|_| function.signature.asyncness.is_none())?;
    match asked {
        Some(false) => None,
        Some(true) => Some(signature::future_output(output).unwrap_or(Yields::Hidden)),
        None => signature::future_output(output),
    }
}

/// Whether calls make a future that is traced.
pub(super) fn is_polled(function: &Function, asked: Option<bool>) -> bool {
    let is_async = function.signature.asyncness.is_some();
    let is_wrapped = || {
        let can_wrap = signature::made_by(function.output()?).is_some() && !function.has_attribute(TRACKED);
        Some(can_wrap || body::tail_future(&function.body, &TokenStream::new()).is_some())
    };
    is_async || yields(function, asked).is_some() && is_wrapped().unwrap_or(false)
}

/// The attribute of functions whose body sees their caller.
const TRACKED: &str = "track_caller";

fn shape(function: &Function, site: &Site, looks: bool, asked: Option<bool>, private: &TokenStream) -> Shape {
    let output = function.output();
    let written = || match output {
        Some(output) => signature::inferable(output),
        None => signature::unit(function.signature.ident.span()),
    };
    let expressions: Vec<_> = site.recorded.iter().map(|attribute| &attribute.expression).collect();
    let owned = || {
        signature::owned(&function.signature, |name| {
            body::mentions(&function.body.stream(), name) || body::mentions(&quote!(#(#expressions)*), name)
        })
    };
    if function.signature.asyncness.is_some() {
        return Shape::Async { output: written(), owned: owned() };
    }
    let is_tracked = function.has_attribute(TRACKED);
    let Some(output) = output else {
        return match owned() {
            owned if owned.is_empty() || is_tracked => Shape::Guarded,
            owned => Shape::Called { output: written(), owned },
        };
    };
    if let Some(future) = yields(function, asked) {
        if let Some(tail) = body::tail_future(&function.body, &quote!(#(#expressions)*)) {
            let output = match future {
                Yields::Spelled(output) => signature::inferable(output),
                Yields::Hidden => signature::hidden(output.span()),
            };
            return Shape::TailFuture { output, tail: Box::new(tail) };
        }
        if let Some(wrapped) = signature::made_by(output).filter(|_| !is_tracked) {
            return Shape::Making { output: written(), owned: owned(), wrapped };
        }
    }
    match output {
        // A closure would keep the bounds from the body, and `!` from being seen to return nothing.
        Type::ImplTrait(_) | Type::Never(_) => Shape::Guarded,
        // A closure would be the caller that the body sees.
        _ if is_tracked && looks => {
            let body = early::caught(private, &function.body);
            Shape::Watched {
                output: written(),
                body: body.unwrap_or_else(|| function.body.to_token_stream()),
            }
        }
        _ if is_tracked => Shape::Guarded,
        _ => match owned() {
            owned if owned.is_empty() && !looks => Shape::Guarded,
            owned => Shape::Called { output: written(), owned },
        },
    }
}
