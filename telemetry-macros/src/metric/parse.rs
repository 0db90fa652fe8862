//! Tokens to declarations, each value with its span. A declaration that does not parse takes no other with it.

use proc_macro2::{Punct, Spacing, Span, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Ident, LitStr, Path, Token, Type, Visibility, braced};

/// Everything between the braces of `metric!`.
#[derive(Default)]
pub(super) struct File {
    /// The path to `telemetry_core`, when `crate = path;` stands first.
    pub(super) krate: Option<Path>,
    pub(super) declarations: Vec<Declaration>,
    pub(super) mistakes: Vec<syn::Error>,
}

/// `pub static NAME: Kind = "name" { label: Type, … }, key = value, …;`
pub(super) struct Declaration {
    pub(super) attrs: Vec<Attribute>,
    pub(super) vis: Visibility,
    pub(super) ident: Ident,
    pub(super) kind: Ident,
    pub(super) name: Expr,
    pub(super) labels: Vec<Label>,
    pub(super) clauses: Vec<Clause>,
}

pub(super) struct Label {
    pub(super) name: Ident,
    pub(super) ty: Type,
}

pub(super) struct Clause {
    pub(super) key: Ident,
    pub(super) value: Expr,
}

/// Splits the input at its semicolons and parses each part.
pub(super) fn declarations(input: TokenStream) -> File {
    let mut file = File::default();
    for (position, part) in split(input).into_iter().enumerate() {
        let result = if position == 0 && is_crate_override(&part) {
            crate_override.parse2(part).map(|path| file.krate = Some(path))
        } else {
            syn::parse2(part).map(|declaration| file.declarations.push(declaration))
        };
        if let Err(mistake) = result {
            file.mistakes.push(mistake);
        }
    }
    file
}

/// The parts of the input that end in a semicolon; one is added where the last is missing.
fn split(input: TokenStream) -> Vec<TokenStream> {
    let mut parts = Vec::new();
    let mut part = Vec::new();
    for token in input {
        let ends = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ';');
        part.push(token);
        if ends {
            parts.push(part.drain(..).collect());
        }
    }
    if let Some(last) = part.last() {
        let mut semicolon = Punct::new(';', Spacing::Alone);
        semicolon.set_span(last.span());
        part.push(semicolon.into());
        parts.push(part.into_iter().collect());
    }
    parts
}

fn is_crate_override(part: &TokenStream) -> bool {
    let mut tokens = part.clone().into_iter();
    let keyword = matches!(tokens.next(), Some(TokenTree::Ident(ident)) if ident == "crate");
    keyword && matches!(tokens.next(), Some(TokenTree::Punct(punct)) if punct.as_char() == '=')
}

fn crate_override(input: ParseStream<'_>) -> syn::Result<Path> {
    input.parse::<Token![crate]>()?;
    input.parse::<Token![=]>()?;
    let path = input.call(Path::parse_mod_style)?;
    input.parse::<Token![;]>()?;
    Ok(path)
}

impl Parse for Declaration {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        if !input.peek(Token![static]) {
            return Err(input.error("an instrument is a `static`: `pub static NAME: Counter = \"…\";`"));
        }
        input.parse::<Token![static]>()?;
        if input.peek(Token![mut]) {
            return Err(input.error("an instrument is not `mut`: it is updated through a shared reference"));
        }
        let ident = input.parse()?;
        input.parse::<Token![:]>()?;
        let kind: Ident = input.parse()?;
        if input.peek(Token![<]) {
            return Err(input.error(format!(
                "`{kind}` takes no type arguments here: labels go in braces behind the name, and values are `u64` \
                 in a counter, `f64` in a gauge or a histogram"
            )));
        }
        input.parse::<Token![=]>()?;
        if input.peek(LitStr) && input.peek2(syn::token::Paren) {
            input.parse::<LitStr>()?;
            return Err(input.error("labels go in braces: `{ label: Type, … }`"));
        }
        // Not `Expr::parse`: it would take the label list for the body of a struct expression.
        let name = input.call(Expr::parse_without_eager_brace)?;
        let labels = if input.peek(syn::token::Brace) { labels(input)? } else { Vec::new() };
        let mut clauses = Vec::new();
        while !input.peek(Token![;]) {
            if !input.peek(Token![,]) {
                return Err(input.error("expected `,`, `;`, or labels in braces"));
            }
            input.parse::<Token![,]>()?;
            if !input.peek(Token![;]) {
                clauses.push(input.parse()?);
            }
        }
        input.parse::<Token![;]>()?;
        Ok(Self { attrs, vis, ident, kind, name, labels, clauses })
    }
}

fn labels(input: ParseStream<'_>) -> syn::Result<Vec<Label>> {
    let inside;
    braced!(inside in input);
    Ok(Punctuated::<Label, Token![,]>::parse_terminated(&inside)?.into_iter().collect())
}

impl Parse for Label {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = input.parse()?;
        if !input.peek(Token![:]) {
            let example = format!("expected `:` and a type, as in `{name}: str` or `{name}: SomeEnum`");
            return Err(syn::Error::new(Ident::span(&name), example));
        }
        input.parse::<Token![:]>()?;
        Ok(Self { name, ty: input.parse()? })
    }
}

impl Parse for Clause {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let key = input.parse()?;
        input.parse::<Token![=]>()?;
        Ok(Self { key, value: input.parse()? })
    }
}

/// The span of an expression's first token, for carets on toolchains that cannot join spans.
pub(super) fn span_of(tokens: impl quote::ToTokens) -> Span {
    syn::spanned::Spanned::span(&tokens)
}
