//! The arguments of `#[trace]` and `#[span]` as they are written. One table says which there are.

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, LitStr, Path, Token};

use super::rules;
use crate::mistakes::{Mistakes, nearest, suggestion};
use crate::site::decision::{self, Decision};
use crate::site::parse::{Written, attributes, skip_past_comma};

/// The arguments given.
#[derive(Clone, Default)]
pub(super) struct Arguments {
    /// The keys, in their order.
    pub given: Vec<&'static str>,
    pub name: Option<Name>,
    pub type_name: Option<TypeName>,
    pub attributes: Vec<Written>,
    pub kind: Option<Ident>,
    pub root: Option<Ident>,
    pub decision: Decision,
    pub err: Option<ErrorHandling>,
    pub bind: Option<Ident>,
    pub timing: Option<Ident>,
    pub skip: Option<Ident>,
    pub crate_path: Option<Path>,
}

/// `name = …`
#[derive(Clone)]
pub(super) enum Name {
    Literal(LitStr),
    Path(Path),
}

/// `type = …`
#[derive(Clone)]
pub(super) struct TypeName {
    pub key: Ident,
    pub name: Ident,
}

/// `err = …`
#[derive(Clone)]
pub(super) enum ErrorHandling {
    Off,
    Mapped(Path),
}

/// An argument: its key, how it is written, and what reads it, the cursor standing after the key.
struct Row {
    key: &'static str,
    form: &'static str,
    read: fn(&mut Arguments, &Ident, ParseStream, &mut Mistakes) -> syn::Result<()>,
}

/// Every argument there is.
const TABLE: &[Row] = &[
    Row { key: "name", form: "name = \"…\"` or `name = CONSTANT", read: name },
    Row { key: "type", form: "type = Name", read: type_name },
    Row { key: "attrs", form: "attrs(key = expression, …)", read: attrs },
    Row { key: "kind", form: "kind = server", read: kind },
    Row { key: "level", form: "level = debug", read: level },
    Row { key: "root", form: "root", read: root },
    Row { key: "sample", form: "sample = always", read: sample },
    Row { key: "err", form: "err = off` or `err = function", read: err },
    Row { key: "bind", form: "bind = name", read: bind },
    Row { key: "timing", form: "timing", read: timing },
    Row { key: "skip", form: "skip", read: skip },
    Row { key: "crate", form: "crate = path", read: crate_path },
];

/// The kinds a span can have.
pub(super) const KINDS: &[&str] = &["internal", "server", "client", "producer", "consumer"];

/// What people who come from elsewhere may write, and what it is called here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("fields", "what is recorded is listed in `attrs(key = expression, …)`"),
    ("properties", "what is recorded is listed in `attrs(key = expression, …)`"),
    ("attributes", "what is recorded is listed in `attrs(key = expression, …)`"),
    ("skip_all", "there is nothing to skip: no argument is recorded unless `attrs` names it"),
    ("short_name", "`#[span]` names the span by the function alone"),
    ("target", "the module path and the crate are recorded with every span"),
];

/// Reads all arguments and goes on after a mistake.
pub(super) fn arguments(tokens: TokenStream, mistakes: &mut Mistakes) -> Arguments {
    let mut arguments = Arguments::default();
    let read = |input: ParseStream| {
        while !input.is_empty() {
            if let Err(mistake) = argument(&mut arguments, input, mistakes) {
                mistakes.push(mistake);
                skip_past_comma(input);
            }
            // `=>` stops nothing here, but would stop the skipping.
            if input.peek(Token![=>]) {
                mistakes.push(input.error("unexpected `=>`"));
                let _ = input.parse::<TokenStream>();
            }
        }
        Ok(())
    };
    let result = read.parse2(tokens);
    mistakes.keep(result);
    rules::skip_stands_alone(&arguments, mistakes);
    arguments
}

fn argument(arguments: &mut Arguments, input: ParseStream, mistakes: &mut Mistakes) -> syn::Result<()> {
    if input.peek(LitStr) {
        let name: LitStr = input.parse()?;
        return Err(syn::Error::new_spanned(
            &name,
            format!("to name the span, write `name = {}`", name.token()),
        ));
    }
    if !input.peek(Ident::peek_any) {
        let keys = TABLE.iter().map(|row| format!("`{}`", row.key)).collect::<Vec<_>>().join(", ");
        return Err(input.error(format!("expected an argument: {keys}")));
    }
    let key = input.call(Ident::parse_any)?;
    let Some(row) = TABLE.iter().find(|row| key == row.key) else { return Err(unknown(&key)) };
    if arguments.given.contains(&row.key) {
        return Err(syn::Error::new_spanned(&key, format!("the argument `{key}` is given twice")));
    }
    arguments.given.push(row.key);
    (row.read)(arguments, &key, input, mistakes)?;
    if input.is_empty() || input.parse::<Option<Token![,]>>()?.is_some() {
        return Ok(());
    }
    Err(input.error(format!("expected `,`: the argument is written `{}`", row.form)))
}

