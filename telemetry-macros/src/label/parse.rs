//! The derive's input, with the arguments of its `#[label(…)]` attributes.

use proc_macro2::Span;
use syn::{Attribute, Data, DeriveInput, Generics, Ident, LitStr, Path, spanned::Spanned};

use crate::metric::did_you_mean;

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

/// The arguments of an attribute that may have been given.
#[derive(Default)]
struct Args {
    name: Option<LitStr>,
    krate: Option<Path>,
}

pub(super) fn item(input: &DeriveInput) -> Item<'_> {
    let mut mistakes = Vec::new();
    let args = arguments(&input.attrs, "rename_all", true, &mut mistakes);
    let variants = variants(input, &mut mistakes);
    Item {
        ident: &input.ident,
        generics: &input.generics,
        rename_all: args.name,
        krate: args.krate,
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
                let rename = arguments(&variant.attrs, "rename", false, mistakes).name;
                Variant { ident: &variant.ident, rename }
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

/// Reads `#[label(key = "…")]`, where `key` is the one accepted here, and on the enum `crate = path` too.
fn arguments(attrs: &[Attribute], key: &str, with_crate: bool, mistakes: &mut Vec<syn::Error>) -> Args {
    let mut args = Args::default();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("label")) {
        let result = attr.parse_nested_meta(|meta| {
            if meta.path.is_ident(key) {
                let span = meta.path.span();
                if args.name.replace(meta.value()?.parse()?).is_some() {
                    mistakes.push(syn::Error::new(span, format_args!("key `{key}` is given twice")));
                }
            } else if with_crate && meta.path.is_ident("crate") {
                args.krate = Some(meta.value()?.call(Path::parse_mod_style)?);
            } else {
                mistakes.push(unknown(&meta.path, key, with_crate));
                skip_value(&meta)?;
            }
            Ok(())
        });
        mistakes.extend(result.err());
    }
    args
}

fn unknown(path: &Path, key: &str, with_crate: bool) -> syn::Error {
    let text = path.get_ident().map_or_else(|| "…".to_owned(), Ident::to_string);
    let (place, other) = if with_crate { ("the enum", " or `crate`") } else { ("a variant", "") };
    let near = did_you_mean(&text, &[key]);
    let span: Span = path.span();
    syn::Error::new(span, format_args!("unknown key `{text}`: {place} takes `{key}`{other}{near}"))
}

fn skip_value(meta: &syn::meta::ParseNestedMeta<'_>) -> syn::Result<()> {
    if meta.input.peek(syn::Token![=]) {
        meta.value()?.parse::<syn::Expr>()?;
    }
    Ok(())
}
