//! Attributes as they are written: `key = expr`, `key = %expr`, `key = ?expr`, `key: type`, `short`, `%short`, `?short`.

use proc_macro2::{Span, TokenTree};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::parse::discouraged::Speculative;
use syn::punctuated::Punctuated;
use syn::{Expr, Ident, LitStr, Token, Type};

use crate::mistakes::Mistakes;

/// One attribute as written.
#[derive(Clone)]
pub(crate) struct Written {
    pub key: Key,
    pub value: Value,
}

/// The key of an attribute.
#[derive(Clone)]
pub(crate) struct Key {
    /// The key as it is recorded.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// What an attribute is to hold.
#[derive(Clone)]
pub(crate) enum Value {
    /// An expression, recorded when the span opens.
    Expression { form: Form, expression: Expr },
    /// A type; the body sets the value.
    Declared { kind: Type },
}

/// How an expression is recorded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// By its type.
    Typed,
    /// `%`: as text, by `Display`.
    Display,
    /// `?`: as text, by `Debug`.
    Debug,
}

/// Reads attributes up to the end, or up to `=>`, and goes on after a mistake.
pub(crate) fn attributes(input: ParseStream, mistakes: &mut Mistakes) -> Vec<Written> {
    let mut attributes = Vec::new();
    while !at_end(input) {
        let attribute =
            attribute(input).and_then(|attribute| expect_comma(input, &attribute).map(|()| attribute));
        match attribute {
            Ok(attribute) => attributes.push(attribute),
            Err(mistake) => {
                mistakes.push(mistake);
                skip_past_comma(input);
            }
        }
    }
    attributes
}

/// Skips what is left of an item of a list, its comma included.
pub(crate) fn skip_past_comma(input: ParseStream) {
    while !at_end(input) {
        if input.parse::<Option<Token![,]>>().is_ok_and(|comma| comma.is_some()) {
            return;
        }
        // A token can always be read before the end.
        let _ = input.parse::<TokenTree>();
    }
}

fn at_end(input: ParseStream) -> bool {
    input.is_empty() || input.peek(Token![=>])
}

fn attribute(input: ParseStream) -> syn::Result<Written> {
    if let Some(form) = form(input)? {
        let (key, path) = dotted_key(input)?;
        return Ok(Written { key, value: Value::Expression { form, expression: shorthand(&path)? } });
    }
    if input.peek(LitStr) {
        let key = quoted_key(input)?;
        return match value(&key, input)? {
            Some(value) => Ok(Written { key, value }),
            None => {
                let message = format!("a quoted key needs a value: `{:?} = expression`", key.text);
                Err(syn::Error::new(key.span, message))
            }
        };
    }
    let (key, path) = dotted_key(input)?;
    let value = match value(&key, input)? {
        Some(value) => value,
        None if at_end(input) || input.peek(Token![,]) => {
            Value::Expression { form: Form::Typed, expression: shorthand(&path)? }
        }
        None if key.text == "attrs" && input.peek(syn::token::Paren) => {
            let message = "attributes stand here by themselves: `key = expression, …`";
            return Err(syn::Error::new(key.span, message));
        }
        None if input.peek(Token![-]) => {
            let text = key.text + &until(input, |rest| rest.peek(Token![=]) || rest.peek(Token![,]));
            let message = format!("a key that is not made of names and dots goes in quotes: `{text:?} = …`");
            return Err(syn::Error::new(key.span, message));
        }
        None => {
            return Err(syn::Error::new(
                key.span,
                format!(
                    "an expression needs a key: `key = {}{}`",
                    key.text,
                    until(input, |rest| rest.peek(Token![,]))
                ),
            ));
        }
    };
    Ok(Written { key, value })
}

/// What follows the key: `= expression`, `: type`, or nothing.
fn value(key: &Key, input: ParseStream) -> syn::Result<Option<Value>> {
    // A lone `:` is looked for by its first character too.
    if !input.peek(Token![::]) && input.parse::<Option<Token![:]>>()?.is_some() {
        return declared(key, input).map(Some);
    }
    // A lone `=` is looked for by its first character, which `=>` and `==` share.
    if input.peek(Token![=>]) || input.peek(Token![==]) || input.parse::<Option<Token![=]>>()?.is_none() {
        return Ok(None);
    }
    let form = form(input)?.unwrap_or(Form::Typed);
    if input.is_empty() || input.peek(Token![,]) {
        return Err(input.error("expected an expression after `=`"));
    }
    let expression: Expr = input.parse()?;
    if let Expr::Assign(assign) = &expression {
        return Err(syn::Error::new_spanned(assign.eq_token, "expected `,` before the next attribute"));
    }
    Ok(Some(Value::Expression { form, expression }))
}