fn unknown(key: &Ident) -> syn::Error {
    let word = key.unraw().to_string();
    let keys: Vec<&str> = TABLE.iter().map(|row| row.key).collect();
    let hint = match ELSEWHERE.iter().find(|(theirs, _)| *theirs == word) {
        Some((_, hint)) if nearest(&word, keys.iter().copied()).is_none() => (*hint).to_owned(),
        _ => suggestion(&word, &keys),
    };
    syn::Error::new_spanned(key, format!("unknown argument `{word}`: {hint}"))
}

/// Reads the `=` after a key.
fn equals(key: &Ident, input: ParseStream) -> syn::Result<()> {
    if input.parse::<Option<Token![=]>>()?.is_some() && !input.is_empty() && !input.peek(Token![,]) {
        return Ok(());
    }
    let form = TABLE.iter().find(|row| key == row.key).map_or("", |row| row.form);
    Err(syn::Error::new_spanned(key, format!("`{key}` needs a value: `{form}`")))
}

fn name(arguments: &mut Arguments, key: &Ident, input: ParseStream, _: &mut Mistakes) -> syn::Result<()> {
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

fn type_name(
    arguments: &mut Arguments,
    key: &Ident,
    input: ParseStream,
    _: &mut Mistakes,
) -> syn::Result<()> {
    equals(key, input)?;
    let path: Path = input.parse()?;
    match path.segments.last() {
        Some(last) if last.arguments.is_none() => {
            arguments.type_name = Some(TypeName { key: key.clone(), name: last.ident.clone() });
            Ok(())
        }
        _ => Err(syn::Error::new_spanned(path, "expected the name of a type, without its generic arguments")),
    }
}

fn attrs(
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

fn kind(arguments: &mut Arguments, key: &Ident, input: ParseStream, _: &mut Mistakes) -> syn::Result<()> {
    equals(key, input)?;
    if input.peek(LitStr) {
        let literal: LitStr = input.parse()?;
        let message = format!("a kind is written as a word: `kind = {}`", literal.value());
        return Err(syn::Error::new_spanned(literal, message));
    }
    let word = input.call(Ident::parse_any)?;
    if KINDS.iter().any(|kind| word == kind) {
        arguments.kind = Some(word);
        return Ok(());
    }
    let message = format!("unknown kind `{word}`: {}", suggestion(&word.to_string().to_lowercase(), KINDS));
    Err(syn::Error::new_spanned(word, message))
}

fn level(arguments: &mut Arguments, key: &Ident, input: ParseStream, _: &mut Mistakes) -> syn::Result<()> {
    equals(key, input)?;
    arguments.decision.level = Some(decision::level(input)?);
    Ok(())
}

fn sample(arguments: &mut Arguments, key: &Ident, input: ParseStream, _: &mut Mistakes) -> syn::Result<()> {
    equals(key, input)?;
    arguments.decision.sampler = Some(decision::sampler(input)?);
    Ok(())
}

fn root(arguments: &mut Arguments, key: &Ident, input: ParseStream, _: &mut Mistakes) -> syn::Result<()> {
    arguments.root = Some(alone(key, input)?);
    Ok(())
}

fn skip(arguments: &mut Arguments, key: &Ident, input: ParseStream, _: &mut Mistakes) -> syn::Result<()> {
    arguments.skip = Some(alone(key, input)?);
    Ok(())
}

/// A key without a value.
fn alone(key: &Ident, input: ParseStream) -> syn::Result<Ident> {
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(key.clone());
    }
    if key == "skip" && input.peek(syn::token::Paren) {
        let message = "there is nothing to skip: no argument is recorded unless `attrs` names it";
        return Err(syn::Error::new_spanned(key, message));
    }
    Err(syn::Error::new_spanned(key, format!("`{key}` takes no value: it stands alone or is left out")))
}

fn err(arguments: &mut Arguments, key: &Ident, input: ParseStream, _: &mut Mistakes) -> syn::Result<()> {
    if input.is_empty() || input.peek(Token![,]) {
        return Err(syn::Error::new_spanned(
            key,
            "errors are recorded without asking: leave `err` out, or write `err = off` or `err = function`",
        ));
    }
    equals(key, input)?;
    if input.peek(Token![|]) || input.peek(Token![move]) {
        return Err(syn::Error::new_spanned(
            until_comma(input),
            "expected `off` or the path of a function from `&Error` to something that is `Display`",
        ));
    }
    let path: Path = input.parse()?;
    arguments.err = Some(if path.is_ident("off") { ErrorHandling::Off } else { ErrorHandling::Mapped(path) });
    Ok(())
}

fn bind(arguments: &mut Arguments, key: &Ident, input: ParseStream, _: &mut Mistakes) -> syn::Result<()> {
    equals(key, input)?;
    if !input.peek(Ident) {
        return Err(input.error("the handle is named by a word: `bind = span`"));
    }
    arguments.bind = Some(input.parse()?);
    Ok(())
}

fn timing(arguments: &mut Arguments, key: &Ident, input: ParseStream, _: &mut Mistakes) -> syn::Result<()> {
    if input.is_empty() || input.peek(Token![,]) {
        arguments.timing = Some(key.clone());
        return Ok(());
    }
    Err(syn::Error::new_spanned(key, "`timing` takes no value: it stands alone or is left out"))
}

fn crate_path(
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
