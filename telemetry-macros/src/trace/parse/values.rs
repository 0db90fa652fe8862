//! What reads the value of each argument, the cursor standing behind its key.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Ident, LitBool, LitStr, Path, Token};

use super::{Arguments, ErrorHandling, KINDS, Name, Returned, Shown, TABLE, TypeName};
use crate::mistakes::{Mistakes, suggestion};
use crate::site::decision;
use crate::site::parse::{attributes, skip_past_comma};

/// Reads the `=` after a key.
fn equals(key: &Ident, input: ParseStream) -> syn::Result<()> {
    if input.parse::<Option<Token![=]>>()?.is_some() && !input.is_empty() && !input.peek(Token![,]) {
        return Ok(());
    }
    let form = TABLE.iter().find(|row| key == row.key).map_or("", |row| row.form);
    Err(syn::Error::new_spanned(key, format!("`{key}` needs a value: `{form}`")))
}

pub(super) fn name(
    arguments: &mut Arguments,
    key: &Ident,
    input: ParseStream,
    _: &mut Mistakes,
) -> syn::Result<()> {
    equals(key, input)?;
    let ahead = input.fork();
    let name = if ahead.peek(LitStr) {
        ahead.parse().map(Name::Literal)
    } else {
        ahead.parse::<Path>().map(Name::Path)
    };
    match name {
        Ok(name) if ahead.is_empty() || ahead.peek(Token![,]) => {
            syn::parse::discouraged::Speculative::advance_to(input, &ahead);
            arguments.name = Some(name);
            Ok(())
        }
        _ => Err(syn::Error::new_spanned(
            until_comma(input),
            "the name of a span is known when the program is compiled: a string literal or the path of a \
             `const` of type `&'static str`",
        )),
    }
}

pub(super) fn type_name(
    arguments: &mut Arguments,
    key: &Ident,
    input: ParseStream,
    _: &mut Mistakes,
) -> syn::Result<()> {
    equals(key, input)?;
    let rest = until_comma(input);
    let Ok(path) = input.parse::<Path>() else {
        return Err(syn::Error::new_spanned(rest, "the type is named by a word: `type = Name`"));
    };
    match path.segments.last() {
        Some(last) if last.arguments.is_none() => {
            arguments.type_name = Some(TypeName { key: key.clone(), name: last.ident.clone() });
            Ok(())
        }
        _ => Err(syn::Error::new_spanned(path, "expected the name of a type, without its generic arguments")),
    }
}

pub(super) fn attrs(
    arguments: &mut Arguments,
    key: &Ident,
    input: ParseStream,
    mistakes: &mut Mistakes,
) -> syn::Result<()> {
    if !input.peek(syn::token::Paren) {
        return Err(syn::Error::new_spanned(
            key,
            "attributes go in parentheses: `attrs(key = expression, …)`",
        ));
    }
    let content;
    syn::parenthesized!(content in input);
    while !content.is_empty() {
        arguments.attributes.extend(attributes(&content, mistakes));
        if let Ok(Some(arrow)) = content.parse::<Option<Token![=>]>>() {
            mistakes.at(arrow, "expected `=` or `,`");
            skip_past_comma(&content);
        }
    }
    Ok(())
}

pub(super) fn kind(
    arguments: &mut Arguments,
    key: &Ident,
    input: ParseStream,
    _: &mut Mistakes,
) -> syn::Result<()> {
    equals(key, input)?;
    if input.peek(LitStr) {
        let literal: LitStr = input.parse()?;
        let message = format!("a kind is written as a word: `kind = {}`", literal.value());
        return Err(syn::Error::new_spanned(literal, message));
    }
    let path: Path = input.call(Path::parse_mod_style)?;
    let Some(word) = path.segments.last().map(|last| &last.ident) else { return Ok(()) };
    if path.get_ident().is_some() && KINDS.iter().any(|kind| word == kind) {
        arguments.kind = Some(word.clone());
        return Ok(());
    }
    let suggestion = suggestion(&word.to_string().to_lowercase(), KINDS);
    let message =
        format!("unknown kind `{}`: {suggestion}", path.to_token_stream().to_string().replace(' ', ""));
    Err(syn::Error::new_spanned(path, message))
}

/// Whether a path is next, not a literal, a closure or the like.
fn begins_path(input: ParseStream) -> bool {
    let keyword = input.peek(Token![crate]) || input.peek(Token![self]) || input.peek(Token![super]);
    keyword
        || input.peek(Token![Self])
        || input.peek(Ident)
        || input.peek(Token![::])
        || input.peek(Token![<])
}

/// Sees that nothing follows a key that takes no value.
pub(super) fn alone(key: &Ident, input: ParseStream) -> syn::Result<()> {
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(());
    }
    let message = match key.to_string().as_str() {
        "skip" if input.peek(syn::token::Paren) => {
            String::from("there is nothing to skip: no argument is recorded unless `attrs` names it")
        }
        "metrics" => String::from(
            "`metrics` takes no value: all functions share the metrics `function_calls_total` and \
             `function_duration_seconds`, each under its span's name",
        ),
        _ => format!("`{key}` takes no value: it stands alone or is left out"),
    };
    Err(syn::Error::new_spanned(key, message))
}

