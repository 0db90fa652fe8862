//! Reading a block and what is in it. Only functions are taken apart.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};
use syn::{
    Attribute, GenericParam, Ident, ImplItem, Item, ItemImpl, ItemTrait, Meta, Path, Token, TraitItem, Type,
    TypeParamBound, Visibility,
};

use super::conditional::{self, Form};
use super::{Block, Kind, Member, MemberItem, Own};
use crate::mistakes::Mistakes;
use crate::trace::Macro;
use crate::trace::function::{self, Read, peeled};
use crate::trace::item::without_body;
use crate::trace::parse::{Arguments, arguments};

/// Tells which attributes inside a block are ours.
pub(in crate::trace) struct Ours {
    /// The path of the crate, as it is written before the names of the macros.
    crate_path: String,
}

impl Ours {
    /// Those of the crate the arguments name.
    pub(in crate::trace) fn of(arguments: &Arguments) -> Self {
        let crate_path = arguments.crate_path.as_ref();
        Self { crate_path: crate_path.map_or_else(|| String::from("telemetry_core"), written) }
    }

    /// Whether this attribute is.
    pub(in crate::trace) fn is_one(&self, attribute: &Attribute) -> bool {
        self.at(attribute.path()).is_some()
    }

    /// The macro of ours at this path.
    fn at(&self, path: &Path) -> Option<Macro> {
        let path = written(path);
        let name = match path.rsplit_once("::") {
            Some((crate_path, name)) => (crate_path == self.crate_path).then_some(name)?,
            None => &path,
        };
        [Macro::Trace, Macro::Span].into_iter().find(|of| of.name() == name)
    }
}

fn written(path: &Path) -> String {
    let text = path.to_token_stream().to_string().replace(' ', "");
    text.trim_start_matches("::").to_owned()
}

/// The kind of the block ahead, behind its attributes and its visibility.
pub(in crate::trace) fn ahead(input: ParseStream) -> Option<Kind> {
    let ahead = input.fork();
    let _ = ahead.parse::<Option<Token![unsafe]>>();
    match ahead.call(Ident::parse_any).ok()?.to_string().as_str() {
        "impl" => Some(Kind::Impl),
        "trait" => Some(Kind::Trait),
        "mod" => Some(Kind::Module),
        _ => None,
    }
}

/// Reads a block to the end of the input, the cursor standing behind its visibility.
pub(in crate::trace) fn parse(
    kind: Kind,
    ours: &Ours,
    attributes: Vec<Attribute>,
    visibility: Visibility,
    input: ParseStream,
    mistakes: &mut Mistakes,
) -> syn::Result<Block> {
    let mut header: Vec<TokenTree> = input.parse::<TokenStream>()?.into_iter().collect();
    let body = match header.pop() {
        Some(TokenTree::Group(body)) if body.delimiter() == Delimiter::Brace => body,
        last => {
            let message = "the functions of this module are in another file: put the attribute on them there";
            return Err(syn::Error::new_spanned(last, message));
        }
    };
    let place = header.first().map_or_else(|| body.span(), TokenTree::span);
    let header: TokenStream = header.into_iter().collect();
    let container = container(kind, &header)?;
    let read = |input: ParseStream| {
        let inner_attributes = input.call(Attribute::parse_inner)?;
        let mut members = Vec::new();
        while !input.is_empty() {
            members.extend(forms(kind, ours, input, mistakes)?);
        }
        Ok((inner_attributes, members))
    };
    let (inner_attributes, members) = read.parse2(body.stream())?;
    let braces = body.span();
    Ok(Block { attributes, visibility, header, place, container, braces, inner_attributes, members })
}

/// Reads a member: more than once where an attribute of ours stands under a condition.
fn forms(kind: Kind, ours: &Ours, input: ParseStream, mistakes: &mut Mistakes) -> syn::Result<Vec<Member>> {
    let attributes = input.call(Attribute::parse_outer)?;
    let mut members = Vec::new();
    let start = input.fork();
    for Form { attributes, clashes } in conditional::forms(ours, attributes) {
        input.advance_to(&start);
        members.push(member(kind, ours, attributes, input, mistakes)?);
        members.extend(clashes.into_iter().map(|clash| Member { own: None, item: MemberItem::Other(clash) }));
    }
    Ok(members)
}

