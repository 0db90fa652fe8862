//! The function under the attribute. Its body is kept as tokens: nothing in it need be understood, and what the
//! compiler says of it stays the compiler's own.

use proc_macro2::{Delimiter, Group, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Ident, ReturnType, Signature, Token, Type, Visibility};

use super::Macro;
use super::body::braced;

/// A function as written.
pub(super) struct Function {
    pub attributes: Vec<Attribute>,
    pub visibility: Visibility,
    pub signature: Signature,
    /// The `#![…]` attributes at the top of the body.
    pub inner_attributes: Vec<Attribute>,
    /// The body, in its braces.
    pub body: Group,
}

impl Function {
    /// What it returns, if it says so.
    pub(super) fn output(&self) -> Option<&Type> {
        match &self.signature.output {
            ReturnType::Default => None,
            ReturnType::Type(_, output) => Some(peeled(output)),
        }
    }

    /// Whether it has this attribute, named by one word.
    pub(super) fn has_attribute(&self, name: &str) -> bool {
        self.attributes.iter().any(|attribute| attribute.path().is_ident(name))
    }
}

/// The type inside parentheses and the invisible groups that `macro_rules!` macros make.
pub(super) fn peeled(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => peeled(&group.elem),
        Type::Paren(paren) => peeled(&paren.elem),
        ty => ty,
    }
}

/// Reads the item. One that is no function with a body is a mistake.
pub(super) fn parse(of: Macro, item: TokenStream) -> syn::Result<Function> {
    (|input: ParseStream| function(of, input)).parse2(item)
}

fn function(of: Macro, input: ParseStream) -> syn::Result<Function> {
    let attributes = input.call(Attribute::parse_outer)?;
    let visibility: Visibility = input.parse()?;
    refuse_other_items(of, input)?;
    let signature: Signature = input.parse()?;
    if input.peek(Token![;]) {
        let name = &signature.ident;
        let message = format!(
            "`{name}` has no body to trace: put `{}` on the method in each impl, or give it a default body",
            of.written()
        );
        return Err(swallow(input, syn::Error::new_spanned(name, message)));
    }
    let body = input.step(|cursor| match cursor.group(Delimiter::Brace) {
        Some((content, span, rest)) => Ok((braced(content.token_stream(), span.join()), rest)),
        None => Err(cursor.error("expected the body of the function")),
    })?;
    let (inner_attributes, body) = hoist_inner_attributes(body)?;
    Ok(Function { attributes, visibility, signature, inner_attributes, body })
}

/// Inner attributes may stand only at the top of the function, and the body becomes a block inside of it.
fn hoist_inner_attributes(body: Group) -> syn::Result<(Vec<Attribute>, Group)> {
    let is_inner = |stream: TokenStream| {
        let mut tokens = stream.into_iter().map(|token| token.to_string());
        tokens.next().as_deref() == Some("#") && tokens.next().as_deref() == Some("!")
    };
    if !is_inner(body.stream()) {
        return Ok((Vec::new(), body));
    }
    let split = |input: ParseStream| Ok((input.call(Attribute::parse_inner)?, input.parse::<TokenStream>()?));
    let (attributes, rest) = split.parse2(body.stream())?;
    Ok((attributes, braced(rest, body.span())))
}

/// Says what to do instead when the attribute stands on something else than a function.
fn refuse_other_items(of: Macro, input: ParseStream) -> syn::Result<()> {
    let written = of.written();
    let ahead = input.fork();
    let _ = ahead.parse::<Option<Token![unsafe]>>();
    let Ok(refused) = ahead.call(Ident::parse_any) else { return Ok(()) };
    let message = match refused.to_string().as_str() {
        "impl" => format!("`{written}` goes on functions: put it on the methods of this impl"),
        "trait" => {
            format!("`{written}` goes on functions: put it on the methods of this trait that have a body")
        }
        "mod" => format!("`{written}` goes on functions: put it on those of this module"),
        word @ ("struct" | "enum" | "union" | "type" | "use" | "static" | "macro_rules") => {
            format!("`{written}` goes on functions, not on a `{word}` item")
        }
        "const" if !is_const_fn(&ahead) => format!("`{written}` goes on functions, not on a `const` item"),
        "extern" if is_extern_block(&ahead) => {
            format!("`{written}` goes on functions with a body, not on an `extern` block")
        }
        _ => return Ok(()),
    };
    Err(swallow(input, syn::Error::new_spanned(refused, message)))
}

fn is_const_fn(after_const: ParseStream) -> bool {
    ["fn", "async", "unsafe", "extern"].contains(&next_word(after_const).as_str())
}

fn is_extern_block(after_extern: ParseStream) -> bool {
    let _ = after_extern.parse::<Option<syn::LitStr>>();
    after_extern.peek(syn::token::Brace) || next_word(after_extern) == "crate"
}

fn next_word(input: ParseStream) -> String {
    input.fork().parse::<proc_macro2::TokenTree>().map(|token| token.to_string()).unwrap_or_default()
}

/// Takes the rest of the input, so that the mistake is not followed by another about tokens left over.
fn swallow(input: ParseStream, mistake: syn::Error) -> syn::Error {
    let _ = input.parse::<TokenStream>();
    mistake
}
