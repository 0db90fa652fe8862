//! What decides whether a span records: its level, and a sampler of its own.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, ExprUnary, Lit, LitFloat, LitInt, Path, Token, UnOp};

use super::expand::located;
use crate::mistakes::{nearest, suggestion};

/// The levels a span can have.
const LEVELS: &[&str] = &["error", "warn", "info", "debug", "trace"];

/// What is written behind `sample =`.
const SAMPLES: &str = "`always`, `never`, a ratio from 0 to 1, or the path of a `static` sampler";

/// What decides on the spans of a call site, beside the pipeline.
#[derive(Clone, Default)]
pub(crate) struct Decision {
    /// A variant of `Level`.
    pub level: Option<Ident>,
    pub sampler: Option<Sampler>,
}

/// A sampler of the call site's own.
#[derive(Clone)]
pub(crate) enum Sampler {
    /// `always`, `never`: a type of core.
    Fixed(Ident),
    /// A number from 0 to 1.
    Ratio(LitFloat),
    /// A sampler of the user's.
    Path(Path),
}

/// Reads a level: a word.
pub(crate) fn level(input: ParseStream) -> syn::Result<Ident> {
    let expression: Expr = input.parse()?;
    let word = match &expression {
        Expr::Path(path) => path.path.get_ident().map(|word| (word.unraw().to_string(), true)),
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some((text.value(), false)),
        _ => None,
    };
    match word {
        Some((word, true)) if LEVELS.contains(&word.as_str()) => Ok(variant(&word)),
        Some((word, false)) if LEVELS.contains(&word.to_lowercase().as_str()) => {
            Err(syn::Error::new_spanned(
                expression,
                format!("a level is written as a word: `level = {}`", word.to_lowercase()),
            ))
        }
        Some((word, _)) => Err(syn::Error::new_spanned(
            expression,
            format!("unknown level `{word}`: {}", suggestion(&word.to_lowercase(), LEVELS)),
        )),
        None => {
            let last = match &expression {
                Expr::Path(path) => {
                    path.path.segments.last().map(|last| last.ident.to_string().to_lowercase())
                }
                _ => None,
            };
            let accepted = suggestion(&last.unwrap_or_default(), LEVELS);
            Err(syn::Error::new_spanned(expression, format!("a level is written as a word, {accepted}")))
        }
    }
}

fn variant(word: &str) -> Ident {
    let (first, rest) = word.split_at(1);
    Ident::new(&format!("{}{rest}", first.to_uppercase()), Span::mixed_site())
}

/// Reads a sampler.
pub(crate) fn sampler(input: ParseStream) -> syn::Result<Sampler> {
    if input.peek(Lit) && input.peek2(Token![%]) {
        let number: Lit = input.parse()?;
        let message = format!(
            "a share is written as a ratio from 0 to 1, `sample = 0.05` for 5 %: `sample` takes {SAMPLES}"
        );
        return Err(syn::Error::new_spanned(number, message));
    }
    let expression: Expr = input.parse()?;
    let refused =
        |what: &str| Err(syn::Error::new_spanned(&expression, format!("{what}, `sample` takes {SAMPLES}")));
    match &expression {
        Expr::Path(path) if path.qself.is_none() => match path.path.get_ident().map(ToString::to_string) {
            Some(word) if word == "always" => Ok(Sampler::Fixed(fixed("AlwaysSample", &expression))),
            Some(word) if word == "never" => Ok(Sampler::Fixed(fixed("NeverSample", &expression))),
            // A sampler is a static, and those are not spelled like this.
            Some(word) if word.starts_with(char::is_lowercase) => match nearest(&word, ["always", "never"]) {
                Some(meant) => Err(syn::Error::new_spanned(
                    path,
                    format!("unknown sampler `{word}`: did you mean `{meant}`? `sample` takes {SAMPLES}"),
                )),
                None => Ok(Sampler::Path(path.path.clone())),
            },
            _ if path.path.segments.first().is_some_and(|first| first.ident == "Self") => {
                refused("`Self` cannot be used here, write the type")
            }
            _ => Ok(Sampler::Path(path.path.clone())),
        },
        Expr::Lit(ExprLit { lit: Lit::Float(ratio), .. }) => checked(ratio.clone()),
        Expr::Lit(ExprLit { lit: Lit::Int(ratio), .. }) => checked(float(ratio)),
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if ["always", "never"].contains(&&*text.value()) => {
            refused(&format!("write `sample = {}`", text.value()))
        }
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), .. }) => refused("a ratio is not negative"),
        _ => refused("not known when the program is compiled"),
    }
}

fn fixed(name: &str, place: &Expr) -> Ident {
    Ident::new(name, Span::mixed_site().located_at(place.span()))
}

fn float(ratio: &LitInt) -> LitFloat {
    LitFloat::new(&format!("{}.0", ratio.base10_digits()), ratio.span())
}

fn checked(ratio: LitFloat) -> syn::Result<Sampler> {
    match ratio.base10_parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => {
            Ok(Sampler::Ratio(LitFloat::new(ratio.base10_digits(), ratio.span())))
        }
        _ => {
            let message = format!(
                "the ratio {} is not from 0 to 1: it is the share of traces recorded",
                ratio.base10_digits()
            );
            Err(syn::Error::new_spanned(ratio, message))
        }
    }
}

impl Decision {
    /// What these say where the others say nothing.
    pub(crate) fn under(self, own: Self) -> Self {
        Self { level: own.level.or(self.level), sampler: own.sampler.or(self.sampler) }
    }

    /// What follows the call site's constructor; nothing where nothing was said.
    pub(crate) fn expand(&self, private: &TokenStream) -> TokenStream {
        // Call sites are of the level `info` by themselves.
        let level = self.level.as_ref().filter(|level| *level != "Info");
        let level = level.map(|level| quote_spanned!(Span::mixed_site()=> .level(#private::Level::#level)));
        let sampler = self.sampler_expression(private);
        let sampler = sampler.map(|sampler| quote_spanned!(Span::mixed_site()=> .sampler(#sampler)));
        quote_spanned!(Span::mixed_site()=> #level #sampler)
    }

    /// Whether the sampler is one of the user's.
    pub(super) fn has_sampler_of_users(&self) -> bool {
        matches!(self.sampler, Some(Sampler::Path(_)))
    }

    /// A reference to the sampler.
    pub(super) fn sampler_expression(&self, private: &TokenStream) -> Option<TokenStream> {
        self.sampler.as_ref().map(|sampler| match sampler {
            Sampler::Fixed(policy) => quote_spanned!(Span::mixed_site()=> &#private::#policy),
            Sampler::Ratio(ratio) => {
                quote_spanned!(Span::mixed_site()=> const { &#private::ratio(#ratio) })
            }
            // Located at the path, to which the compiler points when it is no sampler.
            Sampler::Path(path) => {
                let reference = located(&quote_spanned!(Span::mixed_site()=> &), path.span());
                quote_spanned!(Span::mixed_site()=> #reference #path)
            }
        })
    }
}
