//! A whole `impl` block, trait or inline module, whose functions are traced one by one.

mod conditional;
mod parse;

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Attribute, Path, Visibility};

use super::defaults::Defaults;
use super::function::Function;
use super::parse::Arguments;
use super::{Macro, expanded, model};
use crate::mistakes::Mistakes;
pub(super) use parse::{Ours, ahead, parse};

/// What holds functions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Impl,
    Trait,
    Module,
}

/// A block as written, without the attributes in it that are ours.
pub(super) struct Block {
    attributes: Vec<Attribute>,
    visibility: Visibility,
    /// Everything before the braces.
    header: TokenStream,
    /// Where a mistake about the whole is shown: its keyword.
    place: Span,
    /// What stands before the name of a function: the type, or the trait.
    container: Option<String>,
    braces: Span,
    inner_attributes: Vec<Attribute>,
    members: Vec<Member>,
}

/// Something in a block.
struct Member {
    /// What an attribute of ours on it says.
    own: Option<Own>,
    item: MemberItem,
}

enum MemberItem {
    Function(Box<Function>),
    Block(Block),
    /// Not to be traced.
    Other(TokenStream),
}

/// An attribute of ours inside a traced block.
struct Own {
    path: Path,
    of: Macro,
    arguments: Arguments,
}

impl Block {
    /// Notes that there is nothing to trace.
    pub(super) fn check(&self, mistakes: &mut Mistakes) {
        if !self.has_functions() {
            let mistake = "there is no function with a body to trace in here";
            mistakes.push(syn::Error::new(self.place, mistake));
        }
    }

    /// The block with its functions traced. What comes out is only used when there were no mistakes.
    pub(super) fn traced(&self, of: Macro, defaults: &Defaults, mistakes: &mut Mistakes) -> TokenStream {
        self.with_members(|member| self.member(member, of, defaults, mistakes))
    }

    fn member(
        &self,
        Member { own, item }: &Member,
        of: Macro,
        defaults: &Defaults,
        mistakes: &mut Mistakes,
    ) -> TokenStream {
        if own.as_ref().is_some_and(|own| own.arguments.skip.is_some()) {
            return item.to_token_stream();
        }
        let is_asked_for = own.is_some();
        let of = own.as_ref().map_or(of, |own| own.of);
        let own = own.as_ref().map(|own| own.arguments.clone()).unwrap_or_default();
        match item {
            MemberItem::Other(tokens) => tokens.clone(),
            MemberItem::Block(block) => {
                if is_asked_for {
                    block.check(mistakes);
                }
                let defaults = defaults.inside(own, mistakes);
                block.traced(of, &defaults, mistakes)
            }
            MemberItem::Function(function) => {
                let arguments = defaults.under(own, function);
                let function = Function::clone(function);
                let traced = model::traced(of, arguments, self.container.as_deref(), function, mistakes);
                expanded(&traced)
            }
        }
    }

    fn has_functions(&self) -> bool {
        self.members.iter().any(|member| match &member.item {
            MemberItem::Function(_) => true,
            MemberItem::Block(block) => block.has_functions(),
            MemberItem::Other(_) => false,
        })
    }

    fn with_members(&self, member: impl FnMut(&Member) -> TokenStream) -> TokenStream {
        let Self { attributes, visibility, header, inner_attributes, .. } = self;
        let members = self.members.iter().map(member);
        let mut body = Group::new(Delimiter::Brace, quote!(#(#inner_attributes)* #(#members)*));
        body.set_span(self.braces);
        quote!(#(#attributes)* #visibility #header #body)
    }
}

impl ToTokens for Block {
    /// As it was written, except for the attributes in it that are ours: beside an error they would give another.
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.with_members(|member| member.item.to_token_stream()));
    }
}

impl ToTokens for MemberItem {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Function(function) => function.to_tokens(tokens),
            Self::Block(block) => block.to_tokens(tokens),
            Self::Other(other) => other.to_tokens(tokens),
        }
    }
}