pub(super) fn err(
    arguments: &mut Arguments,
    key: &Ident,
    input: ParseStream,
    _: &mut Mistakes,
) -> syn::Result<()> {
    if input.is_empty() || input.peek(Token![,]) || input.peek(syn::token::Paren) {
        return Err(syn::Error::new_spanned(
            key,
            "errors are recorded without asking: leave `err` out, or write `err = off` or `err = function`",
        ));
    }
    equals(key, input)?;
    if !begins_path(input) {
        return Err(syn::Error::new_spanned(
            until_comma(input),
            "expected `off` or the path of a function from `&Error` to something that is `Display`",
        ));
    }
    let path: Path = input.parse()?;
    arguments.err = Some(if path.is_ident("off") { ErrorHandling::Off } else { ErrorHandling::Mapped(path) });
    Ok(())
}

pub(super) fn ret(
    arguments: &mut Arguments,
    key: &Ident,
    input: ParseStream,
    _: &mut Mistakes,
) -> syn::Result<()> {
    let mut returned = Returned { place: key.span(), shown: Shown::Value };
    if input.peek(syn::token::Paren) {
        let message = "how it is recorded is a value: `ret = display`, `ret = debug` or `ret = function`";
        return Err(syn::Error::new_spanned(key, message));
    }
    if !input.is_empty() && !input.peek(Token![,]) {
        equals(key, input)?;
        for (sign, word) in [(input.peek(Token![%]), "display"), (input.peek(Token![?]), "debug")] {
            if sign {
                let message = format!("how it is recorded is a word: `ret = {word}`");
                return Err(syn::Error::new_spanned(until_comma(input), message));
            }
        }
        if !begins_path(input) {
            return Err(syn::Error::new_spanned(
                until_comma(input),
                "expected `display`, `debug` or the path of a function from `&Value` to what can be an attribute",
            ));
        }
        let path: Path = input.parse()?;
        returned.place = path.span();
        returned.shown = match path.get_ident().map(Ident::to_string).as_deref() {
            Some("display") => Shown::Display,
            Some("debug") => Shown::Debug,
            Some(capitalised @ ("Display" | "Debug")) => {
                let message = format!("how it is recorded is a word: `ret = {}`", capitalised.to_lowercase());
                return Err(syn::Error::new_spanned(path, message));
            }
            _ => Shown::Mapped(path),
        };
    }
    arguments.ret = Some(returned);
    Ok(())
}

pub(super) fn parent(
    arguments: &mut Arguments,
    key: &Ident,
    input: ParseStream,
    _: &mut Mistakes,
) -> syn::Result<()> {
    equals(key, input)?;
    arguments.parent = Some(input.parse()?);
    Ok(())
}

pub(super) fn links(
    arguments: &mut Arguments,
    key: &Ident,
    input: ParseStream,
    _: &mut Mistakes,
) -> syn::Result<()> {
    equals(key, input)?;
    arguments.links = Some(input.parse()?);
    Ok(())
}

pub(super) fn level(
    arguments: &mut Arguments,
    key: &Ident,
    input: ParseStream,
    _: &mut Mistakes,
) -> syn::Result<()> {
    equals(key, input)?;
    arguments.decision.level = Some(decision::level(input)?);
    Ok(())
}

pub(super) fn sample(
    arguments: &mut Arguments,
    key: &Ident,
    input: ParseStream,
    _: &mut Mistakes,
) -> syn::Result<()> {
    equals(key, input)?;
    arguments.decision.sampler = Some(decision::sampler(input)?);
    Ok(())
}

pub(super) fn is_async(
    arguments: &mut Arguments,
    key: &Ident,
    input: ParseStream,
    _: &mut Mistakes,
) -> syn::Result<()> {
    const EXPECTED: &str = "`async = true` says that the function returns a future, `async = false` that what it returns \
                            is not to be awaited";
    if equals(key, input).is_err() {
        return Err(syn::Error::new_spanned(key, EXPECTED));
    }
    if !input.peek(LitBool) {
        return Err(syn::Error::new_spanned(until_comma(input), EXPECTED));
    }
    arguments.is_async = Some(input.parse()?);
    Ok(())
}

pub(super) fn bind(
    arguments: &mut Arguments,
    key: &Ident,
    input: ParseStream,
    _: &mut Mistakes,
) -> syn::Result<()> {
    equals(key, input)?;
    let rest = until_comma(input);
    match syn::parse2(rest.clone()) {
        Ok(name) => {
            input.parse::<Ident>()?;
            arguments.bind = Some(name);
            Ok(())
        }
        Err(_) => Err(syn::Error::new_spanned(rest, "the handle is named by a word: `bind = span`")),
    }
}

pub(super) fn crate_path(
    arguments: &mut Arguments,
    key: &Ident,
    input: ParseStream,
    _: &mut Mistakes,
) -> syn::Result<()> {
    equals(key, input)?;
    if input.peek(LitStr) {
        return Err(input.error("the crate is named by its path: `crate = path`"));
    }
    arguments.crate_path = Some(input.call(Path::parse_mod_style)?);
    Ok(())
}

/// What is left of the argument, unread.
fn until_comma(input: ParseStream) -> TokenStream {
    let ahead = input.fork();
    let mut tokens = TokenStream::new();
    while !ahead.is_empty() && !ahead.peek(Token![,]) {
        tokens.extend(ahead.parse::<TokenTree>());
    }
    tokens
}