/// Reads what stands behind the attributes of a member.
fn member(
    kind: Kind,
    ours: &Ours,
    mut attributes: Vec<Attribute>,
    input: ParseStream,
    mistakes: &mut Mistakes,
) -> syn::Result<Member> {
    let whole = input.fork();
    let visibility: Visibility = input.parse()?;
    let own = own(ours, &mut attributes, mistakes);
    if function::is_ahead(input) {
        let item = method(own.as_ref(), attributes, visibility, input, mistakes)?;
        return Ok(Member { own, item });
    }
    // Read again from its visibility, to know where it ends.
    match kind {
        Kind::Impl => drop(whole.parse::<ImplItem>()?),
        Kind::Trait => drop(whole.parse::<TraitItem>()?),
        Kind::Module => drop(whole.parse::<Item>()?),
    }
    let mut tokens = TokenStream::new();
    while input.cursor() != whole.cursor() {
        tokens.extend(input.parse::<TokenTree>());
    }
    let nested = |input: ParseStream| match ahead(input) {
        Some(inner) if kind == Kind::Module && is_inline(input) => {
            parse(inner, ours, attributes, visibility, input, mistakes).map(MemberItem::Block)
        }
        _ => {
            if let Some(Own { path, of, arguments: Arguments { skip: None, .. } }) = &own {
                let written = of.written();
                mistakes.at(
                    path,
                    format!("`{written}` has nothing to trace here: it goes on functions with a body"),
                );
            }
            let tokens: TokenStream = input.parse()?;
            Ok(MemberItem::Other(quote!(#(#attributes)* #visibility #tokens)))
        }
    };
    let item = nested.parse2(tokens)?;
    Ok(Member { own, item })
}

/// Whether the item ahead ends in braces.
fn is_inline(input: ParseStream) -> bool {
    let tokens = input.fork().parse::<TokenStream>().unwrap_or_default();
    matches!(tokens.into_iter().last(), Some(TokenTree::Group(body)) if body.delimiter() == Delimiter::Brace)
}

/// Reads a function. One that cannot be traced is left alone, unless an attribute on it asks for that.
fn method(
    own: Option<&Own>,
    attributes: Vec<Attribute>,
    visibility: Visibility,
    input: ParseStream,
    mistakes: &mut Mistakes,
) -> syn::Result<MemberItem> {
    match function::function(attributes, visibility, input)? {
        Read::Function(function) if own.is_none() && function.signature.constness.is_some() => {
            Ok(MemberItem::Other(function.to_token_stream()))
        }
        Read::Function(function) => Ok(MemberItem::Function(function)),
        Read::WithoutBody { name, tokens } => {
            if let Some(Own { of, arguments: Arguments { skip: None, .. }, .. }) = own {
                mistakes.push(without_body(*of, &name));
            }
            Ok(MemberItem::Other(tokens))
        }
    }
}

/// Takes our attribute from those of a member.
fn own(ours: &Ours, attributes: &mut Vec<Attribute>, mistakes: &mut Mistakes) -> Option<Own> {
    let place = attributes.iter().position(|attribute| ours.is_one(attribute))?;
    let attribute = attributes.remove(place);
    let of = ours.at(attribute.path())?;
    let tokens = match &attribute.meta {
        Meta::Path(_) => TokenStream::new(),
        Meta::List(list) => list.tokens.clone(),
        Meta::NameValue(pair) => {
            mistakes.at(pair.eq_token, format!("arguments go in parentheses: `#[{}(…)]`", of.name()));
            TokenStream::new()
        }
    };
    if let Some(second) = attributes.iter().position(|attribute| ours.is_one(attribute)) {
        let second = attributes.remove(second);
        mistakes.at(second.path(), "this function is given a span twice: remove one of the two attributes");
    }
    Some(Own { path: attribute.path().clone(), of, arguments: arguments(tokens, mistakes) })
}

/// What the functions of a block are named by.
fn container(kind: Kind, header: &TokenStream) -> syn::Result<Option<String>> {
    match kind {
        Kind::Module => Ok(None),
        Kind::Trait => {
            let item: ItemTrait = syn::parse2(quote!(#header {}))?;
            Ok(Some(item.ident.unraw().to_string()))
        }
        Kind::Impl => {
            let item: ItemImpl = syn::parse2(quote!(#header {}))?;
            let of_trait = || item.trait_.as_ref().and_then(|(path, _)| last(path));
            // A blanket impl is known by its trait: its type is any.
            let is_generic = |name: &Ident| {
                let mut parameters = item.generics.params.iter();
                parameters.any(|parameter| matches!(parameter, GenericParam::Type(own) if own.ident == *name))
            };
            let of_type = type_name(&item.self_ty).filter(|name| !is_generic(name));
            Ok(of_type.or_else(of_trait).map(|name| name.unraw().to_string()))
        }
    }
}

fn type_name(ty: &Type) -> Option<Ident> {
    match peeled(ty) {
        Type::Path(path) => last(&path.path),
        Type::Reference(reference) => type_name(&reference.elem),
        Type::Ptr(pointer) => type_name(&pointer.elem),
        Type::TraitObject(object) => object.bounds.iter().find_map(|bound| match bound {
            TypeParamBound::Trait(bound) => last(&bound.path),
            _ => None,
        }),
        _ => None,
    }
}

fn last(path: &Path) -> Option<Ident> {
    path.segments.last().map(|segment| segment.ident.clone())
}
