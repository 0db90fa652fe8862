//! `step!("name", key = expression, …)`, alone and with `=> future` or `=> closure`, as written.

use proc_macro2::TokenStream;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, LitStr, Path, Token};

use crate::mistakes::Mistakes;
use crate::site::parse::{Written, attributes};

/// A step as written.
pub(super) struct WrittenStep {
    pub crate_path: Option<Path>,
    pub name: Name,
    pub attributes: Vec<Written>,
    /// What stands behind `=>`.
    pub covered: Option<Expr>,
}

/// What names the step.
pub(super) enum Name {
    Literal(LitStr),
    Path(Path),
}

/// Reads a step; none when there is nothing to go on with.
pub(super) fn step(tokens: TokenStream, mistakes: &mut Mistakes) -> Option<WrittenStep> {
    let read = |input: ParseStream| {
        let crate_path = crate_path(input)?;
        let name = name(input)?;
        if !input.is_empty() && !input.peek(Token![=>]) && input.parse::<Option<Token![,]>>()?.is_none() {
            return Err(
                input.error("expected `,` before the attributes or `=>` before a future or a closure")
            );
        }
        let attributes = attributes(input, mistakes);
        let covered = match input.parse::<Option<Token![=>]>>()? {
            Some(arrow) if input.is_empty() => {
                return Err(syn::Error::new_spanned(arrow, "expected a future or a closure after `=>`"));
            }
            Some(_) => Some(input.parse::<Expr>()?),
            None => None,
        };
        input.parse::<Option<Token![,]>>()?;
        if !input.is_empty() {
            return Err(input.error("a step covers one future or closure, and attributes stand before `=>`"));
        }
        Ok(WrittenStep { crate_path, name, attributes, covered })
    };
    let result = read.parse2(tokens);
    mistakes.keep(result)
}

/// Reads `crate = path,`, where the crate goes by another name.
fn crate_path(input: ParseStream) -> syn::Result<Option<Path>> {
    if !(input.peek(Token![crate]) && input.peek2(Token![=]) && !input.peek2(Token![=>])) {
        return Ok(None);
    }
    input.parse::<Token![crate]>()?;
    input.parse::<Token![=]>()?;
    let path = input.call(Path::parse_mod_style)?;
    input.parse::<Token![,]>()?;
    Ok(Some(path))
}

fn name(input: ParseStream) -> syn::Result<Name> {
    const EXPECTED: &str =
        "a step begins with its name: a string literal or the path of a `const` of type `&'static str`";
    if input.peek(LitStr) {
        return input.parse().map(Name::Literal);
    }
    if input.is_empty() {
        return Err(input.error(EXPECTED));
    }
    let start = input.cursor().token_tree().map(|(token, _)| token);
    match input.parse::<Path>() {
        Ok(path) if input.is_empty() || input.peek(Token![,]) || input.peek(Token![=>]) => {
            Ok(Name::Path(path))
        }
        _ => Err(syn::Error::new_spanned(start, EXPECTED)),
    }
}