/// What follows `:`, a type and nothing else.
fn declared(key: &Key, input: ParseStream) -> syn::Result<Value> {
    let ahead = input.fork();
    match ahead.parse::<Type>() {
        Ok(kind) if at_end(&ahead) || ahead.peek(Token![,]) => {
            input.advance_to(&ahead);
            Ok(Value::Declared { kind })
        }
        _ if at_end(input) || input.peek(Token![,]) => Err(input.error("expected a type after `:`")),
        Ok(_) if ahead.peek(Token![=]) => Err(ahead
            .error(format!("`{}` is given a type and a value: the body sets what is declared", key.text))),
        _ => {
            let place = input.cursor().token_stream().into_iter().next();
            let written = until(input, |rest| rest.peek(Token![,]));
            let message = format!("a type follows `:`, and a value `=`: write `{} = {written}`", key.text);
            Err(syn::Error::new_spanned(place, message))
        }
    }
}

fn form(input: ParseStream) -> syn::Result<Option<Form>> {
    if input.parse::<Option<Token![%]>>()?.is_some() {
        Ok(Some(Form::Display))
    } else if input.parse::<Option<Token![?]>>()?.is_some() {
        Ok(Some(Form::Debug))
    } else {
        Ok(None)
    }
}

fn quoted_key(input: ParseStream) -> syn::Result<Key> {
    let literal: LitStr = input.parse()?;
    if literal.value().trim().is_empty() {
        return Err(syn::Error::new_spanned(literal, "the key of an attribute must not be empty"));
    }
    Ok(Key { text: literal.value(), span: literal.span() })
}

/// Reads `name` or `dotted.name`.
fn dotted_key(input: ParseStream) -> syn::Result<(Key, Punctuated<Ident, Token![.]>)> {
    if !input.peek(Ident::peek_any) {
        return Err(input.error(
            "expected an attribute: `key = expression`, `key = %display`, `key = ?debug`, `key: type`, \
             `variable`, `%variable` or `?variable`",
        ));
    }
    let path = Punctuated::<Ident, Token![.]>::parse_separated_nonempty_with(input, Ident::parse_any)?;
    let span = path.first().map_or_else(Span::call_site, Ident::span);
    Ok((Key { text: path_text(&path), span }, path))
}

/// The text of the tokens ahead up to a point, without the spaces between them.
fn until(input: ParseStream, end: impl Fn(ParseStream) -> bool) -> String {
    let ahead = input.fork();
    let mut text = String::new();
    while !ahead.is_empty() && !end(&ahead) {
        if let Ok(token) = ahead.parse::<TokenTree>() {
            text += &token.to_string();
        }
    }
    text
}

fn path_text(path: &Punctuated<Ident, Token![.]>) -> String {
    path.iter().map(|name| name.unraw().to_string()).collect::<Vec<_>>().join(".")
}

/// The expression a shorthand stands for: a variable or a field of one.
fn shorthand(path: &Punctuated<Ident, Token![.]>) -> syn::Result<Expr> {
    match path.first() {
        Some(first) if first == "self" && path.len() == 1 => Err(syn::Error::new_spanned(
            path,
            "`self` needs a key, and a form to be shown in: `key = ?self`, or a field: `key = self.field`",
        )),
        Some(first) if first == "self" => {
            let text = path_text(path);
            let name = path.last().map(|name| name.unraw().to_string()).unwrap_or_default();
            Err(syn::Error::new_spanned(path, format!("give what `self` holds a key: `{name} = {text}`")))
        }
        _ => syn::parse2(quote::quote!(#path)),
    }
}

fn expect_comma(input: ParseStream, after: &Written) -> syn::Result<()> {
    if at_end(input) || input.parse::<Option<Token![,]>>()?.is_some() {
        return Ok(());
    }
    Err(input.error(format!("expected `,` after the attribute `{}`", after.key.text)))
}
