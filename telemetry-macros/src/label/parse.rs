//! The derive's input, with the arguments of its `#[label(…)]` attributes.

use darling::{FromAttributes, FromMeta};
use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{
    Attribute, Data, DeriveInput, Expr, ExprLit, Generics, Ident, Lit, LitStr, Meta, MetaNameValue, Path,
};

/// What the derive was put on.
pub(super) struct Item<'a> {
    pub(super) ident: &'a Ident,
    pub(super) generics: &'a Generics,
    pub(super) rename_all: Option<LitStr>,
    pub(super) krate: Option<Path>,
    pub(super) variants: Vec<Variant<'a>>,
    pub(super) mistakes: Vec<syn::Error>,
}

/// One variant.
pub(super) struct Variant<'a> {
    pub(super) ident: &'a Ident,
    pub(super) rename: Option<LitStr>,
}

/// The arguments of `#[label(…)]` on the enum.
#[derive(Default, FromAttributes)]
#[darling(attributes(label))]
struct EnumArguments {
    rename_all: Option<Text>,
    #[darling(rename = "crate")]
    krate: Option<Path>,
}

/// The arguments of `#[label(…)]` on a variant.
#[derive(Default, FromAttributes)]
#[darling(attributes(label))]
struct VariantArguments {
    rename: Option<Text>,
}

/// A string literal; whatever else stands there is told what is accepted.
struct Text(LitStr);

impl FromMeta for Text {
    fn from_meta(item: &Meta) -> darling::Result<Self> {
        let refused = |at: Span| {
            let name = item.path().get_ident().map(ToString::to_string).unwrap_or_default();
            let message = format!("`{name}` takes a string: `{name} = \"…\"`");
            Err(darling::Error::custom(message).with_span(&at))
        };
        match item {
            Meta::NameValue(MetaNameValue {
                value: Expr::Lit(ExprLit { lit: Lit::Str(text), .. }), ..
            }) => Ok(Self(text.clone())),
            Meta::NameValue(other) => refused(other.value.span()),
            other => refused(other.span()),
        }
    }
}

pub(super) fn item(input: &DeriveInput) -> Item<'_> {
    let mut mistakes = Vec::new();
    let arguments: EnumArguments = arguments(&input.attrs, &mut mistakes);
    let variants = variants(input, &mut mistakes);
    Item {
        ident: &input.ident,
        generics: &input.generics,
        rename_all: arguments.rename_all.map(|Text(text)| text),
        krate: arguments.krate,
        variants,
        mistakes,
    }
}

fn variants<'a>(input: &'a DeriveInput, mistakes: &mut Vec<syn::Error>) -> Vec<Variant<'a>> {
    let (what, span) = match &input.data {
        Data::Enum(data) => {
            let variants = data.variants.iter().map(|variant| {
                if !variant.fields.is_empty() {
                    let message =
                        "a label is one of a fixed set of values, so its variants have no fields; use a `str` label for free text";
                    mistakes.push(syn::Error::new(variant.fields.span(), message));
                }
                let arguments: VariantArguments = arguments(&variant.attrs, mistakes);
                Variant { ident: &variant.ident, rename: arguments.rename.map(|Text(text)| text) }
            });
            return variants.collect();
        }
        Data::Struct(data) => ("struct", data.struct_token.span),
        Data::Union(data) => ("union", data.union_token.span),
    };
    mistakes.push(syn::Error::new(
        span,
        format_args!("`Label` is derived for enums without fields, not for a {what}"),
    ));
    Vec::new()
}

/// Reads the arguments; what is wrong with them is noted, each mistake at its own token.
fn arguments<A: FromAttributes + Default>(attributes: &[Attribute], mistakes: &mut Vec<syn::Error>) -> A {
    A::from_attributes(attributes).unwrap_or_else(|error| {
        mistakes.extend(error.flatten().into_iter().map(syn::Error::from));
        A::default()
    })
}
