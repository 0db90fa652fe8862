//! Attributes of ours under a condition: `#[cfg_attr(test, trace(skip))]` on a member of a traced block.
//!
//! Nobody can tell while the macro runs whether the condition holds, so the member is written once for either case, each
//! under its `#[cfg]`.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Meta, Token, parse_quote_spanned};

use super::parse::Ours;

/// A form that a member takes under some conditions.
#[derive(Default)]
pub(super) struct Form {
    /// With `#[cfg]` for each condition; of ours unconditional ones alone.
    pub attributes: Vec<Attribute>,
    /// Mistakes that are made under more conditions.
    pub clashes: Vec<TokenStream>,
}

/// What stands in a `#[cfg_attr]`.
struct Conditional {
    condition: Meta,
    attributes: Vec<Attribute>,
}

impl Conditional {
    fn of(attribute: &Attribute) -> Option<Self> {
        if !attribute.path().is_ident("cfg_attr") {
            return None;
        }
        let list = attribute.meta.require_list().ok()?;
        let parts = Punctuated::<Meta, Token![,]>::parse_terminated.parse2(list.tokens.clone()).ok()?;
        let mut parts = parts.into_iter();
        let condition = parts.next()?;
        let attributes = parts.map(|meta| parse_quote_spanned!(meta.span()=> #[#meta])).collect();
        Some(Self { condition, attributes })
    }

    /// Whether one of ours is in here, under more conditions perhaps.
    fn has_ours(&self, ours: &Ours) -> bool {
        self.attributes.iter().any(|attribute| {
            ours.is_one(attribute) || Self::of(attribute).is_some_and(|inner| inner.has_ours(ours))
        })
    }

    /// Where the one of ours stands.
    fn place_of_ours(&self, ours: &Ours) -> Span {
        let ours = self.attributes.iter().find(|attribute| ours.is_one(attribute));
        ours.map_or_else(|| self.condition.span(), |attribute| attribute.path().span())
    }

    /// The same without ours, if anything is left.
    fn without_ours(self, ours: &Ours) -> Option<Attribute> {
        let Self { condition, attributes } = self;
        let others = attributes.into_iter().filter(|attribute| !ours.is_one(attribute));
        let others =
            others.filter_map(|attribute| match Self::of(&attribute).filter(|it| it.has_ours(ours)) {
                Some(inner) => inner.without_ours(ours),
                None => Some(attribute),
            });
        let metas: Vec<Meta> = others.map(|attribute| attribute.meta).collect();
        let place = condition.span();
        (!metas.is_empty()).then(|| parse_quote_spanned!(place=> #[cfg_attr(#condition, #(#metas),*)]))
    }
}

/// The forms of a member that has these attributes.
pub(super) fn forms(ours: &Ours, attributes: Vec<Attribute>) -> Vec<Form> {
    let conditional = |attribute: &Attribute| Conditional::of(attribute).filter(|it| it.has_ours(ours));
    if attributes.iter().any(|attribute| ours.is_one(attribute)) {
        return vec![decided(ours, attributes, conditional)];
    }
    let first = attributes.iter().enumerate().find_map(|(at, attribute)| Some((at, conditional(attribute)?)));
    let Some((at, Conditional { condition, attributes: inner })) = first else {
        return vec![Form { attributes, clashes: Vec::new() }];
    };
    let replaced = |by: Vec<Attribute>| {
        let mut attributes = attributes.clone();
        attributes.splice(at..=at, by);
        forms(ours, attributes)
    };
    let place = condition.span();
    let holds: Attribute = parse_quote_spanned!(place=> #[cfg(#condition)]);
    let fails: Attribute = parse_quote_spanned!(place=> #[cfg(not(#condition))]);
    let mut all = replaced([holds].into_iter().chain(inner).collect());
    all.extend(replaced(vec![fails]));
    all
}

/// The form of a member that has one of ours already: a conditional one more is one too many, where it holds.
fn decided(
    ours: &Ours,
    attributes: Vec<Attribute>,
    conditional: impl Fn(&Attribute) -> Option<Conditional>,
) -> Form {
    let mut form = Form::default();
    let conditions: Vec<_> =
        attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned().collect();
    for attribute in attributes {
        let Some(second) = conditional(&attribute) else {
            form.attributes.push(attribute);
            continue;
        };
        let (condition, place) = (&second.condition, second.place_of_ours(ours));
        let said = quote_spanned!(place=> ::core::compile_error! { "this function is given a span twice: remove one of the two attributes" });
        form.clashes.push(quote!(#(#conditions)* #[cfg(#condition)] #said));
        form.attributes.extend(second.without_ours(ours));
    }
    form
}
