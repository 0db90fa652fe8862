//! The function under the attribute. Its body is kept as tokens: nothing in it need be understood, and what the
//! compiler says of it stays the compiler's own.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Ident, LitStr, ReturnType, Signature, Token, Type, Visibility};

use crate::tail::braced;

/// A function as written.
#[derive(Clone)]
pub(super) struct Function {
    pub attributes: Vec<Attribute>,
    pub visibility: Visibility,
    pub signature: Signature,
    /// Where the braces of the body are.
    pub braces: Span,
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

impl ToTokens for Function {
    /// As it was written.
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attributes, visibility, signature, braces, inner_attributes, body } = self;
        let content = body.stream();
        let mut body = Group::new(Delimiter::Brace, quote!(#(#inner_attributes)* #content));
        body.set_span(*braces);
        tokens.extend(quote!(#(#attributes)* #visibility #signature #body));
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

/// A function, or only the signature of one.
pub(super) enum Read {
    Function(Box<Function>),
    /// A method that ends in `;`.
    WithoutBody {
        name: Ident,
        tokens: TokenStream,
    },
}

/// Reads a function, the cursor standing at its signature.
pub(super) fn function(
    attributes: Vec<Attribute>,
    visibility: Visibility,
    input: ParseStream,
) -> syn::Result<Read> {
    let signature: Signature = input.parse()?;
    if let Some(end) = input.parse::<Option<Token![;]>>()? {
        let tokens = quote!(#(#attributes)* #visibility #signature #end);
        return Ok(Read::WithoutBody { name: signature.ident, tokens });
    }
    let (body, braces) = input.step(|cursor| match cursor.group(Delimiter::Brace) {
        Some((content, span, rest)) => Ok(((braced(content.token_stream(), span.join()), span.join()), rest)),
        None => Err(cursor.error("expected the body of the function")),
    })?;
    let (inner_attributes, body) = hoist_inner_attributes(body)?;
    let function = Function { attributes, visibility, signature, braces, inner_attributes, body };
    Ok(Read::Function(Box::new(function)))
}

/// Whether a function stands ahead, behind its attributes and its visibility.
pub(super) fn is_ahead(input: ParseStream) -> bool {
    let ahead = input.fork();
    while !ahead.peek(Token![fn]) {
        let Ok(word) = ahead.call(Ident::parse_any) else { return false };
        match word.to_string().as_str() {
            "const" | "async" | "unsafe" => {}
            "extern" => drop(ahead.parse::<Option<LitStr>>()),
            _ => return false,
        }
    }
    true
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
